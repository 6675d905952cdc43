"""What the admin reads of people who sign in. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.identity.models import Staff, User
from core.identity.rules import fold


def names(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """How people are called in the audit log: staff by name, others by user name."""
    statement = (
        select(User.id, func.coalesce(Staff.name, User.username))
        .outerjoin(Staff, Staff.user_id == User.id)
        .where(User.id.in_(list(user_ids)))
    )
    return {user_id: str(name) for user_id, name in session.execute(statement)}


def called(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Actors as the audit log writes them ("staff:<id>"), with how they are called. Those who are nobody
    ("system") or gone are left out."""
    ids = {actor: found for actor in set(actors) if (found := _user_id(actor)) is not None}
    known = names(session, ids.values())
    return {actor: known[user_id] for actor, user_id in ids.items() if user_id in known}


def _user_id(actor: str) -> UUID | None:
    try:
        return UUID(actor.partition(":")[2])
    except ValueError:
        return None


def actors(session: Session, typed: str, limit: int = 50) -> list[str]:
    """Whom a search for a person may mean, as the audit log writes them: by name, user name or email."""
    folded = fold(typed)
    if not folded or "\0" in folded:
        return []
    if folded in ("system", "shell"):
        return ["system"]
    name = func.lower(Staff.name).contains(folded, autoescape=True)
    statement = (
        select(User.id)
        .outerjoin(Staff, Staff.user_id == User.id)
        .where(or_(name, User.username_folded.contains(folded, autoescape=True), User.email_folded == folded))
        .limit(limit)
    )
    kinds = ("staff", "client", "user")
    return [f"{kind}:{user_id}" for user_id in session.scalars(statement) for kind in kinds]
