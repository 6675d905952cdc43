"""Staff: who works for the host, in which role. All of it within the permissions of who does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.identity import details, factors, resetting, roles, tokens
from core.identity.models import Role, RolePermission, SecondFactor, SignInSession, Staff, User
from core.identity.permissions import ADMINISTRATOR
from core.identity.rules import clean_email
from core.identity.sessions import revoke_one, revoke_sessions
from core.identity.users import NewStaff, make_staff
from core.identity.values import Identity
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_line
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused, Stale
from core.kernel.work import House, publish

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffView:
    """One of the staff. ``last_seen_at`` is of their newest session."""

    user_id: UUID
    username: str
    email: str
    name: str
    locale: str
    role_id: UUID
    role: str
    version: int
    status: str
    has_factor: bool
    has_password: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffForm:
    """What is said of a person: as typed."""

    name: str
    email: str
    role_id: str


def list_staff(session: Session) -> tuple[StaffView, ...]:
    """Everybody, by name; who is disabled comes last."""
    return tuple(sorted(_views(session, None), key=lambda one: (one.status != "active", one.name.casefold())))


def staff(session: Session, user_id: UUID) -> StaffView:
    """Raises NotFound."""
    found = _views(session, user_id)
    if not found:
        raise NotFound(_("There is nobody like that on the staff."))
    return found[0]


def _views(session: Session, user_id: UUID | None) -> list[StaffView]:
    seen = (
        select(func.max(SignInSession.last_seen_at))
        .where(SignInSession.user_id == User.id, SignInSession.area == "admin")
        .scalar_subquery()
    )
    confirmed = select(SecondFactor.id).where(
        SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)
    )
    statement = (
        select(User, Staff, Role.name, seen, confirmed.exists())
        .join(Staff, Staff.user_id == User.id)
        .join(Role, Role.id == Staff.role_id)
    )
    if user_id is not None:
        statement = statement.where(User.id == user_id)
    return [
        StaffView(
            user_id=user.id, username=user.username, email=user.email, name=row.name, locale=user.locale,
            role_id=row.role_id, role=role_name, version=row.version, status=user.status,
            has_factor=has_factor, has_password=user.password_hash != details.UNUSABLE, last_seen_at=last,
        )
        for user, row, role_name, last, has_factor in session.execute(statement)
    ]  # fmt: skip


def may_touch(session: Session, by: Identity, view: StaffView) -> bool:
    """Whether somebody may change this person: they have every permission that the person has."""
    return roles.within_reach(by, _permissions(session, view.role_id))


def add_staff(
    house: House, session: Session, by: Identity, form: StaffForm, *, username: str, ip: str
) -> UUID:  # fmt: skip
    """Make somebody one of the staff and mail them an invitation to choose their password.

    Raises InvalidFields, and Refused for a role with more permissions than one's own.
    """
    now = house.clock.now()
    name, role_view = _checked(session, by, form)
    email = clean_email(form.email) or form.email
    new = NewStaff(
        username=username, email=email, name=name, password_hash=details.UNUSABLE, role_id=role_view.id
    )
    user_id = make_staff(session, new, now)
    after = {"username": username, "name": name, "email": email, "role": role_view.name}
    audit.record(
        session, actor=by.actor, action="staff.create", target=f"user:{user_id}", after=after, now=now
    )  # fmt: skip
    resetting.invite(house, session, user_id, area="admin", ip=ip)
    return user_id


def edit_staff(
    session: Session, by: Identity, user_id: UUID, form: StaffForm, *, version: int, now: datetime
) -> bool:  # fmt: skip
    """Change name, email and role; False when all is that already.

    Raises NotFound, InvalidFields, Stale, Conflict (the last administrator), Refused: beyond one's own
    permissions, or one's own role.
    """
    was = _touched(session, by, user_id)
    name, role_view = _checked(session, by, form)
    email = clean_email(form.email) or form.email
    before, after = _difference(was, name, email, role_view.name)
    if not after:
        return False
    _check_role_change(session, by, was, role_view.id)
    advance = update(Staff).where(Staff.user_id == user_id, Staff.version == version)
    if not changed(session, advance.values(name=name, role_id=role_view.id, version=version + 1)):
        raise Stale(was.version, theirs(was))
    if email != was.email:
        details.change_details(session, user_id, username=was.username, email=email, locale=was.locale)
        tokens.kill(session, user_id, now, tokens.RESET, tokens.INVITE)  # links to the old address
    audit.record(
        session, actor=by.actor, action="staff.edit", target=f"user:{user_id}", before=before, after=after,
        now=now,
    )  # fmt: skip
    return True


def theirs(view: StaffView) -> Mapping[str, str]:
    """A person as their form shows them."""
    return {"name": view.name, "email": view.email, "role_id": str(view.role_id)}


def disable(session: Session, by: Identity, user_id: UUID, *, now: datetime) -> None:
    """Out with the next request, and not in again. Raises NotFound, Refused, Conflict: the last
    administrator, or oneself."""
    was = _touched(session, by, user_id)
    if user_id == by.user_id:
        raise Conflict(_("You can not disable yourself. Ask a colleague."))
    if was.role == ADMINISTRATOR:
        roles.keep_an_administrator(session, without=user_id)
    _set_status(session, by, was, "disabled", now)
    revoke_sessions(session, user_id, now)
    tokens.kill(session, user_id, now)


def enable(session: Session, by: Identity, user_id: UUID, *, now: datetime) -> None:
    """In again, with the password and factors they had. Raises NotFound, Refused."""
    _set_status(session, by, _touched(session, by, user_id), "active", now)


def end_sessions(session: Session, by: Identity, user_id: UUID, *, now: datetime) -> int:
    """Sign somebody out everywhere; returns of how many sessions. Raises NotFound, Refused."""
    _touched(session, by, user_id)
    keep = by.session_id if user_id == by.user_id else None
    count = revoke_sessions(session, user_id, now, keep=keep)
    _note(session, by, user_id, "staff.end_sessions", now)
    return count


def end_session(session: Session, by: Identity, user_id: UUID, session_id: UUID, *, now: datetime) -> None:
    """End one session of somebody. Raises NotFound, Refused."""
    _touched(session, by, user_id)
    if not revoke_one(session, user_id, session_id, now):
        raise NotFound(_("This session is over already."))
    _note(session, by, user_id, "staff.end_session", now)


def reset_factor(house: House, session: Session, by: Identity, user_id: UUID, *, now: datetime) -> None:
    """Take every second factor away from somebody who lost theirs; they are signed out and set up a new one
    when they sign in. Raises NotFound, Refused, Conflict for oneself."""
    _touched(session, by, user_id)
    if user_id == by.user_id:
        raise Conflict(_("Your own second factor is changed under your own name."))
    _take_factors_away(house, session, user_id, "admin", now)
    _note(session, by, user_id, "staff.reset_factor", now)


def reset_factor_of_client(
    house: House, session: Session, by: Identity, user_id: UUID, *, now: datetime
) -> None:  # fmt: skip
    """The same for somebody who signs in to the portal: their password alone opens it until they set up a new
    one, so make sure who is asking. Raises NotFound for staff and for nobody."""
    if session.get(User, user_id) is None or session.get(Staff, user_id) is not None:
        raise NotFound(_("Nobody signs in to the portal by that name."))
    _take_factors_away(house, session, user_id, "portal", now)
    _note(session, by, user_id, "user.reset_factor", now)


def _take_factors_away(house: House, session: Session, user_id: UUID, area: str, now: datetime) -> None:
    factors.remove_all(session, user_id)
    revoke_sessions(session, user_id, now)
    publish(house, session, "user.factor_changed", {"user_id": user_id, "what": "removed", "area": area})


def invite_again(house: House, session: Session, by: Identity, user_id: UUID, *, ip: str) -> None:
    """A new link for somebody who has not chosen a password yet. Raises NotFound, Refused, Conflict."""
    was = _touched(session, by, user_id)
    if was.has_password or was.status != "active":
        raise Conflict(_("They have a password already. They can ask for a link on the sign-in page."))
    resetting.invite(house, session, user_id, area="admin", ip=ip)
    _note(session, by, user_id, "staff.invite", house.clock.now())


def _touched(session: Session, by: Identity, user_id: UUID) -> StaffView:
    """The person, if they are not above who asks."""
    view = staff(session, user_id)
    roles.check_reach(by, _permissions(session, view.role_id))
    return view


def _permissions(session: Session, role_id: UUID) -> frozenset[str]:
    rows = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == role_id))
    return frozenset(rows)


def _checked(session: Session, by: Identity, form: StaffForm) -> tuple[str, roles.RoleView]:
    wrong: dict[str, str] = {}
    name = " ".join(form.name.split())
    if not is_line(name, LONGEST_NAME):
        wrong["name"] = _("Enter a name of up to 100 characters.")
    if clean_email(form.email) is None:
        wrong["email"] = _("Enter an email address, as in name@example.com.")
    view = next((one for one in roles.list_roles(session) if str(one.id) == form.role_id), None)
    if view is None:
        wrong["role_id"] = _("Choose a role.")
    if wrong or view is None:
        raise InvalidFields(wrong)
    roles.check_reach(by, view.permissions)
    return name, view


def _check_role_change(session: Session, by: Identity, was: StaffView, role_id: UUID) -> None:
    if was.role_id == role_id:
        return
    if was.user_id == by.user_id:
        raise Refused(_("You can not change your own role. Ask a colleague."))
    if was.role == ADMINISTRATOR:
        roles.keep_an_administrator(session, without=was.user_id)


def _difference(
    was: StaffView, name: str, email: str, role: str
) -> tuple[dict[str, str], dict[str, str]]:  # fmt: skip
    now_is = {"name": name, "email": email, "role": role}
    before = {"name": was.name, "email": was.email, "role": was.role}
    differs = [field for field in now_is if now_is[field] != before[field]]
    return {field: before[field] for field in differs}, {field: now_is[field] for field in differs}


def _set_status(session: Session, by: Identity, was: StaffView, status: str, now: datetime) -> None:
    if was.status == status:
        return
    session.execute(update(User).where(User.id == was.user_id).values(status=status))
    action = "staff.disable" if status == "disabled" else "staff.enable"
    audit.record(
        session, actor=by.actor, action=action, target=f"user:{was.user_id}",
        before={"status": was.status}, after={"status": status}, now=now,
    )  # fmt: skip


def _note(session: Session, by: Identity, user_id: UUID, action: str, now: datetime) -> None:
    audit.record(session, actor=by.actor, action=action, target=f"user:{user_id}", now=now)
