"""Roles: named sets of permissions. What a role does not have is refused."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.identity import roles
from core.identity.permissions import PERMISSIONS
from core.identity.roles import RoleView
from core.kernel.problems import Conflict
from core.web import forms
from core.web.admin import access, editing, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, now

LABELS = {"name": "Name", "permissions": "Permissions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Permissions about one thing, in the order they are declared: (name, sentence, whether one has it)."""

    label: str
    entries: tuple[tuple[str, str, bool], ...]


def groups() -> tuple[Group, ...]:
    """All permissions for the form; what the person lacks can be seen there and not be given."""
    mine = access.person().permissions
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for name, sentence in PERMISSIONS.items():
        found.setdefault(name.partition(".")[0], []).append((name, sentence, name in mine))
    return tuple(
        Group(label=name.replace("_", " ").capitalize(), entries=tuple(entries))
        for name, entries in found.items()
    )


@blueprint.get("/roles", endpoint="roles")
@needs("staff.view")
def list_roles() -> Response:
    with house().db.read() as session:
        found = roles.list_roles(session)
    return page.draw("roles.html", section="staff", roles=found, all_permissions=len(PERMISSIONS))


@blueprint.get("/roles/new", endpoint="role_new")
@needs("staff.edit", proven=True)
def new_role() -> Response:
    return _draw_new(Again(status=200, form=forms.Form()))


def _draw_new(again: Again) -> Response:
    return page.draw(
        "role.html", again.status, section="staff", role=None, form=again.form, trouble=again.trouble,
        differences=(), groups=groups(), labels=LABELS, may_edit=True,
    )  # fmt: skip


@blueprint.post("/roles/new", endpoint="role_add")
@needs("staff.edit", proven=True)
def add_role() -> Response:
    """Raises Refused beyond one's own permissions."""

    def do() -> Response:
        with house().db.transaction() as session:
            roles.add_role(
                session, access.person(), name=request.form.get("name", ""),
                permissions=request.form.getlist("permissions"), now=now(),
            )  # fmt: skip
        return notices.go(url_for("admin.roles"), "The role is there.")

    return editing.attempted(do, _draw_new, labels=LABELS)


@blueprint.get("/roles/<uuid:role_id>", endpoint="role")
@needs("staff.view")
def show_role(role_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(role_id, Again(status=200, form=forms.Form()))


def _draw(role_id: UUID, again: Again) -> Response:
    with house().db.read() as session:
        view = roles.role(session, role_id)
    if not again.form.values:
        form = forms.Form(
            values={"name": view.name, "version": str(view.version)},
            lists={"permissions": tuple(view.permissions)},
        )
        again = Again(status=again.status, form=form, trouble=again.trouble)
    return page.draw(
        "role.html", again.status, section="staff", role=view, form=again.form, trouble=again.trouble,
        differences=again.differences, groups=groups(), labels=LABELS, may_edit=_may_edit(view),
    )  # fmt: skip


def _may_edit(view: RoleView) -> bool:
    is_within = roles.within_reach(access.person(), view.permissions)
    return access.may("staff.edit") and is_within and not view.is_fixed


@blueprint.post("/roles/<uuid:role_id>", endpoint="role_save")
@needs("staff.edit", proven=True)
def save_role(role_id: UUID) -> Response:
    """Raises NotFound, Refused."""

    def do() -> Response:
        with house().db.transaction() as session:
            roles.edit_role(
                session, access.person(), role_id, version=editing.version(forms.values()),
                name=request.form.get("name", ""), permissions=request.form.getlist("permissions"),
                now=now(),
            )  # fmt: skip
        return notices.go(url_for("admin.roles"), "Saved. It acts with everybody's next click.")

    return editing.attempted(
        do, lambda again: _draw(role_id, again), labels=LABELS, many=("permissions",),
        trail=Trail(target=f"role:{role_id}"),
    )  # fmt: skip


@blueprint.post("/roles/<uuid:role_id>/remove", endpoint="role_remove")
@needs("staff.edit", proven=True)
def remove_role(role_id: UUID) -> Response:
    """Raises NotFound, Refused."""
    try:
        with house().db.transaction() as session:
            roles.remove_role(session, access.person(), role_id, now=now())
    except Conflict as problem:
        return _draw(role_id, Again(status=409, form=forms.Form(), trouble=str(problem)))
    return notices.go(url_for("admin.roles"), "The role is gone.")
