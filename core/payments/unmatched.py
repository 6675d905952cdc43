"""Money that belongs to no attempt as told: held for staff, never laid on an invoice by guess."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.work import House, publish
from core.payments.models import UnmatchedMoney


def hold(
    session: Session,
    house: House,
    *,
    gateway: str,
    event_id: str,
    reason: str,
    reference: str,
    attempt_id: UUID | None,
    amount: Money | None,
) -> None:
    """Write it once per (gateway, event) and tell. ``reason`` is one of the codes in models.py."""
    known = session.execute(
        select(UnmatchedMoney.id).where(
            UnmatchedMoney.gateway == gateway, UnmatchedMoney.event_id == event_id
        )
    ).first()
    if known:
        return
    row = UnmatchedMoney(
        id=new_id(),
        gateway=gateway,
        event_id=event_id,
        reference=reference,
        attempt_id=attempt_id,
        amount_minor=amount.minor if amount else None,
        currency=amount.currency if amount else None,
        reason=reason,
        created_at=house.clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return  # held a moment ago by somebody who was told the same
    publish(house, session, "money.unmatched", {"unmatched_id": row.id})
