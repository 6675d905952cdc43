"""The fields of a card, and what is wrong with what was typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.plugin_api.errors import InvalidFields
from core.plugin_api.forms import Choice, FieldKind, FormField
from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark
from plugins.gateways.sandbox_card.sentences import EXAMPLE_YEARS, MONTH, YEAR

AUTOMATIC = mark("Automatic")
CARD_TYPES = ("Visa", "Mastercard", "American Express", "Discover")
MOST_YEARS_AHEAD = 25
MANY_DIGITS = re.compile(r"(?:\d[ -]?){12,}")

FIELDS = (
    FormField(name="name_on_card", label=mark("Name on card"), autocomplete="cc-name", maxlength=100),
    FormField(
        name="number",
        label=mark("Card number"),
        kind=FieldKind.SECURE,
        help=mark("Spaces and dashes are fine."),
        placeholder="1234 1234 1234 1234",
        autocomplete="cc-number",
        inputmode="numeric",
        width=4,
    ),
    FormField(
        name="card_type",
        label=mark("Card type"),
        kind=FieldKind.SELECT,
        choices=tuple(Choice(value=name, label=name) for name in (AUTOMATIC, *CARD_TYPES)),
        default=AUTOMATIC,
        autocomplete="cc-type",
        width=2,
    ),
    FormField(
        name="expiry_month",
        label=mark("Expiry month"),
        placeholder="MM",
        autocomplete="cc-exp-month",
        inputmode="numeric",
        maxlength=2,
        width=2,
    ),
    FormField(
        name="expiry_year",
        label=mark("Expiry year"),
        placeholder="YYYY",
        autocomplete="cc-exp-year",
        inputmode="numeric",
        maxlength=4,
        width=2,
    ),
    FormField(
        name="code",
        label=mark("Security code"),
        kind=FieldKind.SECURE,
        help=mark("3 digits on the back, or 4 on the front."),
        placeholder="CVC",
        autocomplete="cc-csc",
        inputmode="numeric",
        maxlength=4,
        width=2,
    ),
    FormField(
        name="issue_number",
        label=mark("Issue number"),
        required=False,
        inputmode="numeric",
        maxlength=2,
        width=3,
        folded=True,
    ),
    FormField(
        name="start_date",
        label=mark("Start date"),
        required=False,
        placeholder="MM / YYYY",
        maxlength=9,
        width=3,
        folded=True,
    ),
    FormField(
        name="keep_card",
        label=mark("Keep this card for renewals"),
        kind=FieldKind.CHECKBOX,
        required=False,
        help=mark(
            "We keep a token, the last four digits and the expiry date. Remove it any time in your account."
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForm:
    """What was typed beside the number and the code, which never come here."""

    holder: str
    card_type: str
    month: int
    year: int
    issue_number: str
    start_date: str
    keep: bool


def read(form: Mapping[str, str], today: date) -> CardForm:
    """Check all fields at once. Raises InvalidFields; no sentence repeats what was typed."""
    wrong: dict[str, str] = {}
    month, year = _expiry(form, today, wrong)
    card = CardForm(
        holder=_holder(form, wrong),
        card_type=_card_type(form, wrong),
        month=month,
        year=year,
        issue_number=_issue_number(form, wrong),
        start_date=_start_date(form, today, wrong),
        keep=form.get("keep_card", "") == "1",
    )
    if wrong:
        raise InvalidFields(wrong)
    return card


def _typed(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").strip()


def _holder(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = " ".join(_typed(form, "name_on_card").split())
    if not value:
        wrong["name_on_card"] = _("Enter the name as it stands on the card.")
    elif MANY_DIGITS.search(value):
        wrong["name_on_card"] = _("This looks like a card number. Enter the name on the card here.")
    elif len(value) > 100 or not value.isprintable():
        wrong["name_on_card"] = _("Enter the name with at most 100 letters.")
    return value


def _card_type(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _typed(form, "card_type") or AUTOMATIC
    if value not in (AUTOMATIC, *CARD_TYPES):
        wrong["card_type"] = _("Choose one of the card types, or Automatic.")
    return value


def _expiry(form: Mapping[str, str], today: date, wrong: dict[str, str]) -> tuple[int, int]:
    month = _digits(_typed(form, "expiry_month"), 1, 2)
    year = _digits(_typed(form, "expiry_year"), 4, 4)
    if not 1 <= month <= 12:
        wrong["expiry_month"] = _(MONTH)
    if year < 1:
        wrong["expiry_year"] = _(YEAR).format(year=today.year + EXAMPLE_YEARS)
    elif "expiry_month" not in wrong and (year, month) < (today.year, today.month):
        words = _("This card expired in {month}. Use another card or check the year.")
        wrong["expiry_year"] = words.format(month=f"{month:02} / {year}")
    elif year > today.year + MOST_YEARS_AHEAD:
        wrong["expiry_year"] = _("No card runs that long. Check the year.")
    return month, year


def _digits(value: str, least: int, most: int) -> int:
    """The number that was typed; 0 when it is none of ``least`` to ``most`` digits."""
    return int(value) if value.isascii() and value.isdigit() and least <= len(value) <= most else 0


def _issue_number(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    value = _typed(form, "issue_number")
    if value and not (value.isascii() and value.isdigit() and len(value) <= 2):
        wrong["issue_number"] = _("An issue number has one or two digits.")
    return value


def _start_date(form: Mapping[str, str], today: date, wrong: dict[str, str]) -> str:
    value = _typed(form, "start_date")
    if not value:
        return ""
    found = re.fullmatch(r"([0-9]{1,2})\s*/\s*([0-9]{4})", value)
    if found is None or not 1 <= int(found[1]) <= 12:
        wrong["start_date"] = _("Enter month and year, as in 03 / 2024.")
        return ""
    if (int(found[2]), int(found[1])) > (today.year, today.month):
        wrong["start_date"] = _("This card does not hold yet. Check the start date.")
    return f"{int(found[1]):02}/{found[2]}"
