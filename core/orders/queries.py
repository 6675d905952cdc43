"""What the admin reads of orders. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from core.billing.models import Invoice
from core.billing.service import OPEN
from core.brands import queries as brands
from core.brands.models import Brand
from core.catalog.models import Terms
from core.clients.models import Client, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.kernel.found import ids_of, made_between, searched_page
from core.kernel.money import Money
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, number_in
from core.orders.lapsing import Cancelled, cancelled
from core.orders.models import Order, OrderLine
from core.payments.models import Attempt
from core.provisioning.models import Job
from core.services.models import Service

STATES = ("placed", "paid", "provisioning", "completed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order in a list. ``total`` is what its invoice asks for; the flags say why it may need a
    person whatever its state is. ``payment_returned``: what was paid came back, and is owed again."""

    id: UUID
    number: int
    label: str
    client_id: UUID
    client_name: str
    state: str
    gateway: str
    total: Money
    invoice_id: UUID
    invoice_label: str
    invoice_status: str
    placed_at: datetime
    job_failed: bool
    job_needs_staff: bool
    payment_unknown: bool
    payment_returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineRow:
    """What was ordered and what has become of it."""

    text: str
    net: Money
    service_id: UUID
    service_number: int
    service_label: str
    domain: str
    service_status: str
    cycle_unit: str
    cycle_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One order. Instants are UTC."""

    order: OrderRow
    brand: str
    new_client: bool
    client_number: int
    person: str
    email: str
    phone: str
    ip: str
    terms_title: str
    terms_since: date | None
    terms_accepted_at: datetime | None
    completed_at: datetime | None
    lines: tuple[OrderLineRow, ...]
    cancelled: Cancelled | None = None


def _orders() -> AnySelect:
    return (
        select(
            Order.id, Order.number, Order.label, Order.client_id, Order.state, Order.gateway,
            Order.invoice_id, Order.placed_at, Invoice.total_minor, Invoice.currency,
            Invoice.label.label("invoice_label"), Invoice.status.label("invoice_status"), *NAME_COLUMNS,
            _has_job("failed").label("job_failed"), _has_job("needs_staff").label("job_needs_staff"),
            _has_unknown_payment().label("payment_unknown"), _came_back().label("payment_returned"),
        )
        .join(Invoice, Invoice.id == Order.invoice_id)
        .join(Client, Client.id == Order.client_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _has_job(state: str) -> ColumnElement[bool]:
    """By way of the order's lines: both sides are found by their indexes."""
    return exists().where(
        OrderLine.order_id == Order.id, Job.service_id == OrderLine.service_id, Job.state == state
    )


def _has_unknown_payment() -> ColumnElement[bool]:
    return exists().where(Attempt.invoice_id == Order.invoice_id, Attempt.state == "unknown")


def _came_back() -> ColumnElement[bool]:
    """Only while it is owed again: paid another way, it is no trouble any more."""
    returned = exists().where(Attempt.invoice_id == Order.invoice_id, Attempt.state == "returned")
    return and_(Invoice.status.in_(OPEN), returned)


def _order_row(row: AnyRow) -> OrderRow:
    return OrderRow(
        id=row.id, number=row.number, label=row.label, client_id=row.client_id,
        client_name=display_name(row.company_name, row.first_name, row.last_name), state=row.state,
        gateway=row.gateway, total=Money(row.total_minor, row.currency), invoice_id=row.invoice_id,
        invoice_label=row.invoice_label, invoice_status=row.invoice_status, placed_at=row.placed_at,
        job_failed=bool(row.job_failed), job_needs_staff=bool(row.job_needs_staff),
        payment_unknown=bool(row.payment_unknown), payment_returned=bool(row.payment_returned),
    )  # fmt: skip


def list_orders(
    session: Session, window: Window, *, q: str = "", state: str = "", client_id: UUID | None = None,
    brand_id: UUID | None = None, since: datetime | None = None, until: datetime | None = None,
) -> Page[OrderRow]:  # fmt: skip
    """Orders, newest first. ``q`` is searched for among their labels, or else among clients."""
    equal = ((Order.state, state), (Order.client_id, client_id), (Order.brand_id, brand_id))
    statement = _orders().where(
        *made_between(Order.id, since, until), *(column == value for column, value in equal if value)
    )
    if not q:
        return fetch_page(session, statement, Order.id, window, _order_row)
    number = number_in(q)
    exact = and_(Order.brand_id.in_(brands.ids(session)), Order.number == number) if number else None
    return searched_page(
        session, statement, Order.id, window, _order_row, q=q, kind="order", exact=exact,
        otherwise=lambda: [Order.client_id.in_(ids_of(session, q, "client"))],
    )  # fmt: skip


def search(session: Session, q: str, limit: int = 8) -> tuple[OrderRow, ...]:
    """The newest orders that fit."""
    return list_orders(session, Window(size=limit), q=q).items


def order_page(session: Session, order_id: UUID) -> OrderPage | None:
    """One order with what was ordered, or None when there is none."""
    statement = (
        _orders()
        .add_columns(
            Order.new_client, Order.ip, Order.terms_accepted_at, Order.completed_at, Terms.title,
            Terms.valid_from, Client.number.label("client_number"), Contact.email, Contact.primary_phone,
            Brand.name.label("brand_name"),
        )
        .join(Brand, Brand.id == Order.brand_id)
        .outerjoin(Terms, Terms.id == Order.terms_id)
    )  # fmt: skip
    row = session.execute(statement.where(Order.id == order_id)).one_or_none()
    if row is None:
        return None
    return OrderPage(
        order=_order_row(row), brand=row.brand_name, new_client=row.new_client,
        client_number=row.client_number, person=f"{row.first_name or ''} {row.last_name or ''}".strip(),
        email=row.email or "", phone=row.primary_phone or "", ip=row.ip, terms_title=row.title or "",
        terms_since=row.valid_from, terms_accepted_at=row.terms_accepted_at,
        completed_at=row.completed_at,
        cancelled=cancelled(session, order_id) if row.state == "cancelled" else None,
        lines=_lines(session, order_id, row.currency),
    )  # fmt: skip


def _lines(session: Session, order_id: UUID, currency: str) -> tuple[OrderLineRow, ...]:
    statement = (
        select(OrderLine, Service)
        .join(Service, Service.id == OrderLine.service_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
    )
    return tuple(
        OrderLineRow(
            text=line.text, net=Money(line.net_minor, currency), service_id=service.id,
            service_number=service.number, service_label=service.label, domain=service.domain,
            service_status=service.status, cycle_unit=service.cycle_unit, cycle_count=service.cycle_count,
        )
        for line, service in session.execute(statement)
    )  # fmt: skip


def labels(session: Session, order_ids: list[UUID]) -> dict[UUID, str]:
    """What people call some orders."""
    statement = select(Order.id, Order.label).where(Order.id.in_(order_ids))
    return {order_id: label for order_id, label in session.execute(statement)}


def order_of_invoice(session: Session, invoice_id: UUID) -> UUID | None:
    """The order that an invoice was issued for."""
    return session.scalar(select(Invoice.order_id).where(Invoice.id == invoice_id))


def placed_since(session: Session, since: datetime, limit: int = 1000) -> int:
    """How many orders were placed since an instant, counted up to ``limit``."""
    placed = select(Order.id).where(Order.placed_at >= since).limit(limit)
    return session.scalar(select(func.count()).select_from(placed.subquery())) or 0


def order_of_service(session: Session, service_id: UUID) -> tuple[UUID, str] | None:
    """The order that brought a service, as (id, label)."""
    statement = (
        select(Order.id, Order.label)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.service_id == service_id)
    )
    row = session.execute(statement).one_or_none()
    return (row.id, row.label) if row else None
