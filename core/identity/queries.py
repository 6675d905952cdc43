"""What the admin reads of people who sign in. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.identity.models import Staff, User


def names(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """How people are called in the audit log: staff by name, others by user name."""
    statement = (
        select(User.id, func.coalesce(Staff.name, User.username))
        .outerjoin(Staff, Staff.user_id == User.id)
        .where(User.id.in_(list(user_ids)))
    )
    return {user_id: str(name) for user_id, name in session.execute(statement)}
