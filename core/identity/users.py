"""Users, staff and their roles, the first administrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.identity import guesses, tokens
from core.identity.models import Membership, Role, RolePermission, Staff, User
from core.identity.passwords import hash_password, verify_password
from core.identity.permissions import ADMINISTRATOR, PERMISSIONS
from core.identity.rules import check_password_rules, check_username, clean_email, clean_username, fold
from core.identity.sessions import revoke_sessions
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields
from core.kernel.work import House

log = structlog.get_logger(__name__)


def make_user(
    session: Session, *, username: str, email: str, password_hash: str, locale: str, now: datetime
) -> UUID:
    """Make a user. Hash the password before the transaction begins.

    Raises InvalidFields: username or email malformed, or taken by another user.
    """
    check_new_user(session, username, email)
    user = User(
        id=new_id(), username=clean_username(username), username_folded=fold(username), email=email,
        email_folded=fold(email), password_hash=password_hash, locale=locale, created_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:  # somebody else took one of them a moment ago
        check_new_user(session, username, email)
        raise
    return user.id


def check_new_user(session: Session, username: str, email: str, *, themselves: bool = False) -> None:
    """Raises InvalidFields for a malformed or taken user name or email. ``themselves``: the person is there
    and may be who has it; otherwise staff are told."""
    wrong = taken(session, username, email)
    if themselves and "email" in wrong:
        wrong["email"] = _("An account with this email exists already. Sign in, or use another address.")
    if sentence := check_username(username):
        wrong["username"] = sentence
    if clean_email(email) is None:
        wrong["email"] = _("Enter an email address, as in name@example.com.")
    if wrong:
        raise InvalidFields(wrong)


def taken(session: Session, username: str, email: str) -> dict[str, str]:
    """A sentence for staff under "username" and "email" for what another user has already."""
    wrong: dict[str, str] = {}
    if _exists(session, User.username_folded, username):
        wrong["username"] = _("This user name is taken. Choose another.")
    if _exists(session, User.email_folded, clean_email(email) or email):
        wrong["email"] = _("Somebody signs in with this email already. Use another address.")
    return wrong


def _exists(session: Session, column: InstrumentedAttribute[str], text: str) -> bool:
    folded = fold(text)
    if not folded or "\0" in folded:  # PostgreSQL cannot even compare a NUL
        return False
    return session.scalar(select(User.id).where(column == folded)) is not None


def username_for(session: Session, client_id: UUID) -> str:
    """The user name of the client's first user; "" when nobody signs in for it."""
    statement = (
        select(User.username)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.client_id == client_id)
        .order_by(Membership.id)
        .limit(1)
    )
    return session.scalar(statement) or ""


def set_password(
    session: Session, user_id: UUID, password_hash: str, now: datetime, *, keep: UUID | None = None
) -> None:  # fmt: skip
    """Change a password, hashed before the transaction, and end every session of the user but ``keep``.
    Links in mails that let somebody choose one stop working; wrong tries are counted anew."""
    session.flush()
    values = {"password_hash": password_hash, "password_changed_at": now}
    session.execute(update(User).where(User.id == user_id).values(**values))
    revoke_sessions(session, user_id, now, keep=keep)
    guesses.forget(session, user_id)
    tokens.kill(session, user_id, now, tokens.RESET, tokens.INVITE)


def make_role(session: Session, name: str, permissions: Iterable[str]) -> UUID:
    """Make a role, or add what is missing to the role of that name. Raises ValueError for a permission
    nobody declared."""
    wanted = set(permissions)
    if unknown := wanted - PERMISSIONS.keys():
        raise ValueError(f"unknown permissions: {', '.join(sorted(unknown))}")
    role_id = _role(session, name)
    has = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == role_id))
    missing = [{"id": new_id(), "role_id": role_id, "permission": one} for one in sorted(wanted - set(has))]
    if missing:
        session.execute(insert(RolePermission), missing)
    return role_id


def _role(session: Session, name: str) -> UUID:
    """The role's id, its row held until commit: two who add to one role do it one after the other."""
    held = update(Role).where(Role.name == name).values(name=Role.name).returning(Role.id)
    found = session.execute(held, execution_options={"synchronize_session": False}).scalar()
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.execute(insert(Role).values(id=new_id(), name=name))
    except IntegrityError:
        pass  # another process made it at the same moment, and has committed by now
    return session.execute(held, execution_options={"synchronize_session": False}).scalar_one()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    username: str
    email: str
    name: str
    password_hash: str
    role_id: UUID
    locale: str = "en"


def make_staff(session: Session, new: NewStaff, now: datetime) -> UUID:
    """Make a user who works for the host. Raises InvalidFields like ``make_user``."""
    user_id = make_user(
        session, username=new.username, email=new.email, password_hash=new.password_hash,
        locale=new.locale, now=now,
    )  # fmt: skip
    session.add(Staff(user_id=user_id, role_id=new.role_id, name=new.name))
    session.flush()
    return user_id


def ensure_admin(house: House, username: str, password: str, *, reset: bool = False) -> bool:
    """Make sure that an administrator of that name exists; True when they were made just now.

    With ``reset`` the password of one who exists becomes ``password`` if it is another (and their
    sessions end); without it, it stays. The password is the operator's choice: what the rules for
    customers would refuse is only written to the log. The role gets permissions new in this release.
    """
    with house.db.read() as session:
        columns = select(User.id, User.password_hash).where(User.username_folded == fold(username))
        known = session.execute(columns).one_or_none()
    differs = known is None or (reset and not verify_password(known.password_hash, password))
    if differs and check_password_rules(password, username, "") is not None:
        log.warning("admin.weak_password", username=username)
    password_hash = hash_password(password) if differs else ""
    now = house.clock.now()
    with house.db.transaction() as session:
        role_id = make_role(session, ADMINISTRATOR, PERMISSIONS)
        if known is None:
            return _make_admin(session, username, password_hash, role_id, now)
        if differs:
            set_password(session, known.id, password_hash, now)
            audit.record(
                session, actor="system", action="user.set_password", target=f"user:{known.id}", now=now
            )
    return False


def _make_admin(session: Session, username: str, password_hash: str, role_id: UUID, now: datetime) -> bool:
    if _exists(session, User.username_folded, username):  # another process was quicker
        return False
    new = NewStaff(
        username=username,
        email=f"{fold(username)}@innkeeper.invalid",  # RFC 2606: no mail goes there
        name=clean_username(username).capitalize(),
        password_hash=password_hash,
        role_id=role_id,
    )
    user_id = make_staff(session, new, now)
    audit.record(session, actor="system", action="user.create", target=f"user:{user_id}", now=now)
    return True
