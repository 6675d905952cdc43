"""Sessions: who is asking, for how long, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from core.identity import factors, guesses, throttling, tokens
from core.identity.models import Membership, RolePermission, SignInSession, Staff, User
from core.identity.permissions import PERMISSIONS
from core.identity.values import AREAS, Area, Identity, Waiting
from core.kernel.db import changed
from core.kernel.ids import hash_token, new_id, new_token
from core.kernel.work import House

SEEN_EVERY = timedelta(minutes=1)  # a session's row is not written more often than this
KEEP_ENDED = timedelta(days=30)
WAIT_FOR_FACTOR = timedelta(minutes=10)
ACT_FOR = timedelta(hours=1)  # staff inside a client's account


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session as its owner sees it in a list."""

    id: UUID
    area: str
    ip: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool
    is_acting: bool


def open_session(
    session: Session, user_id: UUID, area: Area, *, ip: str, agent: str, now: datetime
) -> tuple[str, SignInSession]:
    """A row and its token, for somebody whose password was right."""
    token = new_token()
    row = SignInSession(
        id=new_id(), token_hash=hash_token(token), user_id=user_id, area=area.name, ip=ip[:64],
        agent=agent[:300], created_at=now, last_seen_at=now, expires_at=now + area.idle,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return token, row


def open_acting(
    session: Session, *, user_id: UUID, staff_id: UUID, ip: str, agent: str, now: datetime
) -> str:  # fmt: skip
    """Let a staff member into a client's portal for an hour at most; the client's own sessions stay.

    The caller checks the permission and writes the audit entry. The session ends when the staff member is
    dismissed or disabled.
    """
    token, row = open_session(session, user_id, AREAS["portal"], ip=ip, agent=agent, now=now)
    row.acting_staff_id, row.expires_at = staff_id, now + ACT_FOR
    session.flush()
    return token


def session_of(house: House, token: str, area: str) -> Identity | None:
    """Who holds this token, or None: unknown, ended, revoked, disabled, of another area, or still to show
    a second factor.

    Staying active prolongs the session up to the area's limit; that writes once a minute at most.
    """
    with house.db.read() as session:
        found = held(session, token, area, house.clock.now())
    return keep_alive(house, found) if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Who holds a token, and until when it is to be prolonged; None while that was written just now."""

    identity: Identity
    until: datetime | None


def held(session: Session, token: str, area: str, now: datetime) -> Held | None:
    """What ``session_of`` reads, for who has a snapshot open. To be given to ``keep_alive`` afterwards."""
    found = _live(session, token, area, now) if token and area in AREAS else None
    if found is None:
        return None
    row, user, has_factor = found
    identity = _identity(session, row, user, has_factor, now)
    if identity is None:
        return None
    is_fresh = now - row.last_seen_at < SEEN_EVERY
    until = min(now + AREAS[area].idle, row.created_at + AREAS[area].longest)
    return Held(identity=identity, until=None if is_fresh or identity.acting_staff_id else until)


def keep_alive(house: House, found: Held) -> Identity:
    """Prolong the session where that is due; gives back who holds it."""
    if found.until is not None:
        _prolong(house, found.identity, found.until)
    return found.identity


def waiting(house: House, token: str, area: str) -> Waiting | None:
    """Who is half-way in with this token: the password was right, the second factor is to come."""
    if not token or area not in AREAS:
        return None
    with house.db.read() as session:
        found = _live(session, token, area, house.clock.now())
        if found is None:
            return None
        row, user, has_factor = found
        if not _must_show(row, has_factor):
            return None
        return Waiting(user_id=user.id, username=user.username, area=area, session_id=row.id)


def belongs(session: Session, user_id: UUID, area: str) -> bool:
    """Whether the user has a place in this area."""
    if area == "admin":
        return session.get(Staff, user_id) is not None
    return bool(_client_ids(session, user_id))


def rotate(session: Session, session_id: UUID, **values: object) -> str | None:
    """Give a live session a new token and set ``values``; the old token is dead at once. None when it has
    ended meanwhile. Whenever somebody gains rights, so that a token that leaked before is worth nothing."""
    token = new_token()
    statement = update(SignInSession).where(
        SignInSession.id == session_id, SignInSession.revoked_at.is_(None)
    )
    if not changed(session, statement.values(token_hash=hash_token(token), **values)):
        return None
    return token


_LIVE = (
    select(SignInSession, User, factors.are_set_up(User.id))
    .join(User, User.id == SignInSession.user_id)
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.area == bindparam("area"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        SignInSession.created_at > bindparam("oldest"),
        User.status == "active",
    )
)


def _live(
    session: Session, token: str, area: str, now: datetime
) -> tuple[SignInSession, User, bool] | None:  # fmt: skip
    """The session, whose it is, and whether they have a second factor."""
    values = {
        "token_hash": hash_token(token), "area": area, "now": now, "oldest": now - AREAS[area].longest,
    }  # fmt: skip
    found = session.execute(_LIVE, values).one_or_none()
    return None if found is None else (found[0], found[1], bool(found[2]))


def _must_show(row: SignInSession, has_factor: bool) -> bool:
    """Whether a second factor is still to be shown in this session. Staff inside a client's account have
    shown theirs at their own door."""
    return has_factor and row.factor_at is None and row.acting_staff_id is None


def _identity(
    session: Session, row: SignInSession, user: User, has_factor: bool, now: datetime
) -> Identity | None:  # fmt: skip
    staff = _staff(session, user.id) if row.area == "admin" else None
    if row.area == "admin" and staff is None:  # dismissed since: out with the next request
        return None
    if _must_show(row, has_factor) or not _staff_still_there(session, row.acting_staff_id, now):
        return None
    return Identity(
        user_id=user.id,
        username=user.username,
        name=staff.name if staff is not None else user.username,
        area=row.area,
        permissions=staff.permissions if staff is not None else frozenset(),
        session_id=row.id,
        client_ids=_client_ids(session, user.id) if row.area != "admin" else (),
        has_factor=has_factor,
        proven_at=row.proven_at,
        acting_staff_id=row.acting_staff_id,
        locale=user.locale,
    )


def _staff_still_there(session: Session, staff_id: UUID | None, now: datetime) -> bool:
    """Whoever acts for a client must still be staff, and may still do it."""
    if staff_id is None:
        return True
    role_id = session.scalar(
        select(Staff.role_id).join(User, User.id == Staff.user_id)
        .where(Staff.user_id == staff_id, User.status == "active")
    )  # fmt: skip
    if role_id is None or "clients.impersonate" not in _permissions(session, role_id):
        return False
    signed_in = select(SignInSession.id).where(  # what they do inside ends with their own session
        SignInSession.user_id == staff_id, SignInSession.area == "admin", SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > now,
    )  # fmt: skip
    return session.execute(signed_in.limit(1)).first() is not None


def _client_ids(session: Session, user_id: UUID) -> tuple[UUID, ...]:
    rows = session.scalars(
        select(Membership.client_id).where(Membership.user_id == user_id).order_by(Membership.id)
    )
    return tuple(rows)


class _Staff(NamedTuple):
    name: str
    permissions: frozenset[str]


_STAFF = (
    select(Staff.name, RolePermission.permission)
    .outerjoin(RolePermission, RolePermission.role_id == Staff.role_id)
    .where(Staff.user_id == bindparam("user_id"))
)


def _staff(session: Session, user_id: UUID) -> _Staff | None:
    """Name and permissions in one statement: every page of the admin asks for them."""
    rows = session.execute(_STAFF, {"user_id": user_id}).all()
    if not rows:
        return None
    return _Staff(rows[0].name, frozenset(row.permission for row in rows) & PERMISSIONS.keys())


def _permissions(session: Session, role_id: UUID) -> frozenset[str]:
    rows = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == role_id))
    return frozenset(rows) & PERMISSIONS.keys()


def _prolong(house: House, identity: Identity, until: datetime) -> None:
    now = house.clock.now()
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


def revoke_sessions(session: Session, user_id: UUID, now: datetime, *, keep: UUID | None = None) -> int:
    """End every session of a user (a changed password, a dismissal), but for ``keep``. Returns how many."""
    session.flush()
    statement = update(SignInSession).where(
        SignInSession.user_id == user_id, SignInSession.revoked_at.is_(None), SignInSession.expires_at > now
    )
    if keep is not None:
        statement = statement.where(SignInSession.id != keep)
    result = session.execute(
        statement.values(revoked_at=now), execution_options={"synchronize_session": False}
    )
    session.expire_all()
    return int(getattr(result, "rowcount", 0))


def revoke_one(session: Session, user_id: UUID, session_id: UUID, now: datetime) -> bool:
    """End one session of this user; False when it is another's, or over already."""
    statement = update(SignInSession).where(
        SignInSession.id == session_id, SignInSession.user_id == user_id, SignInSession.revoked_at.is_(None)
    )
    return changed(session, statement.values(revoked_at=now))


def list_sessions(
    session: Session, user_id: UUID, now: datetime, *, this: UUID | None = None, area: str = ""
) -> tuple[SessionView, ...]:  # fmt: skip
    """The live sessions of a user, used last first."""
    statement = (
        select(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
        )
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
        .limit(100)
    )
    if area:
        statement = statement.where(SignInSession.area == area)
    return tuple(_view(row, this) for row in session.scalars(statement))


def session_facts(session: Session, session_id: UUID) -> SessionView | None:
    """One session, for the mail about it; None when it is swept away."""
    row = session.get(SignInSession, session_id)
    return None if row is None else _view(row, None)


def _view(row: SignInSession, this: UUID | None) -> SessionView:
    return SessionView(
        id=row.id, area=row.area, ip=row.ip, agent=row.agent, created_at=row.created_at,
        last_seen_at=row.last_seen_at, is_this=row.id == this, is_acting=row.acting_staff_id is not None,
    )  # fmt: skip


def sweep(session: Session, now: datetime) -> None:
    """Forget what is long over: ended sessions after a month, windows of tries, tokens."""
    session.flush()
    old = or_(SignInSession.expires_at < now - KEEP_ENDED, SignInSession.revoked_at < now - KEEP_ENDED)
    session.execute(delete(SignInSession).where(old))
    throttling.sweep(session, now, longer={guesses.SCOPE: guesses.WINDOW_SECONDS})
    tokens.sweep(session, now)
