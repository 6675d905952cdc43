"""The list of contacts: whoever may be written to, of every client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients.models import Client, Contact
from core.kernel import search
from core.kernel.found import made_between
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page

CHUNK = 200  # clients looked at at once
ROUNDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A contact in a list. ``client_name`` is the company, or empty for a private person's own."""

    id: UUID
    client_id: UUID
    client_number: int
    company_name: str
    name: str
    email: str
    phone: str
    city: str
    country: str
    language: str
    roles: tuple[str, ...]
    is_primary: bool
    may_sign_in: bool


def _contacts() -> AnySelect:
    return (
        select(
            Contact.id, Contact.client_id, Client.number, Client.company_name, Contact.first_name,
            Contact.last_name, Contact.company_name.label("own_company"), Contact.email,
            Contact.primary_phone, Contact.city, Contact.country, Contact.language, Contact.roles,
            Contact.is_primary, Contact.user_id,
        )
        # An outer join, though each has a client: SQLite would first read all of them otherwise.
        .outerjoin(Client, Client.id == Contact.client_id)
        .where(Contact.removed_at.is_(None), Client.merged_into_id.is_(None))
    )  # fmt: skip


def _row(row: AnyRow) -> ContactRow:
    return ContactRow(
        id=row.id, client_id=row.client_id, client_number=row.number,
        company_name=row.company_name or row.own_company,
        name=f"{row.first_name} {row.last_name}".strip(), email=row.email, phone=row.primary_phone,
        city=row.city, country=row.country, language=row.language, roles=tuple(row.roles),
        is_primary=row.is_primary, may_sign_in=row.user_id is not None,
    )  # fmt: skip


def list_contacts(
    session: Session, window: Window, *, q: str = "", kind: str = "", country: str = "",
    client_id: UUID | None = None, brand_id: UUID | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> Page[ContactRow]:  # fmt: skip
    """Contacts, newest first. ``kind`` is "primary", "other" or "signs_in"; ``q`` is searched for."""
    statement = _contacts().where(*made_between(Contact.id, since, until))
    if kind == "signs_in":
        statement = statement.where(Contact.user_id.is_not(None))
    elif kind:
        statement = statement.where(Contact.is_primary.is_(kind == "primary"))
    equal = ((Contact.country, country), (Contact.client_id, client_id), (Client.brand_id, brand_id))
    statement = statement.where(*(column == value for column, value in equal if value))
    if q:
        return _searched(session, statement, window, q)
    return fetch_page(session, statement, Contact.id, window, _row)


def _searched(session: Session, statement: AnySelect, window: Window, q: str) -> Page[ContactRow]:
    """Contacts are found with their client, and then each by its own words. A client is never cut in two."""
    place = window.after if isinstance(window.after, int) else None
    newer = None if window.after is None else search.NEWEST_PAGE
    rows: list[ContactRow] = []
    for _ in range(ROUNDS):
        hits = search.find(session, q, "client", limit=CHUNK, below=place)
        of_client = _by_client(session, statement, [one.subject_id for one in hits])
        for hit in hits:
            if len(rows) >= window.size:
                return Page(items=tuple(rows), newer=newer, older=place)
            rows += [one for one in of_client.get(hit.subject_id, ()) if _meets(one, q)]
            place = hit.place
        if len(hits) < CHUNK:
            return Page(items=tuple(rows), newer=newer)
    return Page(items=tuple(rows), newer=newer, older=place)


def _by_client(
    session: Session, statement: AnySelect, client_ids: Sequence[UUID]
) -> dict[UUID, list[ContactRow]]:
    found: dict[UUID, list[ContactRow]] = {}
    narrowed = statement.where(Contact.client_id.in_(client_ids))
    for row in session.execute(narrowed.order_by(Contact.is_primary.desc(), Contact.id)):
        found.setdefault(row.client_id, []).append(_row(row))
    return found


def _meets(row: ContactRow, q: str) -> bool:
    return search.matches(q, (row.name, row.email, row.company_name, str(row.client_number)))
