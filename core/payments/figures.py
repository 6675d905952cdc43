"""Sums of money that moved, for the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.billing.models import Invoice
from core.kernel.slots import slot
from core.payments.models import Allocation, Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """In minor units, both positive: what came in, what went back."""

    came: int = 0
    went: int = 0


def moved(
    session: Session, brand_id: UUID, start: datetime, ends: Sequence[datetime]
) -> dict[str, tuple[Moved, ...]]:
    """Money in each slot of time from ``start`` on, per currency: laid on invoices by payments, and taken
    off again by refunds and returns. Credit that is used is no money that came in."""
    at, minor = slot(Allocation.created_at, ends), Allocation.amount_minor
    statement = (
        select(
            Invoice.currency, at.label("slot"), func.sum(case((minor > 0, minor), else_=0)).label("came"),
            func.sum(case((minor < 0, -minor), else_=0)).label("went"),
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.created_at >= start, Allocation.attempt_id.is_not(None))
        .where(Invoice.brand_id == brand_id)
        .group_by(Invoice.currency, "slot")
    )  # fmt: skip
    found: dict[str, dict[int, Moved]] = {}
    for row in session.execute(statement):
        found.setdefault(row.currency, {})[row.slot] = Moved(came=int(row.came), went=int(row.went))
    return {
        currency: tuple(slots.get(number, Moved()) for number in range(len(ends)))
        for currency, slots in found.items()
    }


def outcomes(session: Session, brand_id: UUID, since: datetime) -> dict[str, tuple[int, int]]:
    """(payments that came in, charges that were declined) since an instant, per currency."""
    went_well = Attempt.state.in_(("succeeded", "refunded"))
    statement = (
        select(
            Attempt.currency, func.sum(case((went_well, 1), else_=0)).label("good"),
            func.sum(case((Attempt.state == "declined", 1), else_=0)).label("declined"),
        )
        .where(Attempt.brand_id == brand_id, Attempt.kind == "charge", Attempt.created_at >= since)
        .group_by(Attempt.currency)
    )  # fmt: skip
    return {row.currency: (int(row.good), int(row.declined)) for row in session.execute(statement)}
