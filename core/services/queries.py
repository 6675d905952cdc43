"""What the admin reads of services, and clients of their own. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.brands import queries as brands
from core.brands.models import Brand
from core.catalog.models import Product
from core.clients.models import Client, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.kernel.among import among
from core.kernel.found import ids_of, made_between, searched_page
from core.kernel.money import Money
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, number_in
from core.services.models import Service

STATUSES = ("pending", "active", "suspended", "terminated", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service in a list. ``price`` is per cycle and piece; dates are days in the brand's zone."""

    id: UUID
    number: int
    label: str
    domain: str
    client_id: UUID
    client_name: str
    status: str
    cycle_unit: str
    cycle_count: int
    quantity: int
    price: Money
    started_on: date
    next_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnService:
    """A service in its client's own list, with the kind of its product: hosting, domain or other."""

    service: ServiceRow
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePage:
    """One service with its facts. Instants are UTC."""

    service: ServiceRow
    brand: str
    product_name: str
    kind: str
    provisioner: str
    paid_until: date | None
    anchor_day: int
    created_at: datetime
    activated_at: datetime | None


def _services() -> AnySelect:
    return (
        select(
            Service.id, Service.number, Service.label, Service.domain, Service.client_id, Service.status,
            Service.cycle_unit, Service.cycle_count, Service.quantity, Service.price_minor,
            Service.currency, Service.started_on, Service.next_due_on, *NAME_COLUMNS,
        )
        .join(Client, Client.id == Service.client_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _service_row(row: AnyRow) -> ServiceRow:
    return ServiceRow(
        id=row.id, number=row.number, label=row.label, domain=row.domain, client_id=row.client_id,
        client_name=display_name(row.company_name, row.first_name, row.last_name), status=row.status,
        cycle_unit=row.cycle_unit, cycle_count=row.cycle_count, quantity=row.quantity,
        price=Money(row.price_minor, row.currency), started_on=row.started_on, next_due_on=row.next_due_on,
    )  # fmt: skip


def list_services(
    session: Session, window: Window, *, q: str = "", status: str = "", client_id: UUID | None = None,
    product_id: UUID | None = None, brand_id: UUID | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> Page[ServiceRow]:  # fmt: skip
    """Services, newest first. ``q`` is searched for among them, or else among clients."""
    equal = ((Service.client_id, client_id), (Service.product_id, product_id), (Service.brand_id, brand_id))
    statement = _services().where(
        *made_between(Service.id, since, until), *(column == value for column, value in equal if value)
    )
    if status:
        statement = statement.where(Service.status == status)
    if not q:
        return fetch_page(session, statement, Service.id, window, _service_row)
    number = number_in(q, "S")
    exact = and_(Service.brand_id.in_(brands.ids(session)), Service.number == number) if number else None
    return searched_page(
        session, statement, Service.id, window, _service_row, q=q, kind="service", exact=exact,
        otherwise=lambda: [Service.client_id.in_(ids_of(session, q, "client"))],
    )  # fmt: skip


def services_of(session: Session, client_ids: Collection[UUID], window: Window) -> Page[OwnService]:
    """The services of some clients as they see them, newest first."""
    statement = _services().add_columns(Product.kind).join(Product, Product.id == Service.product_id)
    own = statement.where(Service.client_id.in_(list(client_ids)))
    return fetch_page(session, own, Service.id, window, _own_service)


def _own_service(row: AnyRow) -> OwnService:
    return OwnService(service=_service_row(row), kind=row.kind)


def count_by_status(session: Session, client_ids: Collection[UUID]) -> dict[str, int]:
    """How many services some clients have in each status."""
    statement = (
        select(Service.status, func.count())
        .where(Service.client_id.in_(list(client_ids)))
        .group_by(Service.status)
    )
    return {status: count for status, count in session.execute(statement)}


def service_page(session: Session, service_id: UUID) -> ServicePage | None:
    """One service, or None when there is none."""
    statement = _services().add_columns(
        Service.paid_until, Service.anchor_day, Service.created_at, Service.activated_at,
        Product.name.label("product_name"), Product.kind, Product.provisioner, Brand.name.label("brand_name"),
    )  # fmt: skip
    joined = statement.join(Product, Product.id == Service.product_id).join(
        Brand, Brand.id == Service.brand_id
    )
    row = session.execute(joined.where(Service.id == service_id)).one_or_none()
    if row is None:
        return None
    return ServicePage(
        service=_service_row(row), brand=row.brand_name,
        product_name=row.product_name, kind=row.kind, provisioner=row.provisioner, paid_until=row.paid_until,
        anchor_day=row.anchor_day, created_at=row.created_at, activated_at=row.activated_at,
    )  # fmt: skip


_COUNTED = (
    select(Service.client_id, func.count())
    .where(among(Service.client_id), Service.status.not_in(("terminated", "cancelled")))
    .group_by(Service.client_id)
)


def count_by_client(session: Session, client_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many services each of a page's clients has that are not over yet."""
    rows = session.execute(_COUNTED, {"ids": client_ids})
    return {client_id: count for client_id, count in rows}


def search(session: Session, q: str, limit: int = 8) -> tuple[ServiceRow, ...]:
    """The newest services that fit."""
    return list_services(session, Window(size=limit), q=q).items
