"""Who signs in for a client."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients.models import Client, Contact
from core.identity.models import Membership, Staff, User


def user_of(session: Session, client_id: UUID, brand_id: UUID) -> UUID | None:
    """The user of the client's primary contact, or else the first who may act for it; None without any.

    Only those who may sign in, and for a client of the brand.
    Staff are never among them: nobody gets into a colleague's account this way.
    """
    statement = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .join(Client, Client.id == Membership.client_id)
        .outerjoin(Contact, (Contact.user_id == User.id) & (Contact.client_id == client_id))
        .where(Membership.client_id == client_id, Client.brand_id == brand_id, User.status == "active")
        .where(User.id.not_in(select(Staff.user_id)))
        .order_by(Contact.is_primary.desc().nulls_last(), Membership.id)
    )
    return session.scalars(statement.limit(1)).first()


def client_of(session: Session, user_id: UUID) -> UUID | None:
    """The client somebody signs in for, the first of several; None for staff, and where there is none."""
    statement = (
        select(Membership.client_id)
        .where(Membership.user_id == user_id, Membership.user_id.not_in(select(Staff.user_id)))
        .order_by(Membership.id)
    )
    return session.scalars(statement.limit(1)).first()
