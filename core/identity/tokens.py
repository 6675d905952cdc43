"""Links that work once and not for long: a reset, an invitation, the challenge of a passkey.

Only the hash is kept. Who makes a new one for the same purpose kills the older ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.identity.models import OneTimeToken
from core.kernel.crypto import KeyRing
from core.kernel.db import changed
from core.kernel.ids import hash_token, new_id, new_token

RESET, INVITE, PASSKEY = "reset", "invite", "passkey"
LONGEST = {
    RESET: timedelta(minutes=15),  # OWASP, forgot password: short-lived
    INVITE: timedelta(days=7),
    PASSKEY: timedelta(minutes=5),  # WebAuthn 3, 13.4.3: the time a ceremony takes
}
KEEP_ENDED = timedelta(days=30)


def make(
    session: Session, user_id: UUID | None, purpose: str, ttl: timedelta, ip: str, now: datetime
) -> str:  # fmt: skip
    """A new token for one user and purpose; older ones of the same kind stop working.

    ``user_id`` None is for the challenge of somebody who has not said yet who they are. Raises ValueError
    for an unknown purpose and for a time to live beyond what its purpose may have.
    """
    if purpose not in LONGEST:
        raise ValueError(f"nobody knows tokens for {purpose!r}")
    if ttl > LONGEST[purpose]:
        raise ValueError(f"a token for {purpose} lives {LONGEST[purpose]} at most")
    if user_id is not None:
        kill(session, user_id, now, purpose)
    token = new_token()
    row = OneTimeToken(
        id=new_id(), user_id=user_id, purpose=purpose, token_hash=hash_token(token), ip=ip[:64],
        created_at=now, expires_at=now + ttl,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return token


def peek(session: Session, token: str, purpose: str, now: datetime) -> UUID | None:
    """Whose token this is while it works; nothing is used up."""
    statement = select(OneTimeToken.user_id).where(*_works(token, purpose, now))
    return session.scalar(statement)


def take(session: Session, token: str, purpose: str, now: datetime) -> UUID | None:
    """Use the token up: whose it is, or None when it does not work (any more). Of two at once one wins."""
    found = _use(session, token, purpose, now)
    return found[0] if found else None


def take_from(session: Session, token: str, purpose: str, user_id: UUID | None, now: datetime) -> bool:
    """Use up a token that must be this user's, or, with None, nobody's."""
    found = _use(session, token, purpose, now)
    return found is not None and found[0] == user_id


def kill(session: Session, user_id: UUID, now: datetime, *purposes: str) -> None:
    """Stop what tokens of a user still work: of these purposes, or all."""
    session.flush()
    statement = update(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.used_at.is_(None))
    if purposes:
        statement = statement.where(OneTimeToken.purpose.in_(purposes))
    changed(session, statement.values(used_at=now))


def sweep(session: Session, now: datetime) -> None:
    """Forget tokens that ended a month ago."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < now - KEEP_ENDED))


def seal(keys: KeyRing, token: str, user_id: UUID, purpose: str) -> str:
    """The token for an event's payload: the outbox is read by more people than one."""
    return keys.encrypt(token.encode(), _aad(user_id, purpose))


def unseal(keys: KeyRing, sealed: str, user_id: UUID, purpose: str) -> str:
    """The token of a payload, for the mail that carries it. Raises DecryptionError."""
    return keys.decrypt(sealed, _aad(user_id, purpose)).decode()


def link_path(area: str, token: str) -> str:
    """Where a person chooses a password with this token. Put the configured address before it, never the
    host of a request."""
    return f"/{area}/reset/{token}"


def _aad(user_id: UUID, purpose: str) -> str:
    return f"one_time_token/{purpose}/{user_id}"


def _works(token: str, purpose: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeToken.token_hash == hash_token(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    )


def _use(session: Session, token: str, purpose: str, now: datetime) -> tuple[UUID | None] | None:
    statement = update(OneTimeToken).where(*_works(token, purpose, now)).values(used_at=now)
    held = statement.returning(OneTimeToken.user_id)
    row = session.execute(held, execution_options={"synchronize_session": False}).one_or_none()
    return None if row is None else (row[0],)
