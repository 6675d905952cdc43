"""Sums over invoices for the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.models import Invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Invoices past their due date: how many, what is owed on them in minor units, the oldest's day."""

    count: int = 0
    minor: int = 0
    oldest: date | None = None


def overdue(session: Session, brand_id: UUID, today: date) -> dict[str, Overdue]:
    """Per currency. Money on its way does not count as owed."""
    statement = (
        select(
            Invoice.currency, func.count().label("count"), func.min(Invoice.due_on).label("oldest"),
            func.sum(Invoice.total_minor - Invoice.paid_minor).label("minor"),
        )
        .where(Invoice.brand_id == brand_id, Invoice.status == "unpaid", Invoice.kind == "invoice")
        .where(Invoice.due_on < today)
        .group_by(Invoice.currency)
    )  # fmt: skip
    return {
        row.currency: Overdue(count=row._mapping["count"], minor=int(row.minor), oldest=row.oldest)
        for row in session.execute(statement)
    }
