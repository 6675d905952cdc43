"""The fields of an eCheck, and what is wrong with what was typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from core.plugin_api.errors import InvalidFields
from core.plugin_api.forms import Choice, FieldKind, FormField
from core.plugin_api.values import BankAccount
from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark

ACCOUNT_TYPES = {"checking": mark("Checking"), "savings": mark("Savings"), "business": mark("Business")}
# The two-letter codes of the USPS (Publication 28, appendix B): all that an address can be in.
STATES = frozenset(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND "
    "OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS FM GU MH MP PR PW VI AA AE AP".split()
)
ADULT = 18  # years: younger people can not authorize a debit
OLDEST = 120
WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)  # ABA routing number: weighted sum divisible by ten
MANDATE = mark(
    "By placing this order you authorize the seller named in it to debit this account once for the amount "
    "shown on Order Details, and for renewals until you cancel. We keep this text with the time and your "
    "address."
)
KEPT_MANDATE = mark(
    "The holder of this account authorizes the seller to debit it for invoices when they are due, until the "
    "holder takes this back. We keep this text with the time and the address it was agreed from."
)

FIELDS = (
    FormField(name="bank_name", label=mark("Bank name"), maxlength=80, width=3),
    FormField(name="bank_state", label=mark("Bank state"), kind=FieldKind.STATE, width=3),
    FormField(
        name="account_type",
        label=mark("Account type"),
        kind=FieldKind.SELECT,
        choices=tuple(Choice(value=value, label=label) for value, label in ACCOUNT_TYPES.items()),
        default="checking",
        width=2,
    ),
    FormField(
        name="routing_number",
        label=mark("Routing number"),
        help=mark("Nine digits, bottom left of a check."),
        inputmode="numeric",
        maxlength=11,
        width=2,
    ),
    FormField(
        name="account_number",
        label=mark("Account number"),
        kind=FieldKind.SECRET,
        help=mark("Encrypted. We show only the last four."),
        inputmode="numeric",
        maxlength=20,
        width=2,
    ),
    FormField(name="license_id", label=mark("License or ID number"), maxlength=30, width=2),
    FormField(name="license_state", label=mark("Issued in"), kind=FieldKind.STATE, width=2),
    FormField(
        name="date_of_birth",
        label=mark("Date of birth"),
        kind=FieldKind.DATE,
        autocomplete="bday",
        inputmode="numeric",
        maxlength=10,
        width=2,
    ),
    FormField(name="mandate", label=MANDATE, kept_label=KEPT_MANDATE, kind=FieldKind.NOTE, required=False),
)


def read(form: Mapping[str, str], now: datetime) -> BankAccount:
    """Check all fields at once. Raises InvalidFields; no sentence repeats what was typed."""
    wrong: dict[str, str] = {}
    account = BankAccount(
        bank_name=_words(form, "bank_name", _("Enter the name of your bank."), wrong, most=80),
        bank_state=_state(form, "bank_state", wrong),
        account_type=_account_type(form, wrong),
        routing_number=_routing_number(form, wrong),
        account_number=_account_number(form, wrong),
        license_id=_license(form, wrong),
        license_state=_state(form, "license_state", wrong),
        date_of_birth=_date_of_birth(form, now.date(), wrong),
        holder=_holder(form),
        mandate_text=MANDATE,
        mandate_at=now,
    )
    if wrong:
        raise InvalidFields(wrong)
    return account


def _typed(form: Mapping[str, str], name: str) -> str:
    return " ".join(form.get(name, "").split())


def _words(form: Mapping[str, str], name: str, empty: str, wrong: dict[str, str], *, most: int) -> str:
    value = _typed(form, name)
    if not value:
        wrong[name] = empty
    elif len(value) > most or not value.isprintable():
        wrong[name] = _("Enter at most {most} letters.").format(most=most)
    return value


def _state(form: Mapping[str, str], name: str, wrong: dict[str, str]) -> str:
    value = _typed(form, name).upper().removeprefix("US-")
    if value not in STATES:
        wrong[name] = _("Choose a state.")
    return value


def _account_type(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _typed(form, "account_type").lower()
    if value not in ACCOUNT_TYPES:
        wrong["account_type"] = _("Choose the kind of account.")
    return value


def _digits(form: Mapping[str, str], name: str) -> str:
    """The digits typed, spaces and dashes left out; empty when there is anything else."""
    value = re.sub(r"[ -]", "", form.get(name, ""))
    return value if value.isascii() and value.isdigit() else ""


def _routing_number(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _digits(form, "routing_number")
    if len(value) != 9:
        wrong["routing_number"] = _("A routing number has nine digits. It stands bottom left on a check.")
    elif value == "000000000" or sum(int(d) * w for d, w in zip(value, WEIGHTS, strict=True)) % 10:
        wrong["routing_number"] = _("This is not a routing number of a bank. Check each digit.")
    return value


def _account_number(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _digits(form, "account_number")
    if not 4 <= len(value) <= 17:
        wrong["account_number"] = _("An account number has 4 to 17 digits.")
    return value


def _license(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _typed(form, "license_id").upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9 *-]{2,29}", value):
        wrong["license_id"] = _("Enter the number of your driver's license or state ID.")
    return value


def _date_of_birth(form: Mapping[str, str], today: date, wrong: dict[str, str]) -> date | None:
    """The page took the day in its reader's form and hands it on in ISO 8601."""
    try:
        born = date.fromisoformat(_typed(form, "date_of_birth"))
    except ValueError:
        born = None
    if born is None or not OLDEST >= _age(born, today) >= 0:
        wrong["date_of_birth"] = _("Enter the day you were born: day, month and year.")
    elif _age(born, today) < ADULT:
        wrong["date_of_birth"] = _("You must be {age} or older to pay by eCheck.").format(age=ADULT)
    return born


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _holder(form: Mapping[str, str]) -> str:
    """The account's holder is the buyer: the company where there is one, else the person."""
    person = f"{_typed(form, 'first_name')} {_typed(form, 'last_name')}".strip()
    return (_typed(form, "company_name") or person or "Account holder")[:100]
