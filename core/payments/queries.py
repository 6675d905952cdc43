"""What the admin reads of payments. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.billing.models import Invoice
from core.clients.models import Client, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.kernel import counting
from core.kernel.found import ids_of, made_between
from core.kernel.money import Money
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, narrowest, number_in
from core.payments.models import Allocation, Attempt, AttemptStep, UnmatchedMoney

STATES = (
    "succeeded",
    "pending",
    "unknown",
    "declined",
    "not_sent",
    "returned",
    "refunded",
    "created",
    "sent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try to move money. Instants are UTC."""

    id: UUID
    number: int
    kind: str
    state: str
    gateway: str
    mode: str
    method: str
    amount: Money
    refunded: Money
    client_id: UUID
    client_name: str
    invoice_id: UUID
    invoice_label: str
    parent_id: UUID | None
    reference: str
    code: str
    provider_code: str
    staff_note: str
    lookups: int
    next_lookup_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None

    @property
    def refundable(self) -> Money:
        return self.amount - self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStepRow:
    at: datetime
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPage:
    """One attempt with its story, oldest step first, and the refunds made of it."""

    attempt: AttemptRow
    steps: tuple[AttemptStepRow, ...]
    refunds: tuple[AttemptRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRow:
    """Money laid on an invoice, negative where it was taken back."""

    attempt_id: UUID | None
    attempt_number: int | None
    amount: Money
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedRow:
    """Money that came and belongs nowhere as told."""

    id: UUID
    gateway: str
    event_id: str
    reference: str
    attempt_id: UUID | None
    amount: Money | None
    reason: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Rows that wait for a person: how many, counted up to a bound, and the one that waits longest."""

    count: int
    oldest: AttemptRow | None = None


def _attempts() -> AnySelect:
    return (
        select(
            Attempt.id, Attempt.number, Attempt.kind, Attempt.state, Attempt.gateway, Attempt.mode,
            Attempt.method, Attempt.amount_minor, Attempt.refunded_minor, Attempt.currency,
            Attempt.client_id, Attempt.invoice_id, Attempt.parent_id, Attempt.reference, Attempt.code,
            Attempt.provider_code, Attempt.staff_note, Attempt.lookups, Attempt.next_lookup_at,
            Attempt.created_at, Attempt.sent_at, Attempt.settled_at, Invoice.label.label("invoice_label"),
            *NAME_COLUMNS,
        )
        .join(Invoice, Invoice.id == Attempt.invoice_id)
        .join(Client, Client.id == Attempt.client_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _attempt_row(row: AnyRow) -> AttemptRow:
    return AttemptRow(
        id=row.id, number=row.number, kind=row.kind, state=row.state, gateway=row.gateway, mode=row.mode,
        method=row.method, amount=Money(row.amount_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency), client_id=row.client_id,
        client_name=display_name(row.company_name, row.first_name, row.last_name),
        invoice_id=row.invoice_id, invoice_label=row.invoice_label, parent_id=row.parent_id,
        reference=row.reference or "", code=row.code or "", provider_code=row.provider_code or "",
        staff_note=row.staff_note, lookups=row.lookups, next_lookup_at=row.next_lookup_at,
        created_at=row.created_at, sent_at=row.sent_at, settled_at=row.settled_at,
    )  # fmt: skip


def list_attempts(
    session: Session, window: Window, *, q: str = "", state: str = "", client_id: UUID | None = None,
    gateway: str = "", brand_id: UUID | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> Page[AttemptRow]:  # fmt: skip
    """Attempts, newest first. ``q`` is a number, a provider's reference, or what invoices or clients are
    found by."""
    equal = (
        (Attempt.state, state), (Attempt.client_id, client_id), (Attempt.gateway, gateway),
        (Attempt.brand_id, brand_id),
    )  # fmt: skip
    statement = _attempts().where(
        *made_between(Attempt.id, since, until), *(column == value for column, value in equal if value)
    )
    if q:
        statement = narrowest(session, statement, _conditions(session, q))
    return fetch_page(session, statement, Attempt.id, window, _attempt_row)


def _conditions(session: Session, q: str) -> list[ColumnElement[bool]]:
    """The first that anything meets counts. Four digits are most often a card's last."""
    number = number_in(q, "A")
    exact = [Attempt.number == number] if number is not None and len(q) != 4 else []
    of_clients = Attempt.client_id.in_(ids_of(session, q, "client"))
    invoices = Attempt.invoice_id.in_(ids_of(session, q, "invoice"))
    return [*exact, Attempt.reference == q, of_clients, invoices]


def attempts_of_invoice(session: Session, invoice_id: UUID) -> tuple[AttemptPage, ...]:
    """Every try for one invoice, oldest first, each with its story."""
    statement = _attempts()
    rows = session.execute(
        statement.where(Attempt.invoice_id == invoice_id).order_by(Attempt.id).limit(200)
    ).all()
    steps = _steps(session, [row.id for row in rows])
    return tuple(AttemptPage(attempt=_attempt_row(row), steps=steps.get(row.id, ())) for row in rows)


def attempt_page(session: Session, attempt_id: UUID) -> AttemptPage | None:
    """One attempt, or None when there is none."""
    statement = _attempts()
    row = session.execute(statement.where(Attempt.id == attempt_id)).one_or_none()
    if row is None:
        return None
    refunds = session.execute(_attempts().where(Attempt.parent_id == attempt_id).order_by(Attempt.id)).all()
    return AttemptPage(
        attempt=_attempt_row(row),
        steps=_steps(session, [attempt_id]).get(attempt_id, ()),
        refunds=tuple(_attempt_row(one) for one in refunds),
    )  # fmt: skip


def _steps(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, tuple[AttemptStepRow, ...]]:
    statement = select(AttemptStep).where(AttemptStep.attempt_id.in_(attempt_ids)).order_by(AttemptStep.id)
    steps: dict[UUID, tuple[AttemptStepRow, ...]] = {}
    for step in session.scalars(statement):
        row = AttemptStepRow(at=step.at, state=step.state, note=step.note)
        steps[step.attempt_id] = (*steps.get(step.attempt_id, ()), row)
    return steps


def allocations(session: Session, invoice_id: UUID) -> tuple[AllocationRow, ...]:
    """What covers an invoice, oldest first."""
    statement = (
        select(Allocation, Attempt.number, Invoice.currency)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(Attempt, Attempt.id == Allocation.attempt_id)
        .where(Allocation.invoice_id == invoice_id)
        .order_by(Allocation.id)
    )
    return tuple(
        AllocationRow(
            attempt_id=one.attempt_id, attempt_number=number, amount=Money(one.amount_minor, currency),
            source=one.source, created_at=one.created_at,
        )
        for one, number, currency in session.execute(statement)
    )  # fmt: skip


def unknown(session: Session, limit: int = 100) -> Waiting:
    """Attempts whose outcome nobody knows. ``count`` stops at ``limit``."""
    states = Attempt.state == "unknown"
    oldest = session.execute(_attempts().where(states).order_by(Attempt.id).limit(1)).one_or_none()
    count = session.scalar(select(counting.up_to(limit, select(Attempt.id).where(states))))
    return Waiting(count=count or 0, oldest=_attempt_row(oldest) if oldest else None)


def needing_count(limit: int = 100) -> ColumnElement[int]:
    """How many payments need a person, the unknown and the money without an invoice, each counted up to
    ``limit``: a column of a statement."""
    unknown_ones = select(Attempt.id).where(Attempt.state == "unknown")
    unmatched = select(UnmatchedMoney.id).where(UnmatchedMoney.state == "open")
    return counting.up_to(limit, unknown_ones) + counting.up_to(limit, unmatched)


def list_unmatched(session: Session, window: Window, *, state: str = "open") -> Page[UnmatchedRow]:
    """Money without an invoice, newest first."""
    table = UnmatchedMoney
    statement = select(
        table.id, table.gateway, table.event_id, table.reference, table.attempt_id, table.amount_minor,
        table.currency, table.reason, table.state, table.created_at,
    ).where(table.state == state)  # fmt: skip
    return fetch_page(session, statement, table.id, window, _unmatched_row)


def _unmatched_row(row: AnyRow) -> UnmatchedRow:
    known = row.amount_minor is not None and row.currency is not None
    return UnmatchedRow(
        id=row.id, gateway=row.gateway, event_id=row.event_id, reference=row.reference,
        attempt_id=row.attempt_id, amount=Money(row.amount_minor, row.currency) if known else None,
        reason=row.reason, state=row.state, created_at=row.created_at,
    )  # fmt: skip


def received(session: Session, since: datetime) -> tuple[Money, ...]:
    """Money that came in since an instant, less what went back, one sum per currency."""
    return _sums(session, Allocation.created_at >= since)


def received_of(session: Session, client_id: UUID) -> tuple[Money, ...]:
    """Money that one client has paid in all, less what went back, one sum per currency."""
    return _sums(session, Invoice.client_id == client_id)


def _sums(session: Session, condition: ColumnElement[bool]) -> tuple[Money, ...]:
    statement = (
        select(Invoice.currency, func.sum(Allocation.amount_minor))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(condition, Allocation.attempt_id.is_not(None))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return tuple(Money(int(minor), currency) for currency, minor in session.execute(statement))
