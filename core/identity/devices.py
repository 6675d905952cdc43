"""Browsers that a user has signed in with: somebody is told when it was a new one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.models import KnownDevice
from core.kernel.db import changed
from core.kernel.ids import hash_token, new_id
from core.kernel.work import House, publish

NEW_DEVICE = "user.new_device"


def seen(session: Session, user_id: UUID, device: str, now: datetime) -> bool:
    """Remember a browser by the token in its cookie; True when it is new to this user and not their first.

    "" is a browser that keeps no cookie: it is new each time.
    """
    device_hash = hash_token(device) if device else ""
    known = update(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.device_hash == device_hash)
    if device and changed(session, known.values(last_seen_at=now)):
        return False
    is_first = session.scalar(select(KnownDevice.id).where(KnownDevice.user_id == user_id).limit(1)) is None
    if device and not _add(session, user_id, device_hash, now):
        return False  # two sign-ins at once from one browser
    return not is_first


def is_known(session: Session, user_id: UUID, device: str) -> bool:
    """Whether the user has signed in with this browser before. Remembers nothing."""
    found = select(KnownDevice.id).where(
        KnownDevice.user_id == user_id, KnownDevice.device_hash == hash_token(device)
    )
    return bool(device) and session.scalar(found) is not None


def tell(house: House, session: Session, *, user_id: UUID, session_id: UUID, area: str) -> None:
    """Publish that somebody signed in with a browser that was not known. Where and when it was is read from
    the session by whoever writes the mail."""
    publish(house, session, NEW_DEVICE, {"user_id": user_id, "session_id": session_id, "area": area})


def forget(session: Session, user_id: UUID) -> None:
    """After a reset nobody's browser is known any more."""
    session.flush()
    for row in session.scalars(select(KnownDevice).where(KnownDevice.user_id == user_id)):
        session.delete(row)
    session.flush()


def _add(session: Session, user_id: UUID, device_hash: str, now: datetime) -> bool:
    values = {
        "id": new_id(), "user_id": user_id, "device_hash": device_hash, "first_seen_at": now,
        "last_seen_at": now,
    }  # fmt: skip
    try:
        with session.begin_nested():
            session.execute(insert(KnownDevice).values(**values))
    except IntegrityError:
        return False
    return True
