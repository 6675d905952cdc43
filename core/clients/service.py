"""Use cases of clients: making one, how they pay, whom to write to, their credit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.brands.values import BrandView
from core.clients import search, statuses
from core.clients.billing_accounts import add as add_billing_account
from core.clients.billing_accounts import load_source
from core.clients.billing_accounts import view as billing_account
from core.clients.models import (
    Client,
    ClientStatus,
    Contact,
    ContactMailChoice,
)
from core.clients.sources import dump as dump_source
from core.clients.sources import load as parse_source
from core.clients.values import CleanContact, ClientView, ContactView, NewClient
from core.identity.models import Membership
from core.identity.service import make_user, taken
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import NotFound
from core.kernel.work import House, publish

__all__ = [
    "add_billing_account", "add_credit", "billing_account", "client_by_id", "create_client", "dump_source",
    "ensure_statuses", "is_taxable", "load_source", "parse_source", "primary_contact",
    "taken", "take_credit",
]  # fmt: skip

STATUSES = (
    ("Pending", "pending"),
    ("Active", "active"),
    ("Suspended", "suspended"),
    ("Closed", "closed"),
    ("Fraud", "blocked"),
    ("Collections", "suspended"),
)
FIRST_NUMBER = 1001
CONTACT_COLUMNS = (
    "company_name", "first_name", "last_name", "email", "street_address", "address_2", "city", "state",
    "county", "postal_code", "country", "primary_phone", "secondary_phone", "fax", "mobile_phone",
    "language", "email_format",
)  # fmt: skip


def ensure_statuses(session: Session) -> None:
    """Make the usual client statuses when there are none; a host may rename them afterwards."""
    if session.scalar(select(ClientStatus.id).limit(1)) is not None:
        return
    for position, (label, behaviour) in enumerate(STATUSES):
        row = ClientStatus(id=new_id(), label=label, behaviour=behaviour, position=position)
        session.add(row)
    session.flush()


def create_client(
    session: Session,
    house: House,
    brand: BrandView,
    contact: CleanContact,
    password_hash: str,
    now: datetime,
    *,
    ip: str = "",
) -> NewClient:
    """Make the client with its primary contact, its number and, where a user name was given, its user.

    Hash the password before the transaction. Raises InvalidFields when the user name or the email is
    taken. Not repeatable by itself: the caller's unique key (an order's) makes sure it happens once.
    """
    user_id = _make_user(session, contact, password_hash, now)
    client = _make_client(session, brand, contact, now)
    contact_id = _make_contact(session, client.id, contact, user_id)
    if user_id is not None:
        session.add(Membership(id=new_id(), user_id=user_id, client_id=client.id, permissions=["*"]))
        session.flush()
    search.reindex(session, client.id)
    actor = "visitor" if user_id is None else f"client:{user_id}"
    first = session.get_one(ClientStatus, client.status_id)
    statuses.note(session, client.id, None, first, reason="", actor=actor, now=now)
    audit.record(
        session, actor=actor, action="client.create", target=f"client:{client.id}", ip=ip, now=now,
        after={"number": client.number, "brand": brand.slug},
    )  # fmt: skip
    publish(house, session, "client.created", {"client_id": client.id})
    return NewClient(client_id=client.id, contact_id=contact_id, user_id=user_id, number=client.number)


def _make_user(session: Session, contact: CleanContact, password_hash: str, now: datetime) -> UUID | None:
    if not contact.username:
        return None
    if not password_hash:
        raise ValueError("a user needs the hash of a password")
    return make_user(
        session, username=contact.username, email=contact.email, password_hash=password_hash,
        locale=contact.language, now=now,
    )  # fmt: skip


def _make_client(session: Session, brand: BrandView, contact: CleanContact, now: datetime) -> Client:
    client = Client(
        id=new_id(),
        brand_id=brand.id,
        number=numbers.take(session, f"client:{brand.id}", first=FIRST_NUMBER)[0],
        company_name=contact.company_name,
        status_id=_status(session, "active"),
        billing_country=contact.country,
        currency=brand.currency,
        created_at=now,
    )
    session.add(client)
    session.flush()
    return client


def _status(session: Session, behaviour: str) -> UUID:
    ensure_statuses(session)
    statement = select(ClientStatus.id).where(ClientStatus.behaviour == behaviour)
    return session.scalars(statement.order_by(ClientStatus.position).limit(1)).one()


def _make_contact(session: Session, client_id: UUID, contact: CleanContact, user_id: UUID | None) -> UUID:
    values = {name: getattr(contact, name) for name in CONTACT_COLUMNS}
    row = Contact(
        id=new_id(), client_id=client_id, is_primary=True, roles=["billing"], user_id=user_id, **values
    )  # fmt: skip
    session.add(row)
    session.flush()
    choices = [{"id": new_id(), "contact_id": row.id, "mail_type": one} for one in contact.email_actions]
    if choices:
        session.execute(insert(ContactMailChoice), choices)
    return row.id


def client_by_id(session: Session, client_id: UUID) -> ClientView:
    """Raises NotFound."""
    found = session.execute(
        select(Client, ClientStatus.behaviour)
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .where(Client.id == client_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such client."))
    row, behaviour = found
    return ClientView(
        id=row.id, brand_id=row.brand_id, number=row.number, company_name=row.company_name,
        behaviour=behaviour, billing_day=row.billing_day, billing_country=row.billing_country,
        is_taxable=row.is_taxable, tax_id=row.tax_id, currency=row.currency,
        credit_minor=row.credit_minor,
    )  # fmt: skip


def is_taxable(session: Session, client_id: UUID) -> bool:
    """Whether taxes are charged to this client at all. Raises NotFound."""
    return client_by_id(session, client_id).is_taxable


def primary_contact(session: Session, client_id: UUID) -> ContactView:
    """Whom to write to, and where for taxes. Raises NotFound."""
    row = session.scalar(select(Contact).where(Contact.client_id == client_id, Contact.is_primary))
    if row is None:
        raise NotFound(_("This client has no primary contact."))
    chosen = session.scalars(
        select(ContactMailChoice.mail_type)
        .where(ContactMailChoice.contact_id == row.id)
        .order_by(ContactMailChoice.id)
    )
    values = {name: getattr(row, name) for name in CONTACT_COLUMNS}
    return ContactView(id=row.id, client_id=row.client_id, mail_choices=tuple(chosen), **values)


def add_credit(session: Session, client_id: UUID, minor: int) -> None:
    """Add to a client's credit, in minor units of the client's currency. Raises ValueError below 1,
    NotFound. The ledger entry is the caller's."""
    if minor < 1:
        raise ValueError(f"credit grows by whole minor units, not by {minor}")
    grown = update(Client).where(Client.id == client_id).values(credit_minor=Client.credit_minor + minor)
    if not changed(session, grown):
        raise NotFound(_("There is no such client."))


def take_credit(session: Session, client_id: UUID, minor: int) -> int:
    """Take up to ``minor`` of a client's credit; the amount taken, 0 when there is none.

    Two who take at once never get the same money: the row is taken by conditional UPDATE. Raises
    ValueError for a negative amount, NotFound. The ledger entry is the caller's.
    """
    if minor < 0:
        raise ValueError("credit is taken, not given, here")
    while True:
        held = session.scalar(select(Client.credit_minor).where(Client.id == client_id))
        if held is None:
            raise NotFound(_("There is no such client."))
        taken = min(held, minor)
        same = update(Client).where(Client.id == client_id, Client.credit_minor == held)
        if taken == 0 or changed(session, same.values(credit_minor=Client.credit_minor - taken)):
            return taken
