"""Staff: who works here, and in which role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.identity import factors, roles, sessions, staffing
from core.identity.staffing import StaffForm
from core.kernel.problems import Conflict
from core.web import forms
from core.web.admin import access, editing, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, now, visitor_ip

LABELS = {"username": "User name", "name": "Name", "email": "Email", "role_id": "Role"}


@blueprint.get("/staff", endpoint="staff")
@needs("staff.view")
def list_staff() -> Response:
    with house().db.read() as session:
        people = staffing.list_staff(session)
    return page.draw("staff.html", section="staff", people=people, must=not house().settings.is_demo)


@blueprint.get("/staff/new", endpoint="staff_new")
@needs("staff.edit", proven=True)
def new_staff() -> Response:
    return _draw_new(Again(status=200, form=forms.Form()))


def _draw_new(again: Again) -> Response:
    return page.draw(
        "staff-new.html", again.status, section="staff", form=again.form, trouble=again.trouble,
        roles=_roles_to_give(), labels=LABELS,
    )  # fmt: skip


@blueprint.post("/staff/new", endpoint="staff_add")
@needs("staff.edit", proven=True)
def add_staff() -> Response:
    """Raises Refused for a role beyond one's own permissions."""
    typed = forms.values()

    def do() -> Response:
        with house().db.transaction() as session:
            user_id = staffing.add_staff(
                house(), session, access.person(), _form(typed), username=typed.get("username", ""),
                ip=visitor_ip(),
            )  # fmt: skip
        url = url_for("admin.staff_member", user_id=user_id)
        return notices.go(url, "Added. A mail with a link to choose a password is on its way.")

    return editing.attempted(do, _draw_new, labels=LABELS)


def _form(typed: dict[str, str]) -> StaffForm:
    return StaffForm(
        name=typed.get("name", ""), email=typed.get("email", ""), role_id=typed.get("role_id", "")
    )


@blueprint.get("/staff/<uuid:user_id>", endpoint="staff_member")
@needs("staff.view")
def show_staff(user_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(user_id, Again(status=200, form=forms.Form()))


def _draw(user_id: UUID, again: Again) -> Response:
    with house().db.read() as session:
        view = staffing.staff(session, user_id)
        own_sessions = sessions.list_sessions(session, user_id, now(), this=access.person().session_id)
        kept = factors.list_factors(session, user_id)
        may_touch = staffing.may_touch(session, access.person(), view)
    if not again.form.values:
        values = {**staffing.theirs(view), "version": str(view.version)}
        again = Again(status=again.status, form=forms.Form(values=values), trouble=again.trouble)
    return page.draw(
        "staff-member.html", again.status, section="staff", view=view, form=again.form,
        trouble=again.trouble, differences=again.differences, sessions=own_sessions, factors=kept,
        may_touch=may_touch and access.may("staff.edit"), roles=_roles_to_give(), labels=LABELS,
        is_me=user_id == access.person().user_id,
        end_url=lambda one: url_for("admin.staff_end_session", user_id=user_id, session_id=one),
    )  # fmt: skip


@blueprint.post("/staff/<uuid:user_id>", endpoint="staff_save")
@needs("staff.edit", proven=True)
def save_staff(user_id: UUID) -> Response:
    """Raises NotFound, Refused beyond one's own permissions."""

    def do() -> Response:
        typed = forms.values()
        with house().db.transaction() as session:
            staffing.edit_staff(
                session, access.person(), user_id, _form(typed), version=editing.version(typed), now=now()
            )
        return notices.go(url_for("admin.staff_member", user_id=user_id), "Saved.")

    names = {str(one.id): one.name for one in _all_roles()}
    return editing.attempted(
        do, lambda again: _draw(user_id, again), labels=LABELS,
        shown={"role_id": lambda role_id: names.get(role_id, role_id)}, trail=Trail(target=f"user:{user_id}"),
    )  # fmt: skip


def _all_roles() -> tuple[roles.RoleView, ...]:
    with house().db.read() as session:
        return roles.list_roles(session)


def _roles_to_give() -> list[tuple[str, str]]:
    """Roles within one's own permissions, as choices."""
    mine = access.person()
    return [(str(one.id), one.name) for one in _all_roles() if roles.within_reach(mine, one.permissions)]


def _act(user_id: UUID, do: Callable[[Any], object], said: str) -> Response:
    """One button of the page. Raises NotFound, Refused."""
    try:
        with house().db.transaction() as session:
            do(session)
    except Conflict as problem:
        return _draw(user_id, Again(status=409, form=forms.Form(), trouble=str(problem)))
    return notices.go(url_for("admin.staff_member", user_id=user_id), said)


@blueprint.post("/staff/<uuid:user_id>/disable", endpoint="staff_disable")
@needs("staff.edit", proven=True)
def disable(user_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id, lambda session: staffing.disable(session, person, user_id, now=now()),
        "Disabled, and signed out everywhere.",
    )  # fmt: skip


@blueprint.post("/staff/<uuid:user_id>/enable", endpoint="staff_enable")
@needs("staff.edit", proven=True)
def enable(user_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id, lambda session: staffing.enable(session, person, user_id, now=now()), "Enabled again."
    )


@blueprint.post("/staff/<uuid:user_id>/end-sessions", endpoint="staff_end_sessions")
@needs("staff.edit", proven=True)
def end_sessions(user_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id, lambda session: staffing.end_sessions(session, person, user_id, now=now()),
        "Signed out everywhere.",
    )  # fmt: skip


@blueprint.post("/staff/<uuid:user_id>/sessions/<uuid:session_id>/end", endpoint="staff_end_session")
@needs("staff.edit", proven=True)
def end_session(user_id: UUID, session_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id, lambda session: staffing.end_session(session, person, user_id, session_id, now=now()),
        "That session has ended.",
    )  # fmt: skip


@blueprint.post("/staff/<uuid:user_id>/reset-factor", endpoint="staff_reset_factor")
@needs("staff.edit", proven=True)
def reset_factor(user_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id, lambda session: staffing.reset_factor(house(), session, person, user_id, now=now()),
        "Their second factors and recovery codes are gone. They set up a new one at their next sign-in.",
    )  # fmt: skip


@blueprint.post("/staff/<uuid:user_id>/invite", endpoint="staff_invite")
@needs("staff.edit", proven=True)
def invite(user_id: UUID) -> Response:
    person = access.person()
    return _act(
        user_id,
        lambda session: staffing.invite_again(house(), session, person, user_id, ip=visitor_ip()),
        "A new link is on its way. The older one does not work any more.",
    )  # fmt: skip
