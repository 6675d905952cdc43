"""Who is written to: the contacts of a client, each with its own mail choice, language and form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.clients.models import Client, ClientStatus, Contact, ContactMailChoice
from core.clients.service import CONTACT_COLUMNS
from core.clients.values import ContactView

AnySelect = Select[Contact]


def of_client(session: Session, client_id: UUID) -> tuple[ContactView, ...]:
    """Every contact that may be written to, the primary one first. None of a client that is closed,
    erased or part of another one."""
    return _views(session, _reachable().where(Contact.client_id == client_id))


def of_user(session: Session, user_id: UUID) -> ContactView | None:
    """The contact somebody signs in as, the primary one of several; None for staff and strangers."""
    return next(iter(_views(session, _reachable().where(Contact.user_id == user_id))), None)


def is_reachable(session: Session, contact_id: UUID) -> bool:
    """Whether the contact may still be written to."""
    return session.scalar(_reachable().where(Contact.id == contact_id)) is not None


def _reachable() -> AnySelect:
    return (
        select(Contact)
        .join(Client, Client.id == Contact.client_id)
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .where(Contact.removed_at.is_(None), Client.erased_at.is_(None), Client.merged_into_id.is_(None))
        .where(ClientStatus.behaviour != "closed")
        .order_by(Contact.is_primary.desc(), Contact.id)
    )


def _views(session: Session, statement: AnySelect) -> tuple[ContactView, ...]:
    rows = session.scalars(statement).all()
    chosen = _choices(session, [row.id for row in rows])
    return tuple(
        ContactView(
            id=row.id, client_id=row.client_id, mail_choices=chosen.get(row.id, ()),
            **{name: getattr(row, name) for name in CONTACT_COLUMNS},
        )
        for row in rows
    )  # fmt: skip


def _choices(session: Session, contact_ids: Iterable[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    statement = (
        select(ContactMailChoice)
        .where(ContactMailChoice.contact_id.in_(list(contact_ids)))
        .order_by(ContactMailChoice.id)
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for row in session.scalars(statement):
        found[row.contact_id] = (*found.get(row.contact_id, ()), row.mail_type)
    return found
