"""What a mail says: read from the slices when its event is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import queries as documents
from core.billing import service as billing
from core.brands import service as brands
from core.brands.values import BrandView
from core.clients import service as clients
from core.clients.values import ContactView
from core.orders.models import Order, OrderLine
from core.orders.placing import order_token
from core.payments import attempts
from core.payments.rules import decline_words
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_host.house import PluginHouse
from core.provisioning import placement
from core.services import service as services
from core.settings import Settings


class MailHouse(PluginHouse, Protocol):
    """What mail needs of the application."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a template may use. ``values`` are plain; the templates escape."""

    brand: BrandView
    contact: ContactView
    client_id: UUID
    order_id: UUID | None
    values: Mapping[str, Any] = field(default_factory=dict)


def letter_for(session: Session, house: MailHouse, payload: Mapping[str, str]) -> Letter:
    """Gather by what the event names: an order, an invoice, an attempt, a service."""
    client_id = UUID(payload["client_id"])
    contact = clients.primary_contact(session, client_id)
    brand = brands.brand_by_id(session, clients.client_by_id(session, client_id).brand_id)
    order = _order(session, payload)
    values: dict[str, Any] = {"test_mode": house.settings.is_demo, "order_url": ""}
    if order is not None:
        values |= _order_values(session, house, order)
    if "attempt_id" in payload:
        values |= _attempt_values(session, payload)
    if "service_id" in payload:
        values |= _service_values(session, payload)
    return Letter(
        brand=brand, contact=contact, client_id=client_id, order_id=order.id if order else None, values=values
    )


def _order(session: Session, payload: Mapping[str, str]) -> Order | None:
    if "invoice_id" in payload:
        statement = select(Order).where(Order.invoice_id == UUID(payload["invoice_id"]))
    elif "service_id" in payload:
        statement = (
            select(Order)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .where(OrderLine.service_id == UUID(payload["service_id"]))
        )
    else:
        return None
    return session.execute(statement).scalar_one_or_none()


def _order_values(session: Session, house: MailHouse, order: Order) -> dict[str, Any]:
    link = f"{house.settings.public_url}/orders/{order_token(house, order)}"
    return {
        "order_label": order.label,
        "order_url": link,
        "invoice_url": f"{link}/invoice",
        "invoice": billing.find(session, order.invoice_id),
        "document": documents.invoice_page(session, order.invoice_id),
        "is_manual": _is_manual(house, order.gateway),
    }


def _is_manual(house: MailHouse, gateway: str) -> bool:
    entry = house.plugins.gateways.get(gateway)
    return entry is not None and entry.spec.can(TakesManualPayments)


def _attempt_values(session: Session, payload: Mapping[str, str]) -> dict[str, Any]:
    attempt = attempts.find(session, UUID(payload["attempt_id"]))
    reason = decline_words(attempt.code) if attempt.code else ""
    return {"amount": attempt.amount, "method": attempt.method, "reason": reason}


def _service_values(session: Session, payload: Mapping[str, str]) -> dict[str, Any]:
    service_id = UUID(payload["service_id"])
    service = services.find(session, service_id)
    return {"service": service, "access": placement.access_of(session, service_id)}
