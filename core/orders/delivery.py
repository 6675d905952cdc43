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
from core.clients import service as clients
from core.clients.values import ContactView
from core.domains import service as domains
from core.kernel.db import changed
from core.kernel.outbox import Fact, Subscriber
from core.kernel.work import publish
from core.orders.models import Order, OrderLine
from core.plugin_host.house import PluginHouse
from core.provisioning import placement
from core.provisioning import service as provisioning
from core.provisioning.values import Wish
from core.services import service as services
from core.services.values import ServiceView

DEFAULT_YEARS = 1


def subscribers(house: PluginHouse) -> tuple[Subscriber, ...]:
    """Who listens on behalf of orders."""
    return (
        Subscriber(name="orders.deliver", event="invoice.paid", handle=lambda fact: deliver(house, fact)),
        Subscriber(
            name="orders.complete", event="service.activated", handle=lambda fact: complete(house, fact)
        ),
    )


def deliver(house: PluginHouse, fact: Fact) -> None:
    """The order's invoice is paid: plan a job for each service that is still to be built."""
    with house.db.transaction() as session:
        order = session.execute(
            select(Order).where(Order.invoice_id == UUID(fact.payload["invoice_id"]))
        ).scalar_one_or_none()
        if order is None or order.state not in ("placed", "paid"):
            return
        _move(session, order.id, ("placed", "paid"), "provisioning")
        contact = clients.primary_contact(session, order.client_id)
        for service in _services(session, order.id):
            _build(session, house, service, contact)


def _move(session: Session, order_id: UUID, before: tuple[str, ...], after: str, **values: Any) -> bool:
    return changed(
        session,
        update(Order).where(Order.id == order_id, Order.state.in_(before)).values(state=after, **values),
    )


def _services(session: Session, order_id: UUID) -> list[ServiceView]:
    ids = session.execute(select(OrderLine.service_id).where(OrderLine.order_id == order_id)).scalars()
    return services.find_many(session, list(ids))


def _build(session: Session, house: PluginHouse, service: ServiceView, contact: ContactView) -> None:
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
        request |= _name_request(session, service, product.provisioner, options, contact)
        options = {}
    wish = Wish(
        service_id=service.id, plugin=product.provisioner, pool_id=product.pool_id, domain=service.domain,
        options=options, request=request,
    )  # fmt: skip
    provisioning.plan_create(session, house, wish)


def _name_request(
    session: Session, service: ServiceView, registrar: str, options: dict[str, Any], contact: ContactView
) -> dict[str, Any]:
    years = int(options.get("years", DEFAULT_YEARS))
    nameservers = [str(one) for one in options.get("nameservers", ())]
    whois = {
        name: str(getattr(contact, name) or "")
        for name in ("first_name", "last_name", "company_name", "email", "street_address", "address_2",
                     "city", "state", "postal_code", "country")
    } | {"phone": contact.primary_phone}  # fmt: skip
    if not domains.is_held(session, service.domain):
        domains.hold(
            session, name=service.domain, service_id=service.id, registrar=registrar, years=years,
            nameservers=nameservers, whois=whois,
        )  # fmt: skip
    return {"years": years, "nameservers": nameservers, "whois": whois}


def complete(house: PluginHouse, fact: Fact) -> None:
    """A service runs: note a domain's expiry; when all services of its order run, the order is done."""
    service_id = UUID(fact.payload["service_id"])
    with house.db.transaction() as session:
        _note_domain(session, service_id)
        order_id = session.execute(
            select(OrderLine.order_id).where(OrderLine.service_id == service_id)
        ).scalar_one_or_none()
        if order_id is None or any(one.status == "pending" for one in _services(session, order_id)):
            return
        done = _move(
            session, order_id, ("placed", "paid", "provisioning"), "completed", completed_at=house.clock.now()
        )
        if done:
            order = session.get_one(Order, order_id)
            publish(house, session, "order.completed", {"order_id": order.id, "client_id": order.client_id})


def _note_domain(session: Session, service_id: UUID) -> None:
    expires = placement.access_of(session, service_id).get("Expires")
    domains.registered(session, service_id, date.fromisoformat(expires) if expires else None)
