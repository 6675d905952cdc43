"""What staff and clients read of invoices and of the ledger. Nothing here changes anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from core.billing.models import Entry, Invoice, InvoiceLine, LedgerAccount, Posting, TaxLine
from core.brands import queries as brands
from core.brands.models import Brand
from core.clients.models import Client, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.kernel.among import among
from core.kernel.found import ids_of, made_between, searched_page
from core.kernel.money import Money
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, number_in
from core.kernel.search import find as find_text

STATUSES = ("unpaid", "pending", "paid", "void", "draft")
OPEN = ("unpaid", "pending")
_LABEL = re.compile(r"(?:.*-)?(?P<year>\d{4})-(?P<number>\d{1,12})")  # "WH-2026-000042"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice in a list. Dates are days in the brand's zone."""

    id: UUID
    label: str
    kind: str
    client_id: UUID
    client_name: str
    order_id: UUID | None
    status: str
    issued_on: date
    due_on: date
    paid_on: date | None
    total: Money
    paid: Money

    @property
    def owed(self) -> Money:
        return self.total - self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line as it was issued. ``period_end`` is the first day after the period."""

    position: int
    text: str
    kind: str
    service_id: UUID | None
    period_start: date | None
    period_end: date | None
    quantity: int
    unit: Money
    discount: Money
    net: Money
    gl_code: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRow:
    """A tax as it was issued. ``rate`` and ``taxable_share`` are decimals written as text."""

    name: str
    rate: str
    taxable_share: str
    base: Money
    tax: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """One invoice as issued. ``facts`` are seller and buyer as they were on that day."""

    invoice: InvoiceRow
    brand: str
    net: Money
    tax: Money
    lines: tuple[LineRow, ...]
    taxes: tuple[TaxRow, ...]
    facts: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One side of a journal entry: a debit is positive."""

    account: str
    account_name: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    id: UUID
    occurred_on: date
    source: str
    note: str
    postings: tuple[PostingRow, ...]


def _invoices() -> AnySelect:
    return (
        select(
            Invoice.id, Invoice.label, Invoice.kind, Invoice.client_id, Invoice.order_id, Invoice.status,
            Invoice.issued_on, Invoice.due_on, Invoice.paid_on, Invoice.currency, Invoice.total_minor,
            Invoice.paid_minor, *NAME_COLUMNS,
        )
        .join(Client, Client.id == Invoice.client_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _invoice_row(row: AnyRow) -> InvoiceRow:
    return InvoiceRow(
        id=row.id, label=row.label, kind=row.kind, client_id=row.client_id, order_id=row.order_id,
        client_name=display_name(row.company_name, row.first_name, row.last_name), status=row.status,
        issued_on=row.issued_on, due_on=row.due_on, paid_on=row.paid_on,
        total=Money(row.total_minor, row.currency), paid=Money(row.paid_minor, row.currency),
    )  # fmt: skip


def list_invoices(
    session: Session, window: Window, *, q: str = "", status: str = "", client_id: UUID | None = None,
    due_before: date | None = None, brand_id: UUID | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> Page[InvoiceRow]:  # fmt: skip
    """Invoices, newest first. ``q`` is searched for among their labels, or else among clients.

    ``due_before``: only open ones that were due before that day.
    """
    equal = ((Invoice.status, status), (Invoice.client_id, client_id), (Invoice.brand_id, brand_id))
    statement = _invoices().where(
        *made_between(Invoice.id, since, until), *(column == value for column, value in equal if value)
    )
    if due_before:
        statement = statement.where(
            Invoice.due_on < due_before, Invoice.status == "unpaid", Invoice.kind == "invoice"
        )
    if not q:
        return fetch_page(session, statement, Invoice.id, window, _invoice_row)
    whole = _whole(session, q)
    if whole is not None:  # a label as it is printed: there is nothing more to look for
        return fetch_page(session, statement.where(whole), Invoice.id, window, _invoice_row)
    return searched_page(
        session, statement, Invoice.id, window, _invoice_row, q=_numbered(session, q), kind="invoice",
        otherwise=lambda: [Invoice.client_id.in_(ids_of(session, q, "client"))],
    )  # fmt: skip


def issued_to(session: Session, client_ids: Collection[UUID], window: Window) -> Page[InvoiceRow]:
    """The documents of some clients as they see them, newest first: what is still a draft is not there."""
    statement = _invoices().where(Invoice.client_id.in_(list(client_ids)), Invoice.status != "draft")
    return fetch_page(session, statement, Invoice.id, window, _invoice_row)


def due_from(session: Session, client_ids: Collection[UUID], limit: int = 20) -> tuple[InvoiceRow, ...]:
    """What some clients have to pay, the earliest due first. Money on its way is not asked for again."""
    statement = _invoices().where(
        Invoice.client_id.in_(list(client_ids)), Invoice.status == "unpaid", Invoice.kind == "invoice"
    )
    rows = session.execute(statement.order_by(Invoice.due_on, Invoice.id).limit(limit))
    return tuple(_invoice_row(row) for row in rows)


def _whole(session: Session, q: str) -> ColumnElement[bool] | None:
    """That an invoice has this very label; None for what is no whole label, or nobody's."""
    read = _LABEL.fullmatch(q)
    if read is None:
        return None
    series = [f"{brand_id}:{read['year']}" for brand_id in brands.ids(session)]
    found = and_(
        Invoice.series.in_(series),
        Invoice.number == int(read["number"]),
        func.lower(Invoice.label) == q.lower(),
    )
    return found if session.scalar(select(Invoice.id).where(found).limit(1)) else None


def _numbered(session: Session, q: str) -> str:
    """The end of a label for a number that somebody has: "42" -> "-000042"; any other text as it is."""
    number = number_in(q)
    whole = f"-{number:06}" if number else q
    return whole if number and find_text(session, whole, "invoice", limit=1) else q


def search(session: Session, q: str, limit: int = 8) -> tuple[InvoiceRow, ...]:
    """The newest invoices that fit."""
    return list_invoices(session, Window(size=limit), q=q).items


def invoice_page(session: Session, invoice_id: UUID) -> InvoicePage | None:
    """One invoice with its lines and taxes, or None when there is none."""
    statement = _invoices().add_columns(
        Invoice.net_minor, Invoice.tax_minor, Invoice.facts, Invoice.digest,
        Brand.name.label("brand_name"),
    )  # fmt: skip
    row = session.execute(
        statement.join(Brand, Brand.id == Invoice.brand_id).where(Invoice.id == invoice_id)
    ).one_or_none()
    if row is None:
        return None
    return InvoicePage(
        invoice=_invoice_row(row), brand=row.brand_name,
        net=Money(row.net_minor, row.currency), tax=Money(row.tax_minor, row.currency),
        lines=_lines(session, invoice_id, row.currency), taxes=_taxes(session, invoice_id, row.currency),
        facts=row.facts, digest=row.digest,
    )  # fmt: skip


def _lines(session: Session, invoice_id: UUID, currency: str) -> tuple[LineRow, ...]:
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)
    lines = session.scalars(statement.order_by(InvoiceLine.position))
    return tuple(
        LineRow(
            position=line.position, text=line.text, kind=line.kind, service_id=line.service_id,
            period_start=line.period_start, period_end=line.period_end, quantity=line.quantity,
            unit=Money(line.unit_minor, currency), discount=Money(line.discount_minor, currency),
            net=Money(line.net_minor, currency), gl_code=line.gl_code, explanation=line.explanation,
        )
        for line in lines
    )  # fmt: skip


def _taxes(session: Session, invoice_id: UUID, currency: str) -> tuple[TaxRow, ...]:
    statement = select(TaxLine).where(TaxLine.invoice_id == invoice_id).order_by(TaxLine.position)
    return tuple(
        TaxRow(
            name=tax.name, rate=tax.rate, taxable_share=tax.taxable_share,
            base=Money(tax.base_minor, currency), tax=Money(tax.tax_minor, currency),
        )
        for tax in session.scalars(statement)
    )  # fmt: skip


def entries(session: Session, sources: Sequence[str]) -> tuple[EntryRow, ...]:
    """The journal entries that name one of ``sources``, in the order they were written."""
    statement = (
        select(Entry, Posting, LedgerAccount.name)
        .join(Posting, Posting.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.code == Posting.account)
        .where(Entry.source.in_(sources))
        .order_by(Entry.id, Posting.id)
    )
    found: dict[UUID, tuple[Entry, list[PostingRow]]] = {}
    for entry, posting, name in session.execute(statement):
        side = PostingRow(
            account=posting.account, account_name=name, amount=Money(posting.amount_minor, posting.currency)
        )
        found.setdefault(entry.id, (entry, []))[1].append(side)
    return tuple(
        EntryRow(
            id=entry.id, occurred_on=entry.occurred_on, source=entry.source, note=entry.note,
            postings=tuple(sides),
        )
        for entry, sides in found.values()
    )  # fmt: skip


def open_sums(session: Session, *, due_before: date | None = None) -> tuple[Money, ...]:
    """What is owed on open invoices, one sum per currency; ``due_before``: only those due earlier."""
    statement = (
        select(Invoice.currency, func.sum(Invoice.total_minor - Invoice.paid_minor))
        .where(Invoice.status.in_(OPEN), Invoice.kind == "invoice")
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    if due_before is not None:
        statement = statement.where(Invoice.due_on < due_before, Invoice.status == "unpaid")
    return tuple(Money(int(minor), currency) for currency, minor in session.execute(statement))


_OWED = (
    select(Invoice.client_id, Invoice.currency, func.sum(Invoice.total_minor - Invoice.paid_minor))
    .where(among(Invoice.client_id), Invoice.status.in_(OPEN), Invoice.kind == "invoice")
    .group_by(Invoice.client_id, Invoice.currency)
    .order_by(Invoice.currency)
)


def owed_by_client(session: Session, client_ids: Iterable[UUID]) -> dict[UUID, tuple[Money, ...]]:
    """What each of a page's clients owes on open invoices, one sum per currency."""
    owed: dict[UUID, tuple[Money, ...]] = {}
    for client_id, currency, minor in session.execute(_OWED, {"ids": client_ids}):
        owed[client_id] = (*owed.get(client_id, ()), Money(int(minor), currency))
    return owed
