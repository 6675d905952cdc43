"""What of a client's services is due to be billed, and noting that it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.calendar import Cycle
from core.kernel.db import changed
from core.services.models import Service

RUNNING = ("active", "suspended")  # what is not built yet, or is over, is not billed


@dataclass(frozen=True, slots=True, kw_only=True)
class DueService:
    """A service whose next period has begun. ``price_minor`` per cycle and piece, ``setup_minor`` for all
    pieces, as long as it was not asked for."""

    id: UUID
    number: int
    product_id: UUID
    label: str
    domain: str
    cycle: Cycle
    anchor_day: int
    quantity: int
    price_minor: int
    setup_minor: int
    has_own_price: bool  # staff agreed on it: no discount is taken off
    currency: str
    next_due_on: date


def due_of(session: Session, client_id: UUID, on: date) -> tuple[DueService, ...]:
    """The client's services that are due on the day, by number."""
    rows = session.scalars(
        select(Service)
        .where(Service.client_id == client_id, Service.status.in_(RUNNING), Service.next_due_on <= on)
        .order_by(Service.number)
    )
    return tuple(_due(row) for row in rows)


def _due(row: Service) -> DueService:
    assert row.next_due_on is not None
    return DueService(
        id=row.id, number=row.number, product_id=row.product_id, label=row.label, domain=row.domain,
        cycle=Cycle.of(row.cycle_unit, row.cycle_count), anchor_day=row.anchor_day, quantity=row.quantity,
        price_minor=row.price_minor, setup_minor=row.setup_minor, has_own_price=bool(row.price_reason),
        currency=row.currency, next_due_on=row.next_due_on,
    )  # fmt: skip


def bill_up_to(session: Session, service: DueService, until: date | None, *, with_setup: bool) -> bool:
    """Note that everything before ``until`` was billed, its set-up too if ``with_setup``; False when
    somebody else was quicker."""
    unchanged = (
        Service.id == service.id, Service.next_due_on == service.next_due_on,
        Service.price_minor == service.price_minor, Service.setup_minor == service.setup_minor,
        Service.status.in_(RUNNING),
    )  # fmt: skip
    left = 0 if with_setup else service.setup_minor
    moved = update(Service).where(*unchanged)
    return changed(session, moved.values(next_due_on=until, setup_minor=left, version=Service.version + 1))
