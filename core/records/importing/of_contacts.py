"""Rows that are further contacts of clients who are here already.

A contact is known when the client has one with the same name and email: it is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients import custom, taking_over
from core.clients.desk_rules import ROLES
from core.clients.models import Contact
from core.clients.rules import check_text
from core.clients.taking_over import NewPerson
from core.clients.values import CleanContact
from core.records.importing import people
from core.records.importing.finding import Finder
from core.records.importing.reader import Gathered, Place, Reader
from core.records.importing.values import Field, Texts

CLIENT = Field(
    name="client", label="Client", is_required=True, help="The client's reference or number.",
    also=("client reference", "client number", "client id", "clientid", "userid", "customer number"),
)  # fmt: skip
_ROLES = Field(
    name="roles", label="Roles", also=("role", "type"), help="owner, billing, technical, administrative."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A contact that was checked. ``own`` are its custom values by key."""

    client: str
    contact: CleanContact
    roles: tuple[str, ...]
    own: dict[str, str]


class Contacts(Reader[ContactRow]):
    def __init__(self, place: Place, session: Session) -> None:
        super().__init__(place)
        self._finder = Finder(place.brand.id)
        self._known: set[tuple[UUID, str, str, str]] = set()
        self._own_fields = custom.fields_of(session, "contact")

    @property
    def fields(self) -> tuple[Field, ...]:
        return (CLIENT, *people.contact_fields(), _ROLES, *people.custom_fields(self._own_fields))

    def keys(self, texts: Texts) -> tuple[tuple[str, str], ...]:
        named = ("client", "first_name", "last_name", "email")
        return (("email", "\0".join(texts.get(name, "").casefold() for name in named)),)

    def describe(self, texts: Texts) -> str:
        return f"{texts.get('client', '')}: {people.describe(texts)}"

    def check(self, texts: Texts) -> ContactRow:
        gathered = Gathered()
        texts = people.readable(texts, self.place)
        contact = gathered.under(lambda: people.check(texts))
        none: list[str] = []
        roles = gathered.take("roles", lambda: people.roles(texts.get("roles", ""), ROLES), none)
        own, wrong = custom.check(self._own_fields, texts)
        gathered.messages |= wrong
        if sentence := check_text(texts.get("client", "")):
            gathered.messages["client"] = sentence
        gathered.raise_if_any()
        assert contact is not None  # or there was something to raise
        return ContactRow(client=texts.get("client", ""), contact=contact, roles=tuple(roles), own=own)

    def prefetch(self, session: Session, rows: Sequence[ContactRow]) -> None:
        self._finder.load(session, (row.client for row in rows))
        emails = {row.contact.email.lower() for row in rows}
        same = select(Contact.client_id, Contact.first_name, Contact.last_name, Contact.email).where(
            Contact.email.in_(emails | {row.contact.email for row in rows}), Contact.removed_at.is_(None)
        )
        self._known = {
            (row.client_id, row.first_name, row.last_name, row.email.lower()) for row in session.execute(same)
        }

    def look(self, session: Session, row: ContactRow) -> bool:
        contact, client = row.contact, self._finder.find(row.client)
        if (client.id, contact.first_name, contact.last_name, contact.email.lower()) in self._known:
            return True
        if contact.username:
            people.free(session, contact)
        return False

    def write(self, session: Session, rows: Sequence[ContactRow]) -> None:
        added = [
            (self._finder.find(row.client).id,
             NewPerson(contact=row.contact, roles=row.roles, custom=row.own))
            for row in rows
        ]  # fmt: skip
        taking_over.add_people(session, self.place.house, added, actor=self.place.actor)
