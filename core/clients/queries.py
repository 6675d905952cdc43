"""What the admin reads of clients. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.brands import queries as brands
from core.brands.models import Brand
from core.clients.models import BillingAccount, Client, ClientStatus, Contact
from core.kernel.money import Money
from core.kernel.paging import (
    AnyRow,
    AnySelect,
    Page,
    Window,
    fetch_page,
    narrowest,
    number_in,
    starts_with,
    word_starts_with,
)  # fmt: skip

PRIMARY = and_(Contact.client_id == Client.id, Contact.is_primary)
NAME_COLUMNS = (Client.company_name, Contact.first_name, Contact.last_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A client in a list. ``name`` is the company, or the person where there is none."""

    id: UUID
    number: int
    name: str
    person: str
    email: str
    status: str
    behaviour: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChoice:
    label: str
    behaviour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """A contact as the admin shows it. Empty texts are what was never given."""

    name: str
    roles: tuple[str, ...]
    company_name: str
    email: str
    address: tuple[str, ...]
    country: str
    phones: tuple[tuple[str, str], ...]
    language: str
    email_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAccountRow:
    """How a client pays, without anything that could be charged."""

    id: UUID
    gateway: str
    kind: str
    brand: str
    last4: str
    expires_on: date | None
    keep: bool
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPage:
    """Everything of one client that lies in this slice. Instants are UTC."""

    client: ClientRow
    brand: str
    credit: Money
    billing_day: int | None
    billing_country: str
    is_taxable: bool
    tax_id: str
    contacts: tuple[ContactCard, ...]
    billing_accounts: tuple[BillingAccountRow, ...]


def display_name(company_name: str | None, first_name: str | None, last_name: str | None) -> str:
    """How a client is called in lists: the company, or else the primary contact."""
    person = f"{first_name or ''} {last_name or ''}".strip()
    return company_name or person or "No name"


def _clients() -> AnySelect:
    return (
        select(
            Client.id, Client.number, Client.created_at, *NAME_COLUMNS, Contact.email,
            ClientStatus.label, ClientStatus.behaviour,
        )
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _client_row(row: AnyRow) -> ClientRow:
    return ClientRow(
        id=row.id, number=row.number, created_at=row.created_at, email=row.email or "",
        name=display_name(row.company_name, row.first_name, row.last_name),
        person=f"{row.first_name or ''} {row.last_name or ''}".strip(),
        status=row.label, behaviour=row.behaviour,
    )  # fmt: skip


def list_clients(session: Session, window: Window, *, q: str = "", status: str = "") -> Page[ClientRow]:
    """Clients, newest first. ``q`` is a number or the beginning of a name or email; ``status`` a label."""
    statement = _clients()
    if q:
        statement = narrowest(session, statement, _conditions(session, q))
    if status:
        statement = statement.where(ClientStatus.label == status)
    return fetch_page(session, statement, Client.id, window, _client_row)


def _conditions(session: Session, q: str) -> list[ColumnElement[bool]]:
    """From what an index answers to what reads through names."""
    found: list[ColumnElement[bool]] = []
    number = number_in(q)
    if number is not None:
        found.append(and_(Client.brand_id.in_(brands.ids(session)), Client.number == number))
    if "@" in q:
        found.append(Contact.email.in_({q, q.lower()}))
    names = (word_starts_with(column, q) for column in NAME_COLUMNS)
    return [*found, or_(starts_with(Contact.email, q), *names)]


def statuses(session: Session) -> tuple[StatusChoice, ...]:
    """The host's own labels, in the host's order."""
    rows = session.execute(
        select(ClientStatus.label, ClientStatus.behaviour).order_by(ClientStatus.position, ClientStatus.label)
    )
    return tuple(StatusChoice(label=row.label, behaviour=row.behaviour) for row in rows)


def of_brand(session: Session, client_ids: Sequence[UUID], brand_id: UUID) -> tuple[UUID, ...]:
    """Those of some clients that are this brand's, in the order given."""
    statement = select(Client.id).where(Client.id.in_(client_ids), Client.brand_id == brand_id)
    found = set(session.scalars(statement))
    return tuple(client_id for client_id in client_ids if client_id in found)


def client_page(session: Session, client_id: UUID) -> ClientPage | None:
    """One client, or None when there is none."""
    statement = _clients().add_columns(
        Client.credit_minor, Client.currency, Client.billing_day, Client.billing_country, Client.is_taxable,
        Client.tax_id, Brand.name.label("brand_name"),
    )  # fmt: skip
    row = session.execute(
        statement.join(Brand, Brand.id == Client.brand_id).where(Client.id == client_id)
    ).one_or_none()
    if row is None:
        return None
    return ClientPage(
        client=_client_row(row), brand=row.brand_name,
        credit=Money(row.credit_minor, row.currency), billing_day=row.billing_day,
        billing_country=row.billing_country, is_taxable=row.is_taxable, tax_id=row.tax_id,
        contacts=_contacts(session, client_id), billing_accounts=_billing_accounts(session, client_id),
    )  # fmt: skip


def _contacts(session: Session, client_id: UUID) -> tuple[ContactCard, ...]:
    statement = select(Contact).where(Contact.client_id == client_id)
    ordered = statement.order_by(Contact.is_primary.desc(), Contact.id).limit(50)
    return tuple(_card(contact) for contact in session.scalars(ordered))


def _card(contact: Contact) -> ContactCard:
    lines = (
        contact.street_address,
        contact.address_2,
        " ".join(part for part in (contact.city, contact.state, contact.postal_code) if part),
        f"{contact.county} County" if contact.county and contact.country == "US" else contact.county,
    )
    phones = (
        ("Phone", contact.primary_phone),
        ("Second phone", contact.secondary_phone),
        ("Mobile", contact.mobile_phone),
        ("Fax", contact.fax),
    )
    return ContactCard(
        name=f"{contact.first_name} {contact.last_name}".strip(), roles=tuple(contact.roles),
        company_name=contact.company_name, email=contact.email, country=contact.country,
        address=tuple(line for line in lines if line),
        phones=tuple((label, number) for label, number in phones if number),
        language=contact.language, email_format=contact.email_format,
    )  # fmt: skip


def _billing_accounts(session: Session, client_id: UUID) -> tuple[BillingAccountRow, ...]:
    columns = (
        BillingAccount.id, BillingAccount.gateway, BillingAccount.kind, BillingAccount.brand,
        BillingAccount.last4, BillingAccount.expires_on, BillingAccount.keep, BillingAccount.is_default,
    )  # fmt: skip
    rows = session.execute(
        select(*columns)
        .where(BillingAccount.client_id == client_id, BillingAccount.removed_at.is_(None))
        .order_by(BillingAccount.is_default.desc(), BillingAccount.id.desc())
        .limit(50)
    )
    return tuple(BillingAccountRow(**row._mapping) for row in rows)


def search(session: Session, q: str, limit: int = 8) -> tuple[ClientRow, ...]:
    """The newest clients that fit."""
    return list_clients(session, Window(size=limit), q=q).items
