"""What a mail may say: frozen, gathered by ``facts``, drawn by ``rendering``. No template sees rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from core.brands.values import BrandView
from core.kernel.money import Money

FACT_LABELS: Mapping[str, str] = {
    "hostname": "Server",
    "host": "Server",
    "ip": "IP address",
    "nameservers": "Name servers",
    "panel_url": "Control panel",
    "url": "Address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who gets it. ``contact_id`` is None for staff; ``first_name`` greets."""

    email: str
    first_name: str = ""
    contact_id: UUID | None = None
    wants_html: bool = True
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
    """The document behind it, as it stands now. ``notes`` say when what renews, and for how much."""

    label: str
    status: str
    due_on: date
    total: Money
    open: Money
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
    ``kind`` is the gateway's: card, echeck, redirect, manual."""

    amount: Money
    method: str
    at: datetime | None = None
    reference: str = ""
    reason: str = ""
    kind: str = "card"

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
class JobFacts:
    """A job that a person has to look at."""

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

    @property
    def what(self) -> str:
        return f"{self.service_label} for {self.domain}" if self.domain else self.service_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a template may use. Nothing in it is a secret but the link to the order's own page."""

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
    job: JobFacts | None = None


def package_facts(access: Mapping[str, str], domain: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a panel told, in words for the client: lists become lines, the name itself is not repeated."""
    found = {FACT_LABELS.get(key, _label(key)): _lines(value) for key, value in access.items()}
    return tuple((label, lines) for label, lines in found.items() if lines and lines != (domain,))


def _label(name: str) -> str:
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _lines(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.replace("\n", ",").split(",") if part.strip())
