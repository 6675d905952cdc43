"""Services that ran elsewhere before: written down as they are, nothing is provisioned or announced."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.kernel import audit, numbers, search
from core.kernel.calendar import Cycle
from core.kernel.ids import new_id
from core.kernel.work import House
from core.services.models import Service
from core.services.service import FIRST_NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service as its old books have it. Paid up to ``next_due_on``; the price is per cycle and piece, in
    minor units."""

    brand_id: UUID
    client_id: UUID
    product_id: UUID
    label: str
    domain: str
    cycle: Cycle
    quantity: int
    price_minor: int
    price_reason: str
    currency: str
    started_on: date
    next_due_on: date
    reference: str


def take_over(
    session: Session, house: House, services: Sequence[RunningService], *, actor: str
) -> list[UUID]:
    """Write active services of one brand; their ids, in order. Nobody is told: no ``service.activated``,
    for their clients know them.

    The unique reference guards against doing it twice: IntegrityError then.
    """
    if not services:
        return []
    now = house.clock.now()
    taken = numbers.take(session, f"service:{services[0].brand_id}", len(services), first=FIRST_NUMBER)
    rows = [_row(one, number, now) for one, number in zip(services, taken, strict=True)]
    session.execute(insert(Service), rows)
    entries = [
        search.NewEntry(
            subject_id=row["id"], texts=(f"S-{row['number']}", row["domain"], row["label"]),
            client_id=row["client_id"],
        )
        for row in rows
    ]  # fmt: skip
    search.put_many(session, "service", entries)
    for row in rows:
        names = ("number", "client_id", "label", "domain", "external_reference")
        audit.record(
            session, actor=actor, action="service.import", target=f"service:{row['id']}", now=now,
            after={name: row[name] for name in names},
        )  # fmt: skip
    return [row["id"] for row in rows]


def _row(one: RunningService, number: int, now: datetime) -> dict[str, Any]:
    due = one.next_due_on if one.cycle.recurs else None
    return {
        "id": new_id(), "brand_id": one.brand_id, "client_id": one.client_id, "product_id": one.product_id,
        "number": number, "label": one.label, "domain": one.domain, "status": "active",
        "cycle_unit": one.cycle.unit, "cycle_count": one.cycle.count, "quantity": one.quantity,
        "anchor_day": anchor_day(one.started_on, one.next_due_on), "price_minor": one.price_minor,
        "price_reason": one.price_reason, "currency": one.currency, "started_on": one.started_on,
        "next_due_on": due, "paid_until": due, "activated_at": now, "created_at": now,
        "external_reference": one.reference,
    }  # fmt: skip


def anchor_day(started_on: date, next_due_on: date) -> int:
    """The day of the month it is anchored to: that of the next due date, or the later one it was started on
    when the due date is the last of a shorter month (31 January, due on 28 February: 31)."""
    is_last = next_due_on.day == monthrange(next_due_on.year, next_due_on.month)[1]
    return max(started_on.day, next_due_on.day) if is_last else next_due_on.day
