"""Clients and contacts from other books, many at once: what ``accounts`` and ``contacts`` write for one,
written as lists. Everything was checked before; nobody is invited or written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.clients import custom, search, statuses
from core.clients.account_rules import CleanAccount
from core.clients.custom import FieldView
from core.clients.models import (
    Client,
    ClientStatus,
    ClientStatusChange,
    Contact,
    ContactMailChoice,
    CustomValue,
)
from core.clients.service import CONTACT_COLUMNS, FIRST_NUMBER
from core.clients.values import CleanContact
from core.identity.details import UNUSABLE
from core.identity.models import Membership
from core.identity.service import make_user
from core.kernel import audit, numbers
from core.kernel.ids import new_id
from core.kernel.work import House, publish_many


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A contact that was checked. ``custom`` are the values of its own fields by key."""

    contact: CleanContact
    roles: tuple[str, ...] = ()
    custom: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A client with its primary contact. ``since`` is when it became one, None for now."""

    account: CleanAccount
    person: NewPerson
    reference: str = ""
    since: datetime | None = None


def take_over(session: Session, house: House, newcomers: Sequence[Newcomer], *, actor: str) -> list[UUID]:
    """Make clients of one brand, each with its primary contact and history; their ids, in order.

    The unique reference guards against doing it twice: IntegrityError then, and for a user name that
    somebody took at this moment InvalidFields. Either leaves nothing behind in a savepoint of the caller.
    """
    if not newcomers:
        return []
    now, brand = house.clock.now(), newcomers[0].account.brand
    taken = numbers.take(session, f"client:{brand.id}", len(newcomers), first=FIRST_NUMBER)
    wanted = select(ClientStatus).where(ClientStatus.id.in_({one.account.status_id for one in newcomers}))
    first = {row.id: row for row in session.scalars(wanted)}
    rows = [
        _client(one, number, first[one.account.status_id], now)
        for one, number in zip(newcomers, taken, strict=True)
    ]
    ids: list[UUID] = [row["id"] for row in rows]
    session.execute(insert(Client), rows)
    session.execute(insert(ClientStatusChange), [_came(row, first[row["status_id"]], actor) for row in rows])
    for row in rows:
        after = {"number": row["number"], "brand": brand.slug, "reference": row["external_reference"]}
        audit.record(
            session, actor=actor, action="client.create", target=f"client:{row['id']}", after=after, now=now
        )
    own = [(client_id, one.account.custom) for client_id, one in zip(ids, newcomers, strict=True)]
    _save_custom(session, own, newcomers[0].account.fields)
    people = [(client_id, one.person) for client_id, one in zip(ids, newcomers, strict=True)]
    _write_people(session, house, people, set(ids), actor)
    search.reindex_many(session, ids)
    publish_many(house, session, "client.created", [{"client_id": one} for one in ids])
    return ids


def _client(one: Newcomer, number: int, status: ClientStatus, now: datetime) -> dict[str, Any]:
    account = one.account
    return {
        "id": new_id(), "brand_id": account.brand.id, "number": number, "company_name": account.company_name,
        "status_id": account.status_id, "group_id": account.group_id, "billing_day": account.billing_day,
        "billing_country": account.billing_country, "is_taxable": account.is_taxable,
        "tax_id": account.tax_id, "currency": account.brand.currency, "created_at": one.since or now,
        "closed_at": now if status.behaviour == statuses.CLOSED else None,
        "external_reference": one.reference,
    }  # fmt: skip


def _came(row: Mapping[str, Any], status: ClientStatus, actor: str) -> dict[str, Any]:
    """The first step of a client's history."""
    return {
        "id": new_id(), "client_id": row["id"], "to_label": status.label, "to_behaviour": status.behaviour,
        "actor": actor, "at": row["created_at"],
    }  # fmt: skip


def add_people(
    session: Session, house: House, people: Sequence[tuple[UUID, NewPerson]], *, actor: str
) -> None:
    """Add contacts to clients that are here. One whose client has none yet becomes its primary contact."""
    if not people:
        return
    ids = {client_id for client_id, _person in people}
    primary = select(Contact.client_id).where(Contact.client_id.in_(ids), Contact.is_primary)
    added = _write_people(session, house, people, ids - set(session.scalars(primary)), actor)
    search.reindex_many(session, sorted(ids))
    payloads = [
        {"client_id": client_id, "contact_id": contact_id}
        for (client_id, _person), contact_id in zip(people, added, strict=True)
    ]
    publish_many(house, session, "contact.added", payloads)


def _write_people(
    session: Session, house: House, people: Sequence[tuple[UUID, NewPerson]], alone: set[UUID], actor: str
) -> list[UUID]:
    """``alone`` are the clients without a primary contact: the first of each becomes it."""
    now, waiting, rows = house.clock.now(), set(alone), []
    for client_id, person in people:
        user_id = _user(session, client_id, person.contact, now) if person.contact.username else None
        values = {name: getattr(person.contact, name) for name in CONTACT_COLUMNS}
        row = {"id": new_id(), "client_id": client_id, "is_primary": client_id in waiting, "user_id": user_id,
               "roles": list(person.roles), **values}  # fmt: skip
        waiting.discard(client_id)
        rows.append(row)
        audit.record(
            session, actor=actor, action="contact.create", target=f"client:{client_id}", now=now,
            after={"contact": row["id"], "primary": row["is_primary"], **values, "roles": person.roles},
        )  # fmt: skip
    session.execute(insert(Contact), rows)
    choices = [
        {"id": new_id(), "contact_id": row["id"], "mail_type": one}
        for row, (_client_id, person) in zip(rows, people, strict=True)
        for one in person.contact.email_actions
    ]
    if choices:
        session.execute(insert(ContactMailChoice), choices)
    own = [(row["id"], person.custom) for row, (_id, person) in zip(rows, people, strict=True)]
    _save_custom(session, own, custom.fields_of(session, "contact"))
    return [row["id"] for row in rows]


def _user(session: Session, client_id: UUID, contact: CleanContact, now: datetime) -> UUID:
    """Raises InvalidFields. Nobody can sign in until they have chosen a password."""
    user_id = make_user(
        session, username=contact.username, email=contact.email, password_hash=UNUSABLE,
        locale=contact.language, now=now,
    )  # fmt: skip
    session.execute(
        insert(Membership).values(id=new_id(), user_id=user_id, client_id=client_id, permissions=["*"])
    )
    return user_id


def _save_custom(
    session: Session, values: Sequence[tuple[UUID, Mapping[str, str]]], fields: Sequence[FieldView]
) -> None:
    """Values of owners that have none yet, by key of the fields."""
    rows = [
        {"id": new_id(), "field_id": one.id, "owner_id": owner_id, "value": found[one.key]}
        for owner_id, found in values
        for one in fields
        if found.get(one.key)
    ]
    if rows:
        session.execute(insert(CustomValue), rows)
