"""What the pages of one client read of its invoices and its credit. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing.models import Entry, Invoice, Posting
from core.kernel.money import Money
from core.kernel.paging import AnyRow, Page, Window, fetch_page

COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """One movement of a client's credit: what came is positive. ``source`` is the entry's cause."""

    id: UUID
    occurred_on: date
    at: datetime
    source: str
    note: str
    amount: Money


def count_invoices(session: Session, client_id: UUID) -> int:
    """Counted up to a thousand: more is said as "1000"."""
    few = select(Invoice.id).where(Invoice.client_id == client_id).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0


def earliest_due(session: Session, client_id: UUID) -> tuple[int, date | None]:
    """How many invoices are open, and when the first of them is (or was) due."""
    row = session.execute(
        select(func.count(), func.min(Invoice.due_on)).where(
            Invoice.client_id == client_id, Invoice.status.in_(("unpaid", "pending")),
            Invoice.kind == "invoice",
        )
    ).one()  # fmt: skip
    return int(row[0]), row[1]


def made_at(session: Session, client_id: UUID, window: Window) -> dict[UUID, datetime]:
    """When the newest invoices of the client were made, to the second: documents themselves have days."""
    statement = select(Invoice.id, Invoice.created_at).where(Invoice.client_id == client_id)
    return dict(
        fetch_page(session, statement, Invoice.id, window, lambda row: (row.id, row.created_at)).items
    )


def credit_movements(session: Session, client_id: UUID, window: Window) -> Page[CreditRow]:
    """Every movement of the client's credit as the ledger has it, newest first."""
    statement = (
        select(
            Posting.id, Posting.amount_minor, Posting.currency, Entry.occurred_on, Entry.created_at,
            Entry.source, Entry.note,
        )
        .join(Entry, Entry.id == Posting.entry_id)
        .where(Posting.client_id == client_id, Posting.account == ledger.CREDIT)
    )  # fmt: skip
    return fetch_page(session, statement, Posting.id, window, _credit_row)


def _credit_row(row: AnyRow) -> CreditRow:
    return CreditRow(
        id=row.id, occurred_on=row.occurred_on, at=row.created_at, source=row.source, note=row.note,
        amount=Money(-row.amount_minor, row.currency),
    )  # fmt: skip
