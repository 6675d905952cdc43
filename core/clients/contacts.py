"""The people of a client: adding, changing, removing them, and who of them is the primary one.

Exactly one contact is primary once there is any. Removed ones stay for what old documents say of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.clients import custom, fate, search
from core.clients.models import Client, Contact, ContactMailChoice
from core.clients.service import CONTACT_COLUMNS
from core.clients.values import CleanContact
from core.identity import factors, resetting, staffing
from core.identity import service as identity
from core.identity.details import UNUSABLE, change_details, details
from core.identity.models import Membership
from core.identity.values import Identity
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, NotFound, Stale
from core.kernel.work import House, publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact with everything its form shows. ``custom`` by key; ``username`` "" for who never signs in."""

    id: UUID
    client_id: UUID
    version: int
    is_primary: bool
    roles: tuple[str, ...]
    fields: Mapping[str, str]  # CONTACT_COLUMNS
    mail_choices: tuple[str, ...]
    custom: Mapping[str, str]
    user_id: UUID | None
    username: str
    is_invited: bool  # has a user name, but has chosen no password yet
    has_factor: bool  # is asked for a second factor at sign-in

    @property
    def name(self) -> str:
        return f"{self.fields['first_name']} {self.fields['last_name']}".strip()

    def form(self) -> dict[str, str]:
        """As its form fields hold it; several ticked values as one text."""
        own = {custom.PREFIX + key: value for key, value in self.custom.items()}
        return {
            **self.fields, "username": self.username, "version": str(self.version),
            "roles": ", ".join(self.roles), "email_actions": ", ".join(self.mail_choices), **own,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A contact as staff want it. ``password_hash`` is "" for no (new) password; hash it before."""

    contact: CleanContact
    roles: tuple[str, ...] = ()
    custom: Mapping[str, str] = ()  # type: ignore[assignment]
    password_hash: str = ""


def people(session: Session, client_id: UUID) -> tuple[Person, ...]:
    """The client's contacts, the primary one first. Raises NotFound for an unknown client."""
    if session.get(Client, client_id) is None:
        raise NotFound(_("There is no such client."))
    statement = select(Contact).where(Contact.client_id == client_id, Contact.removed_at.is_(None))
    rows = session.scalars(statement.order_by(Contact.is_primary.desc(), Contact.id))
    return tuple(_person(session, row) for row in rows)


def person(session: Session, client_id: UUID, contact_id: UUID) -> Person:
    """Raises NotFound: unknown, removed, or another client's."""
    return _person(session, _row(session, client_id, contact_id))


def _row(session: Session, client_id: UUID, contact_id: UUID) -> Contact:
    row = session.get(Contact, contact_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        raise NotFound(_("There is no such contact."))
    return row


def _person(session: Session, row: Contact) -> Person:
    user = details(session, row.user_id) if row.user_id else None
    return Person(
        id=row.id, client_id=row.client_id, version=row.version, is_primary=row.is_primary,
        roles=tuple(row.roles), fields={name: getattr(row, name) for name in CONTACT_COLUMNS},
        mail_choices=_chosen(session, row.id), custom=custom.values_of(session, row.id),
        user_id=row.user_id, username=user.username if user else "",
        is_invited=user is not None and not user.has_password,
        has_factor=row.user_id is not None and factors.has_any(session, row.user_id),
    )  # fmt: skip


def _chosen(session: Session, contact_id: UUID) -> tuple[str, ...]:
    statement = select(ContactMailChoice.mail_type).where(ContactMailChoice.contact_id == contact_id)
    return tuple(session.scalars(statement.order_by(ContactMailChoice.id)))


def has_primary(session: Session, client_id: UUID) -> bool:
    statement = select(Contact.id).where(Contact.client_id == client_id, Contact.is_primary)
    return session.scalar(statement) is not None


def add(
    session: Session, house: House, client_id: UUID, new: NewPerson, *, actor: str, ip: str = ""
) -> UUID:  # fmt: skip
    """Add a contact; a client's first one becomes the primary. With a user name a user is made, too.

    Raises NotFound, InvalidFields when the user name or its email is taken, Conflict for a client that was
    joined to another or erased.
    """
    fate.hold_living(session, client_id)
    contact, now = new.contact, house.clock.now()
    user_id = _new_user(session, client_id, new, house) if contact.username else None
    row = Contact(
        id=new_id(), client_id=client_id, is_primary=not has_primary(session, client_id),
        roles=list(new.roles), user_id=user_id, **_columns(contact),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _write_choices(session, row.id, contact.email_actions)
    custom.save(session, row.id, custom.fields_of(session, "contact"), dict(new.custom))
    search.reindex(session, client_id)
    audit.record(
        session, actor=actor, action="contact.create", target=f"client:{client_id}", ip=ip, now=now,
        after={"contact": row.id, "primary": row.is_primary, **_columns(contact), "roles": new.roles},
    )  # fmt: skip
    if user_id is not None and not new.password_hash:
        invite(session, house, client_id, row.id, ip=ip)
    return row.id


def _columns(contact: CleanContact) -> dict[str, str]:
    return {name: getattr(contact, name) for name in CONTACT_COLUMNS}


def _new_user(session: Session, client_id: UUID, new: NewPerson, house: House) -> UUID:
    user_id = identity.make_user(
        session, username=new.contact.username, email=new.contact.email,
        password_hash=new.password_hash or UNUSABLE, locale=new.contact.language, now=house.clock.now(),
    )  # fmt: skip
    session.add(Membership(id=new_id(), user_id=user_id, client_id=client_id, permissions=["*"]))
    session.flush()
    return user_id


def _write_choices(session: Session, contact_id: UUID, mail_types: Sequence[str]) -> None:
    session.execute(delete(ContactMailChoice).where(ContactMailChoice.contact_id == contact_id))
    rows = [{"id": new_id(), "contact_id": contact_id, "mail_type": one} for one in mail_types]
    if rows:
        session.execute(insert(ContactMailChoice), rows)


def change(
    session: Session, house: House, client_id: UUID, contact_id: UUID, new: NewPerson, *, version: int,
    actor: str, ip: str = "",
) -> bool:  # fmt: skip
    """Change a contact to what ``new`` says; False when that is what it was.

    Who signs in keeps doing so: an emptied user name takes the sign-in away. A password ends the user's
    sessions, and the user is told of it by mail. Raises NotFound, InvalidFields (taken), Stale.
    """
    row = _row(session, client_id, contact_id)
    kept = _person(session, row)
    if kept.version != version:
        raise Stale(kept.version, kept.form())
    user_id, signs = _sign_in(session, house, kept, new)
    before, after = _differences(kept, new)
    old, own = custom.save(session, contact_id, custom.fields_of(session, "contact"), dict(new.custom))
    if not (after or own or signs):
        return False
    values: dict[str, Any] = {**_columns(new.contact), "roles": list(new.roles), "user_id": user_id}
    held = update(Contact).where(Contact.id == contact_id, Contact.version == version)
    if not changed(session, held.values(**values, version=version + 1)):
        session.expire_all()
        now = person(session, client_id, contact_id)
        raise Stale(now.version, now.form())
    _write_choices(session, contact_id, new.contact.email_actions)
    session.expire(row)
    search.reindex(session, client_id)
    audit.record(
        session, actor=actor, action="contact.edit", target=f"client:{client_id}", ip=ip,
        before={"contact": contact_id, **before, **old}, now=house.clock.now(),
        after={"contact": contact_id, **after, **own, **signs},
    )  # fmt: skip
    if kept.user_id is None and user_id is not None and not new.password_hash:
        invite(session, house, client_id, contact_id, ip=ip)
    return True


def _differences(kept: Person, new: NewPerson) -> tuple[dict[str, Any], dict[str, Any]]:
    was: dict[str, Any] = {**kept.fields, "roles": kept.roles, "email_actions": set(kept.mail_choices)}
    now: dict[str, Any] = {
        **_columns(new.contact), "roles": new.roles, "email_actions": set(new.contact.email_actions),
    }  # fmt: skip
    names = [name for name in was if was[name] != now[name]]
    return {name: _plain(was[name]) for name in names}, {name: _plain(now[name]) for name in names}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value


def _sign_in(
    session: Session, house: House, kept: Person, new: NewPerson
) -> tuple[UUID | None, dict[str, str]]:
    """(the user from now on, what the audit log tells of it)."""
    contact = new.contact
    if kept.user_id is None:
        if not contact.username:
            return None, {}
        return _new_user(session, kept.client_id, new, house), {"username": contact.username}
    if not contact.username:
        _take_away(session, house, kept.client_id, kept.user_id)
        return None, {"username": ""}
    told = {}
    if change_details(session, kept.user_id, username=contact.username, **_followed(session, kept, contact)):
        told["username"] = contact.username
    if new.password_hash:
        identity.set_password(session, kept.user_id, new.password_hash, house.clock.now())
        publish(house, session, resetting.CHANGED, {"user_id": kept.user_id, "area": "portal", "ip": ""})
        told["password"] = "changed"
    return kept.user_id, told


def _followed(session: Session, kept: Person, contact: CleanContact) -> dict[str, str]:
    """The user's address and language follow the contact's when those change; else they stay their own."""
    assert kept.user_id is not None
    user = details(session, kept.user_id)
    return {
        "email": contact.email if contact.email != kept.fields["email"] else user.email,
        "locale": contact.language if contact.language != kept.fields["language"] else user.locale,
    }


def _take_away(session: Session, house: House, client_id: UUID, user_id: UUID) -> None:
    """The user no longer acts for this client; what else they may do, they sign in to anew."""
    session.execute(
        delete(Membership).where(Membership.client_id == client_id, Membership.user_id == user_id)
    )
    identity.revoke_sessions(session, user_id, house.clock.now())


def remove(
    session: Session, house: House, client_id: UUID, contact_id: UUID, *, actor: str, ip: str = ""
) -> None:
    """Take a contact away; nobody writes to them any more and they cannot sign in for this client.

    Raises NotFound, Conflict for the primary one: make another primary first.
    """
    fate.hold_living(session, client_id)
    row = _row(session, client_id, contact_id)
    if row.is_primary:
        raise Conflict(
            _("The primary contact cannot be removed. Make another contact the primary one first.")
        )
    if row.user_id is not None:
        _take_away(session, house, client_id, row.user_id)
    row.removed_at, row.user_id = house.clock.now(), None
    row.version += 1
    _write_choices(session, contact_id, ())
    search.reindex(session, client_id)
    audit.record(
        session, actor=actor, action="contact.remove", target=f"client:{client_id}", ip=ip,
        before={"contact": contact_id, "name": f"{row.first_name} {row.last_name}", "email": row.email},
        now=house.clock.now(),
    )  # fmt: skip


def make_primary(
    session: Session, house: House, client_id: UUID, contact_id: UUID, *, actor: str, ip: str = ""
) -> bool:
    """Make this the contact that is written to first and whose address is taxed; False when it is."""
    fate.hold_living(session, client_id)
    row = _row(session, client_id, contact_id)
    if row.is_primary:
        return False
    was = session.scalar(select(Contact).where(Contact.client_id == client_id, Contact.is_primary))
    if was is not None:
        was.is_primary = False
        session.flush()  # two primaries are refused even for a moment
    row.is_primary = True
    session.flush()
    audit.record(
        session, actor=actor, action="contact.make_primary", target=f"client:{client_id}", ip=ip,
        before={"contact": was.id if was else ""}, after={"contact": contact_id}, now=house.clock.now(),
    )  # fmt: skip
    return True


def invite(session: Session, house: House, client_id: UUID, contact_id: UUID, *, ip: str = "") -> None:
    """Mail somebody who has a user name but no password a link to choose one, which works once.

    Raises NotFound, Conflict when there is nobody to invite.
    """
    found = person(session, client_id, contact_id)
    if not found.is_invited or found.user_id is None:
        raise Conflict(_("This person has a password, or no user name to choose one for."))
    resetting.invite(house, session, found.user_id, area="portal", ip=ip)


def reset_factor(session: Session, house: House, client_id: UUID, contact_id: UUID, *, by: Identity) -> None:
    """Take the second factors away from somebody who lost theirs; see ``staffing.reset_factor_of_client``.

    Raises NotFound, Conflict when there is none (also after a repeat).
    """
    found = person(session, client_id, contact_id)
    if not found.has_factor or found.user_id is None:
        raise Conflict(_("This person has no second factor."))
    staffing.reset_factor_of_client(house, session, by, found.user_id, now=house.clock.now())
