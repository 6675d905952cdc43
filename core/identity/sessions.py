"""Signing in and out, and who is asking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from core.identity.models import Membership, RolePermission, SignInSession, Staff, Throttle, User
from core.identity.passwords import hash_password, is_outdated, verify_password
from core.identity.permissions import PERMISSIONS
from core.identity.rules import fold
from core.identity.throttling import bucket_name, clear, give_back, network_of, throttle
from core.identity.values import AREAS, Area, Identity, SignInRefused
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.ids import hash_token, new_id, new_token
from core.kernel.work import House

TRIES_PER_ACCOUNT = 8  # from one network, per window
TRIES_PER_NETWORK = 60  # that failed, whatever the account, per window
WINDOW_SECONDS = 15 * 60
SEEN_EVERY = timedelta(minutes=1)  # a session's row is not written more often than this
KEEP_ENDED = timedelta(days=30)

log = structlog.get_logger(__name__)


def sign_in(house: House, *, area: str, username: str, password: str, ip: str, agent: str) -> str:
    """Open a session and give its token: put it in a cookie, only its hash is stored.

    ``username`` may be the email. Raises SignInRefused, the same for an unknown user, a wrong password,
    a disabled user, no place in this area, and too many tries from one network for one account (the
    owner still gets in from elsewhere). Takes two short transactions with the hash between them.
    """
    buckets = (bucket_name("sign-in-network", network_of(ip)),
               bucket_name("sign-in", network_of(ip), fold(username)))  # fmt: skip
    if not _count_try(house, buckets):
        log.warning("sign_in.throttled", area=area)
        raise SignInRefused
    proven = _prove(house, username, password)
    stronger = hash_password(password) if is_outdated(proven.password_hash) else proven.password_hash
    with house.db.transaction() as session:
        give_back(session, buckets[0])
        clear(session, buckets[1])
        user = _still_good(session, proven, area)
        user.password_hash = stronger
        return _open(session, house, user.id, AREAS[area], ip, agent)


class _Proven(NamedTuple):
    user_id: UUID
    password_hash: str  # that the password was checked against


def _prove(house: House, username: str, password: str) -> _Proven:
    with house.db.read() as session:
        user = _find_user(session, username)
        known = None if user is None else _Proven(user.id, user.password_hash)
    right = verify_password(None if known is None else known.password_hash, password)
    if known is None or not right:
        log.warning("sign_in.refused")
        raise SignInRefused
    return known


def _count_try(house: House, buckets: tuple[str, str]) -> bool:
    now, (network, account) = house.clock.now(), buckets
    with house.db.transaction() as session:
        return throttle(session, network, TRIES_PER_NETWORK, WINDOW_SECONDS, now) and throttle(
            session, account, TRIES_PER_ACCOUNT, WINDOW_SECONDS, now
        )


def _find_user(session: Session, username: str) -> User | None:
    folded = fold(username)
    if not folded or "\0" in folded or len(folded) > 320:
        return None
    rows = session.scalars(
        select(User).where(or_(User.username_folded == folded, User.email_folded == folded))
    ).all()
    # A user name may look like another user's mail address: the name wins, for it was chosen here.
    return next(iter(sorted(rows, key=lambda row: row.username_folded != folded)), None)


def _still_good(session: Session, proven: _Proven, area: str) -> User:
    user = session.get(User, proven.user_id)
    if user is None or user.status != "active" or user.password_hash != proven.password_hash:
        raise SignInRefused  # disabled, or the password was changed while the old one was checked
    if area not in AREAS or not _belongs(session, user.id, area):
        raise SignInRefused
    return user


def _open(session: Session, house: House, user_id: UUID, area: Area, ip: str, agent: str) -> str:
    now, token = house.clock.now(), new_token()
    opened = SignInSession(
        id=new_id(), token_hash=hash_token(token), user_id=user_id, area=area.name, ip=ip[:64],
        agent=agent[:300], created_at=now, last_seen_at=now, expires_at=now + area.idle,
    )  # fmt: skip
    session.add(opened)
    actor = f"{area.actor}:{user_id}"
    audit.record(session, actor=actor, action="user.sign_in", target=f"user:{user_id}", ip=ip[:64], now=now)
    return token


def _belongs(session: Session, user_id: UUID, area: str) -> bool:
    if area == "admin":
        return session.get(Staff, user_id) is not None
    return bool(_client_ids(session, user_id))


def _client_ids(session: Session, user_id: UUID) -> tuple[UUID, ...]:
    rows = session.scalars(
        select(Membership.client_id).where(Membership.user_id == user_id).order_by(Membership.id)
    )
    return tuple(rows)


def session_of(house: House, token: str, area: str) -> Identity | None:
    """Who holds this token, or None: unknown, ended, revoked, disabled, or of another area.

    Staying active prolongs the session up to the area's limit; that writes once a minute at most.
    """
    now = house.clock.now()
    if not token or area not in AREAS:
        return None
    with house.db.read() as session:
        found = _live(session, token, area, now)
        if found is None:
            return None
        row, user = found
        identity = _identity(session, row, user)
        is_fresh = now - row.last_seen_at < SEEN_EVERY
        ends = row.created_at + AREAS[area].longest
    if identity is not None and not is_fresh:
        _prolong(house, identity, ends, now)
    return identity


def _live(session: Session, token: str, area: str, now: datetime) -> tuple[SignInSession, User] | None:
    found = session.execute(
        select(SignInSession, User)
        .join(User, User.id == SignInSession.user_id)
        .where(
            SignInSession.token_hash == hash_token(token),
            SignInSession.area == area,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.created_at > now - AREAS[area].longest,
            User.status == "active",
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def _identity(session: Session, row: SignInSession, user: User) -> Identity | None:
    staff = session.get(Staff, user.id) if row.area == "admin" else None
    if row.area == "admin" and staff is None:  # dismissed since: out with the next request
        return None
    return Identity(
        user_id=user.id,
        username=user.username,
        name=staff.name if staff is not None else user.username,
        area=row.area,
        permissions=_permissions(session, staff.role_id) if staff is not None else frozenset(),
        session_id=row.id,
        client_ids=_client_ids(session, user.id) if row.area != "admin" else (),
    )


def _permissions(session: Session, role_id: UUID) -> frozenset[str]:
    rows = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == role_id))
    return frozenset(rows) & PERMISSIONS.keys()


def _prolong(house: House, identity: Identity, ends: datetime, now: datetime) -> None:
    until = min(now + AREAS[identity.area].idle, ends)
    statement = update(SignInSession).where(
        SignInSession.id == identity.session_id,
        SignInSession.revoked_at.is_(None),
        SignInSession.last_seen_at < now,
    )
    with house.db.transaction() as session:
        changed(session, statement.values(last_seen_at=now, expires_at=until))


def sign_out(house: House, token: str) -> None:
    """End the session of this token. Unknown or ended tokens are nothing to do."""
    statement = update(SignInSession).where(
        SignInSession.token_hash == hash_token(token), SignInSession.revoked_at.is_(None)
    )
    with house.db.transaction() as session:
        changed(session, statement.values(revoked_at=house.clock.now()))


def revoke_sessions(session: Session, user_id: UUID, now: datetime) -> None:
    """End every session of a user: a changed password, a dismissal."""
    session.flush()
    session.execute(
        update(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def sweep(session: Session, now: datetime) -> None:
    """Forget what is long over: ended sessions after a month, throttle windows after a day."""
    session.flush()
    old = or_(SignInSession.expires_at < now - KEEP_ENDED, SignInSession.revoked_at < now - KEEP_ENDED)
    session.execute(delete(SignInSession).where(old))
    session.execute(delete(Throttle).where(Throttle.window_start < now - timedelta(days=1)))
