"""Roles: sets of permissions. Nobody gives more than they have, and nobody touches what is above them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.models import Role, RolePermission, Staff, User
from core.identity.permissions import ADMINISTRATOR, PERMISSIONS
from core.identity.values import Identity
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.lines import is_line
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused, Stale

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """``people`` counts who has it. ``is_fixed``: the administrators' own, which always has everything."""

    id: UUID
    name: str
    version: int
    permissions: frozenset[str]
    people: int

    @property
    def is_fixed(self) -> bool:
        return self.name == ADMINISTRATOR


def list_roles(session: Session) -> tuple[RoleView, ...]:
    """All roles by name."""
    counted = session.execute(select(Staff.role_id, func.count()).group_by(Staff.role_id))
    people: dict[UUID, int] = {role_id: count for role_id, count in counted}
    granted: dict[UUID, set[str]] = {}
    for role_id, permission in session.execute(select(RolePermission.role_id, RolePermission.permission)):
        granted.setdefault(role_id, set()).add(permission)
    return tuple(
        RoleView(
            id=row.id, name=row.name, version=row.version, people=people.get(row.id, 0),
            permissions=frozenset(granted.get(row.id, ())) & PERMISSIONS.keys(),
        )
        for row in session.scalars(select(Role).order_by(Role.name))
    )  # fmt: skip


def role(session: Session, role_id: UUID) -> RoleView:
    """Raises NotFound."""
    found = next((one for one in list_roles(session) if one.id == role_id), None)
    if found is None:
        raise NotFound(_("There is no such role."))
    return found


def within_reach(by: Identity, permissions: Collection[str]) -> bool:
    """Whether somebody has all of these themselves."""
    return set(permissions) <= by.permissions


def check_reach(by: Identity, permissions: Collection[str]) -> None:
    """Raises Refused, naming what is beyond them."""
    if missing := sorted(set(permissions) - by.permissions):
        words = ", ".join(missing)
        raise Refused(
            _("You can not do this, since you do not have: {permissions}.").format(permissions=words)
        )


def add_role(
    session: Session, by: Identity, *, name: str, permissions: Collection[str], now: datetime
) -> UUID:
    """Raises InvalidFields (name empty or taken, unknown permission), Refused beyond one's own."""
    wanted = _checked(by, permissions)
    role_id, clean = new_id(), _clean_name(name)
    try:
        with session.begin_nested():
            session.execute(insert(Role).values(id=role_id, name=clean, version=1))
    except IntegrityError:
        raise _taken() from None
    _grant(session, role_id, wanted)
    after = {"name": clean, "permissions": sorted(wanted)}
    audit.record(
        session, actor=by.actor, action="role.create", target=f"role:{role_id}", after=after, now=now
    )  # fmt: skip
    return role_id


def edit_role(
    session: Session, by: Identity, role_id: UUID, *, version: int, name: str,
    permissions: Collection[str], now: datetime,
) -> bool:  # fmt: skip
    """Change a role; False when it is that already. It acts with the next request of everybody in it.

    Raises NotFound, InvalidFields, Stale, and Refused: beyond one's own permissions, a role that has some
    one lacks, or the administrators' own.
    """
    was = role(session, role_id)
    _check_editable(by, was)
    wanted, clean = _checked(by, permissions), _clean_name(name)
    if (clean, wanted) == (was.name, was.permissions):
        return False
    _advance(session, was, version, clean)
    session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
    _grant(session, role_id, wanted)
    before, after = _difference(was, clean, wanted)
    audit.record(
        session, actor=by.actor, action="role.edit", target=f"role:{role_id}", before=before, after=after,
        now=now,
    )  # fmt: skip
    return True


def remove_role(session: Session, by: Identity, role_id: UUID, *, now: datetime) -> None:
    """Raises NotFound, Refused, and Conflict while somebody has it."""
    was = role(session, role_id)
    _check_editable(by, was)
    if was.people:
        raise Conflict(
            _("Somebody has this role still. Give them another one first, or take its permissions away.")
        )
    session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
    session.execute(delete(Role).where(Role.id == role_id))
    before = {"name": was.name, "permissions": sorted(was.permissions)}
    audit.record(
        session, actor=by.actor, action="role.remove", target=f"role:{role_id}", before=before, now=now
    )  # fmt: skip


def hold_administrators(session: Session) -> UUID | None:
    """Hold the administrators' role until commit: of two who take the last one away, one sees it."""
    held = update(Role).where(Role.name == ADMINISTRATOR).values(name=Role.name).returning(Role.id)
    return session.execute(held, execution_options={"synchronize_session": False}).scalar()


def keep_an_administrator(session: Session, without: UUID) -> None:
    """Raises Conflict when nobody but ``without`` could administer the house."""
    role_id = hold_administrators(session)
    others = (
        select(Staff.user_id)
        .join(User, User.id == Staff.user_id)
        .where(Staff.role_id == role_id, User.status == "active", Staff.user_id != without)
    )
    if session.scalar(others.limit(1)) is None:
        raise Conflict(_("This is the last administrator. Make somebody else one first."))


def theirs(view: RoleView) -> Mapping[str, str]:
    """A role as its form shows it, for somebody who had an older one open."""
    in_order = [name for name in PERMISSIONS if name in view.permissions]  # as the form's boxes stand
    return {"name": view.name, "permissions": ", ".join(in_order)}


def _check_editable(by: Identity, was: RoleView) -> None:
    if was.is_fixed:
        raise Refused(_("Administrators always have every permission: this role can not be changed."))
    check_reach(by, was.permissions)


def _checked(by: Identity, permissions: Collection[str]) -> frozenset[str]:
    wanted = frozenset(permissions)
    if wanted - PERMISSIONS.keys():
        raise InvalidFields({"permissions": _("There is no such permission. Open the page again.")})
    check_reach(by, wanted)
    return wanted


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not is_line(clean, LONGEST_NAME):
        raise InvalidFields({"name": _("Give the role a name of up to 80 characters.")})
    if clean.casefold() == ADMINISTRATOR.casefold():
        raise _taken()
    return clean


def _taken() -> InvalidFields:
    return InvalidFields({"name": _("There is a role of that name already.")})


def _advance(session: Session, was: RoleView, version: int, name: str) -> None:
    statement = update(Role).where(Role.id == was.id, Role.version == version)
    try:
        with session.begin_nested():
            is_ours = changed(session, statement.values(name=name, version=version + 1))
    except IntegrityError:
        raise _taken() from None
    if not is_ours:
        raise Stale(was.version, theirs(was))


def _grant(session: Session, role_id: UUID, permissions: Collection[str]) -> None:
    rows = [{"id": new_id(), "role_id": role_id, "permission": one} for one in sorted(permissions)]
    if rows:
        session.execute(insert(RolePermission), rows)


def _difference(
    was: RoleView, name: str, permissions: frozenset[str]
) -> tuple[dict[str, object], dict[str, object]]:  # fmt: skip
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    if was.name != name:
        before["name"], after["name"] = was.name, name
    if gone := sorted(was.permissions - permissions):
        before["permissions"] = gone
    if new := sorted(permissions - was.permissions):
        after["permissions"] = new
    return before, after
