"""What other slices see of clients, and the contact form as it is posted and as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from uuid import UUID

from core.kernel.i18n import gettext, mark

# What a contact can be written to about: one box each, all ticked at first. Labels are translated by
# ``mail_types``.
MAIL_TYPES: tuple[tuple[str, str], ...] = (
    ("package_info", mark("Package info")),
    ("invoice", mark("Invoice")),
    ("card_payment", mark("Card payment")),
    ("echeck_payment", mark("eCheck payment")),
    ("bank_draft_payment", mark("Bank draft payment")),
    ("third_party_payment", mark("Third-party payment")),
    ("declined_payment", mark("Declined payment")),
    ("payment_error", mark("Payment error")),
    ("card_expiration", mark("Card expiration")),
    ("domain_renewal_notice", mark("Domain renewal notice")),
    ("domain_transfer_success", mark("Domain transfer success")),
    ("domain_transfer_failure", mark("Domain transfer failure")),
    ("suspension", mark("Suspension")),
    ("enabled", mark("Enabled")),
    ("order_received", mark("Order received")),
    ("order_review", mark("Order review")),
    ("new_device", mark("New device")),
)
EMAIL_FORMATS: tuple[tuple[str, str], ...] = (("html", mark("HTML")), ("text", mark("Plain text")))

Form = Mapping[str, str | list[str]]
SIGN_IN_FIELDS = ("username", "password", "confirm_password")


def mail_types() -> tuple[tuple[str, str], ...]:
    """MAIL_TYPES with the labels in the language of now."""
    return tuple((key, gettext(label)) for key, label in MAIL_TYPES)


def email_formats() -> tuple[tuple[str, str], ...]:
    """EMAIL_FORMATS with the labels in the language of now."""
    return tuple((key, gettext(label)) for key, label in EMAIL_FORMATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactForm:
    """The contact form as somebody filled it in: text as typed, under the names of its fields."""

    company_name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    street_address: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    county: str = ""
    postal_code: str = ""
    country: str = ""
    primary_phone: str = ""
    secondary_phone: str = ""
    fax: str = ""
    mobile_phone: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    confirm_password: str = field(default="", repr=False)
    language: str = ""
    email_format: str = ""
    email_actions: tuple[str, ...] = ()

    @classmethod
    def read(cls, form: Form) -> ContactForm:
        """Take the fields it knows from what was posted; everything else is ignored."""
        texts = {name: _text(form.get(name, "")) for name in CONTACT_FIELDS if name != "email_actions"}
        return cls(**texts, email_actions=_list(form.get("email_actions", ())))


CONTACT_FIELDS: tuple[str, ...] = tuple(one.name for one in fields(ContactForm))


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")


def _list(value: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanContact:
    """A contact that was checked and put in order. Country and state are ISO codes, phones E.164.

    ``username`` and ``password`` are "" when no sign-in was asked for. Hash the password before any
    transaction; it is never stored.
    """

    company_name: str
    first_name: str
    last_name: str
    email: str
    street_address: str
    address_2: str
    city: str
    state: str
    county: str
    postal_code: str
    country: str
    primary_phone: str
    secondary_phone: str
    fax: str
    mobile_phone: str
    username: str
    password: str = field(repr=False)
    language: str
    email_format: str
    email_actions: tuple[str, ...]

    def saved(self) -> dict[str, str | list[str]]:
        """Everything but the password, for a cart's record. ``restored`` reads it back."""
        values: dict[str, str | list[str]] = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name != "password"
        }
        values["email_actions"] = list(self.email_actions)
        return values

    @classmethod
    def restored(cls, saved: Form) -> CleanContact:
        """What ``saved`` wrote, without a password. Checked once already; not again."""
        form = ContactForm.read(saved)
        values = {one.name: getattr(form, one.name) for one in fields(cls)}
        return cls(**(values | {"password": ""}))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """``user_id`` is None when no sign-in was asked for."""

    client_id: UUID
    contact_id: UUID
    user_id: UUID | None
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """The account that owes money."""

    id: UUID
    brand_id: UUID
    number: int
    company_name: str
    behaviour: str  # of its status: pending, active, suspended, closed, blocked
    billing_day: int | None
    billing_country: str
    is_taxable: bool
    tax_id: str
    currency: str
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """Whom to write to. ``mail_choices`` are the keys of MAIL_TYPES this contact wants."""

    id: UUID
    client_id: UUID
    company_name: str
    first_name: str
    last_name: str
    email: str
    street_address: str
    address_2: str
    city: str
    state: str
    county: str
    postal_code: str
    country: str
    primary_phone: str
    secondary_phone: str
    fax: str
    mobile_phone: str
    language: str
    email_format: str
    mail_choices: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def main_number(self) -> str:
        """The primary phone in E.164, without the extension that staff may have kept with it."""
        return self.primary_phone.partition(";")[0]

    @property
    def display_name(self) -> str:
        """The company where there is one, else the person."""
        return self.company_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAccountView:
    """How a client pays, without anything that could be charged.

    ``detaching`` says how a removal stands: "" (it is not removed), "waits" (the gateway is still to be
    asked, or asked again), "stuck" (only a person gets further), "done" (forgotten there and here).
    """

    id: UUID
    client_id: UUID
    gateway: str
    kind: str  # card, echeck, redirect, manual
    brand: str
    last4: str
    holder: str
    expires_on: date | None  # the last day it can be charged
    issue_number: str
    start_date: str
    keep: bool
    is_default: bool
    mandate: Mapping[str, str]  # text, at, ip; empty for what needs none
    created_at: datetime
    removed_at: datetime | None
    detach_tries: int
    detaching: str

    @property
    def removed(self) -> bool:
        return self.removed_at is not None

    @property
    def agreed_at(self) -> datetime | None:
        """When the mandate was given."""
        at = self.mandate.get("at", "")
        return datetime.fromisoformat(at) if at else None

    @property
    def label(self) -> str:
        """ "Visa ending in 4242", or "" when there is nothing to tell."""
        return f"{self.brand or 'Account'} ending in {self.last4}" if self.last4 else self.brand
