"""What follows when money has come: services are built, the order ends. Driven by committed events.

Each handler may be called twice with one fact: it asks the tables where the order stands.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.catalog import service as catalog
from core.catalog.values import ProductView
from core.clients import service as clients
from core.clients.values import ContactView
from core.domains import service as domains
from core.kernel.calendar import Cycle
from core.kernel.db import changed
from core.kernel.outbox import Fact, Subscriber
from core.kernel.work import publish
from core.orders import names
from core.orders.models import Order, OrderLine
from core.plugin_host.house import PluginHouse
from core.provisioning import placement
from core.provisioning import service as provisioning
from core.provisioning.values import Wish
from core.services import service as services
from core.services.values import ServiceView


def subscribers(house: PluginHouse) -> tuple[Subscriber, ...]:
    """Who listens on behalf of orders."""
    return (
        Subscriber(name="orders.deliver", event="invoice.paid", handle=lambda fact: deliver(house, fact)),
        Subscriber(
            name="orders.complete", event="service.activated", handle=lambda fact: complete(house, fact)
        ),
        Subscriber(name="orders.end", event="service.terminated", handle=lambda fact: complete(house, fact)),
    )


def deliver(house: PluginHouse, fact: Fact) -> None:
    """The order's invoice is paid: plan a job for each service that is still to be built."""
    with house.db.transaction() as session:
        order = session.execute(
            select(Order).where(Order.invoice_id == UUID(fact.payload["invoice_id"]))
        ).scalar_one_or_none()
        if order is None or order.state not in ("placed", "paid"):
            return
        if not _move(session, order.id, ("placed", "paid"), "provisioning"):
            return
        contact = clients.primary_contact(session, order.client_id)
        for service in _services(session, order.id):
            build(session, house, service, contact)


def _move(session: Session, order_id: UUID, before: tuple[str, ...], after: str, **values: Any) -> bool:
    return changed(
        session,
        update(Order).where(Order.id == order_id, Order.state.in_(before)).values(state=after, **values),
    )


def _services(session: Session, order_id: UUID) -> list[ServiceView]:
    ids = session.execute(select(OrderLine.service_id).where(OrderLine.order_id == order_id)).scalars()
    return services.find_many(session, list(ids))


def build(session: Session, house: PluginHouse, service: ServiceView, contact: ContactView) -> None:
    """Plan the job that builds a pending service, or let it run at once where nothing is to be built."""
    product = catalog.product_by_id(session, service.product_id)
    if service.status != "pending" or product is None:
        return
    if not product.provisioner:
        services.move(session, house, service.id, "active")  # nothing to build: it runs as soon as it is paid
        return
    options = dict(product.provisioner_options)
    request: dict[str, Any] = {
        "contact_email": contact.email,
        "contact_name": f"{contact.first_name} {contact.last_name}".strip(),
    }
    if product.provisioner in house.plugins.registrars or product.kind == "domain":
        request |= _name_request(session, service, product, contact)
        options = {}
    wish = Wish(
        service_id=service.id, plugin=product.provisioner, pool_id=product.pool_id, domain=service.domain,
        options=options, request=request,
    )  # fmt: skip
    provisioning.plan_create(session, house, wish)


def _name_request(
    session: Session, service: ServiceView, product: ProductView, contact: ContactView
) -> dict[str, Any]:
    """The name is held since the order was placed; one that is another's by now is refused by the job."""
    request = names.request_for(product, Cycle.of(service.cycle_unit, service.cycle_count), contact)
    if domains.holder_of(session, service.domain) is None:
        names.hold(session, product, service.domain, service.id, request)
    return request


def complete(house: PluginHouse, fact: Fact) -> None:
    """A service runs, or will never run: note a domain's expiry; when none of its order's services is
    awaited any more, the order is done, or cancelled when not one of them runs."""
    service_id = UUID(fact.payload["service_id"])
    with house.db.transaction() as session:
        _note_domain(session, service_id)
        order_id = session.execute(
            select(OrderLine.order_id).where(OrderLine.service_id == service_id)
        ).scalar_one_or_none()
        if order_id is None:
            return
        statuses = {one.status for one in _services(session, order_id)}
        if "pending" not in statuses:
            _end(session, house, order_id, completed=statuses != {"cancelled"})


def _end(session: Session, house: PluginHouse, order_id: UUID, *, completed: bool) -> None:
    under_way = ("placed", "paid", "provisioning")
    if completed:
        done = _move(session, order_id, under_way, "completed", completed_at=house.clock.now())
    else:
        done = _move(session, order_id, under_way, "cancelled")
    if done:
        order = session.get_one(Order, order_id)
        name = "order.completed" if completed else "order.cancelled"
        publish(house, session, name, {"order_id": order.id, "client_id": order.client_id})


def _note_domain(session: Session, service_id: UUID) -> None:
    if services.find(session, service_id).status in ("cancelled", "terminated"):
        domains.release(session, service_id)
        return
    expires = placement.access_of(session, service_id).get("Expires")
    domains.registered(session, service_id, date.fromisoformat(expires) if expires else None)
