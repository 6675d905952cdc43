"""What the admin reads of clients. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from core.brands import queries as brands
from core.brands.models import Brand
from core.clients import addresses
from core.clients.models import BillingAccount, Client, ClientGroup, ClientStatus, Contact
from core.kernel.found import made_between, searched_page
from core.kernel.money import Money
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, number_in

PRIMARY = and_(Contact.client_id == Client.id, Contact.is_primary)
ADDRESS_COLUMNS = ("street_address", "address_2", "city", "state", "postal_code", "country")
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
    brand_id: UUID
    country: str
    group: str = ""
    group_colour: str = ""


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
            ClientStatus.label, ClientStatus.behaviour, Client.brand_id, Client.billing_country,
            ClientGroup.name.label("group_name"), ClientGroup.colour,
        )
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .outerjoin(ClientGroup, ClientGroup.id == Client.group_id)
        .outerjoin(Contact, PRIMARY)
    )  # fmt: skip


def _client_row(row: AnyRow) -> ClientRow:
    return ClientRow(
        id=row.id, number=row.number, created_at=row.created_at, email=row.email or "",
        name=display_name(row.company_name, row.first_name, row.last_name),
        person=f"{row.first_name or ''} {row.last_name or ''}".strip(),
        status=row.label, behaviour=row.behaviour, brand_id=row.brand_id, country=row.billing_country,
        group=row.group_name or "", group_colour=row.colour or "",
    )  # fmt: skip


def list_clients(
    session: Session, window: Window, *, q: str = "", status: str = "", group: str = "",
    brand_id: UUID | None = None, since: datetime | None = None, until: datetime | None = None,
) -> Page[ClientRow]:  # fmt: skip
    """Clients, newest first. ``q`` is searched for; ``status`` a label, ``group`` an id or "none"."""
    statement = _clients().where(Client.merged_into_id.is_(None), *made_between(Client.id, since, until))
    if status:
        status_id = session.scalar(select(ClientStatus.id).where(ClientStatus.label == status))
        statement = statement.where(Client.status_id == status_id)
    if group:
        statement = statement.where(Client.group_id == (None if group == "none" else UUID(group)))
    if brand_id:
        statement = statement.where(Client.brand_id == brand_id)
    if not q:
        return fetch_page(session, statement, Client.id, window, _client_row)
    exact = _exact(session, q)
    return searched_page(
        session, statement, Client.id, window, _client_row, q=q, kind="client", exact=exact
    )  # fmt: skip


def _exact(session: Session, q: str) -> ColumnElement[bool] | None:
    """What stands on top: the client of this number, or those of this whole email."""
    if number := number_in(q, "C"):
        return and_(Client.brand_id.in_(brands.ids(session)), Client.number == number)
    return Contact.email.in_({q, q.lower()}) if "@" in q else None


_STATUSES = select(ClientStatus.id, ClientStatus.label, ClientStatus.behaviour).order_by(
    ClientStatus.position, ClientStatus.label
)
_GROUPS = select(ClientGroup.id, ClientGroup.name).order_by(ClientGroup.position, ClientGroup.name)


def statuses(session: Session) -> tuple[StatusChoice, ...]:
    """The host's own labels, in the host's order."""
    rows = session.execute(_STATUSES)
    return tuple(StatusChoice(label=row.label, behaviour=row.behaviour) for row in rows)


def methods_ending(session: Session, client_ids: Sequence[UUID], q: str) -> dict[UUID, str]:
    """``Visa ending in 4242`` for those of some clients who pay by what ends so; {} for other texts."""
    if len(q) != 4 or not q.isascii() or not q.isdigit():
        return {}
    table = BillingAccount
    rows = session.execute(
        select(table.client_id, table.brand, table.kind)
        .where(table.client_id.in_(client_ids), table.last4 == q, table.removed_at.is_(None))
    )  # fmt: skip
    return {row.client_id: f"{row.brand or row.kind.capitalize()} ending in {q}" for row in rows}


def status_names(session: Session) -> list[tuple[UUID, str]]:
    """The statuses a client may be given, in the host's order."""
    return [(row.id, row.label) for row in session.execute(_STATUSES)]


def group_names(session: Session) -> list[tuple[UUID, str]]:
    """The groups a client may be in, in the host's order."""
    return [(row.id, row.name) for row in session.execute(_GROUPS)]


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
    statement = select(Contact).where(Contact.client_id == client_id, Contact.removed_at.is_(None))
    ordered = statement.order_by(Contact.is_primary.desc(), Contact.id).limit(50)
    return tuple(_card(contact) for contact in session.scalars(ordered))


def _card(contact: Contact) -> ContactCard:
    values = {name: getattr(contact, name) for name in ADDRESS_COLUMNS}
    *lines, _country = addresses.lines(values, with_person=False)  # the page names it in its own words
    county = f"{contact.county} County" if contact.county and contact.country == "US" else contact.county
    phones = (
        ("Phone", contact.primary_phone),
        ("Second phone", contact.secondary_phone),
        ("Mobile", contact.mobile_phone),
        ("Fax", contact.fax),
    )
    return ContactCard(
        name=f"{contact.first_name} {contact.last_name}".strip(), roles=tuple(contact.roles),
        company_name=contact.company_name, email=contact.email, country=contact.country,
        address=tuple(line for line in (*lines, county) if line),
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
