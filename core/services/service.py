"""Use cases of services: opened pending, activated once, suspended, resumed, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel import numbers, search
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.work import House, publish
from core.services.models import Service
from core.services.values import NewService, ServiceView

FIRST_NUMBER = 1001
# status -> what it may become, and the event that tells it
MOVES = {
    "active": (("pending",), "service.activated"),
    "suspended": (("active",), "service.suspended"),
    "terminated": (("pending", "active", "suspended"), "service.terminated"),
    "cancelled": (("pending",), "service.terminated"),
}


def open_service(session: Session, house: House, new: NewService) -> UUID:
    """Write one pending service with its number. The anchor day is kept apart from the due date."""
    service = Service(
        id=new_id(),
        number=numbers.take(session, f"service:{new.brand_id}", first=FIRST_NUMBER)[0],
        brand_id=new.brand_id,
        client_id=new.client_id,
        product_id=new.product_id,
        label=new.label,
        domain=new.domain,
        status="pending",
        cycle_unit=new.cycle_unit,
        cycle_count=new.cycle_count,
        anchor_day=new.anchor_day or (new.first_due_on or new.started_on).day,
        quantity=new.quantity,
        price_minor=new.price_minor,
        price_reason=new.price_reason,
        setup_minor=new.setup_minor,
        currency=new.currency,
        started_on=new.started_on,
        next_due_on=new.first_due_on or new.period_end,
        billing_account_id=new.billing_account_id,
        created_at=house.clock.now(),
    )
    session.add(service)
    session.flush()
    search.put(
        session, "service", service.id, f"S-{service.number}", service.domain, service.label,
        client_id=service.client_id,
    )  # fmt: skip
    return service.id


def move(session: Session, house: House, service_id: UUID, status: str) -> bool:
    """Change the status if it may come from where it stands; False when it may not (or is there)."""
    allowed, event = MOVES[status]
    values: dict[str, Any] = {"status": status, "version": Service.version + 1}
    if status == "active":
        values["activated_at"] = house.clock.now()
    if status in ("terminated", "cancelled"):
        values["ended_at"] = house.clock.now()
    statement = update(Service).where(Service.id == service_id, Service.status.in_(allowed)).values(**values)
    if not changed(session, statement):
        return False
    view = find(session, service_id)
    publish(house, session, event, {"service_id": service_id, "client_id": view.client_id})
    return True


def resume(session: Session, house: House, service_id: UUID) -> bool:
    """A suspended service works again; False when it was not suspended."""
    statement = (
        update(Service)
        .where(Service.id == service_id, Service.status == "suspended")
        .values(status="active", version=Service.version + 1)
    )
    if not changed(session, statement):
        return False
    view = find(session, service_id)
    publish(house, session, "service.resumed", {"service_id": service_id, "client_id": view.client_id})
    return True


def paid_until(session: Session, periods: Sequence[tuple[UUID, date]]) -> None:
    """Note up to which day (not included) each service is paid. Never moves it back."""
    for service_id, until in periods:
        earlier = (Service.paid_until.is_(None)) | (Service.paid_until < until)
        changed(session, update(Service).where(Service.id == service_id, earlier).values(paid_until=until))


def no_longer_paid(session: Session, periods: Sequence[tuple[UUID, date, date]]) -> None:
    """The money for these periods (first day, first day after) is gone: each service is paid up to its
    first day again, unless a later period was paid meanwhile."""
    for service_id, start, end in periods:
        paid = update(Service).where(Service.id == service_id, Service.paid_until == end)
        changed(session, paid.values(paid_until=start))


def find(session: Session, service_id: UUID) -> ServiceView:
    """Raises NoResultFound for an unknown id."""
    return _view(session.execute(select(Service).where(Service.id == service_id)).scalar_one())


def quantity_of(session: Session, service_id: UUID) -> int:
    """How many pieces it has. Raises NoResultFound for an unknown id."""
    return session.execute(select(Service.quantity).where(Service.id == service_id)).scalar_one()


def find_many(session: Session, service_ids: Sequence[UUID]) -> list[ServiceView]:
    rows = session.execute(select(Service).where(Service.id.in_(service_ids)).order_by(Service.number))
    return [_view(row) for row in rows.scalars()]


def _view(row: Service) -> ServiceView:
    return ServiceView(
        id=row.id,
        number=row.number,
        brand_id=row.brand_id,
        client_id=row.client_id,
        product_id=row.product_id,
        label=row.label,
        domain=row.domain,
        status=row.status,
        currency=row.currency,
        cycle_unit=row.cycle_unit,
        cycle_count=row.cycle_count,
    )
