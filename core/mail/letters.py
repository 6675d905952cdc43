"""What a mail may say: frozen, gathered by ``facts``, drawn by ``rendering``. No template sees rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from core.brands.values import BrandView
from core.kernel.i18n import SOURCE
from core.kernel.money import Money
from core.provisioning.words import fact_label

HIDDEN_LINK = "https://hidden.invalid/link"  # stands for a link that lets its holder in (RFC 6761, 6.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who gets it. ``contact_id`` is None for staff; the names greet. ``language`` has a catalogue;
    ``locale`` is how numbers and days are written."""

    email: str
    first_name: str = ""
    last_name: str = ""
    contact_id: UUID | None = None
    wants_html: bool = True
    language: str = SOURCE
    locale: str = SOURCE
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """``url`` is the order's own page. ``starts`` tells what its start waits for: payment, transfer, bank
    or nothing."""

    id: UUID
    label: str
    url: str
    starts: str = "payment"
    under_way: bool = True  # something in it is still to be set up

    @property
    def pay_url(self) -> str:
        return f"{self.url}/pay"

    @property
    def invoice_url(self) -> str:
        return f"{self.url}/invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a bill. ``is_off`` marks what makes it cheaper."""

    text: str
    amount: Money
    detail: tuple[str, ...] = ()
    is_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """The document behind it, as it stands now. ``notes`` say when what renews, and for how much.
    ``url`` is where its reader finds it when signed in."""

    label: str
    status: str
    due_on: date
    total: Money
    open: Money
    id: UUID | None = None
    url: str = ""
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToPay:
    """A gateway's instructions, without what the mail says itself."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """``method`` reads "Visa ending in 4242"; ``reference`` is only there when the buyer knows it.
    ``kind`` is the gateway's: card, echeck, redirect, manual; ``code`` why it was declined."""

    amount: Money
    method: str
    at: datetime | None = None
    reference: str = ""
    reason: str = ""
    kind: str = "card"
    code: str = ""

    @property
    def is_bank_debit(self) -> bool:
        return self.kind == "echeck"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """One service that is ready. ``facts`` are (label, lines)."""

    label: str
    domain: str = ""
    is_name: bool = False  # a domain name, registered until ``until``
    until: date | None = None
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def title(self) -> str:
        return self.domain if self.is_name else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """A card that is about to expire. ``last_day`` is the last one it can be charged."""

    label: str
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """A browser nobody has signed in with before, or one that asked for a new password."""

    device: str = ""
    ip: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFacts:
    """Somebody who signs in, and what is told of their account. ``good_until``: how long the link works."""

    username: str
    url: str = ""  # where they sign in
    good_until: datetime | None = None
    change: str = ""  # of a second factor: added, removed
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job that a person has to look at. ``reason`` is a stable code as words."""

    number: int
    action: str
    service_label: str
    domain: str
    client_name: str
    server_name: str
    tries: int
    reason: str
    in_doubt: bool
    note: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a template may use. Nothing in it is a secret but the link to the order's own page; a
    link that is a key is not in it."""

    brand: BrandView
    reader: Reader
    test_mode: bool
    client_id: UUID | None = None
    order: OrderFacts | None = None
    gateway: str = ""  # of the order: whose instructions belong here
    invoice: InvoiceFacts | None = None
    how_to_pay: HowToPay | None = None
    payment: PaymentFacts | None = None
    packages: tuple[PackageFacts, ...] = ()
    card: CardFacts | None = None
    device: DeviceFacts | None = None
    user: UserFacts | None = None
    account_url: str = ""  # the portal of whoever reads
    job: JobFacts | None = None
    with_paper: bool = False  # the invoice goes with it as a PDF


def package_facts(access: Mapping[str, str], domain: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a panel told, in words for the client: lists become lines, the name itself is not repeated."""
    found = {fact_label(key): _lines(value) for key, value in access.items()}
    return tuple((label, lines) for label, lines in found.items() if lines and lines != (domain,))


def _lines(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.replace("\n", ",").split(",") if part.strip())
