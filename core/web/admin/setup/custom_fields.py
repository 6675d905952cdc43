"""Custom fields: the list, and the form of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.clients import custom, custom_fields
from core.clients.custom import KINDS, OWNERS, FieldView
from core.web import forms
from core.web.admin import access, editing, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, visitor_ip
from core.web.forms import Form

LABELS: dict[str, str] = {
    "owner": "Of", "label": "Label", "key": "Name in files", "help": "Help below the field", "kind": "Kind",
    "choices": "Choices", "is_required": "Must be filled in",
}  # fmt: skip


@blueprint.get("/custom-fields", endpoint="custom_fields")
@needs("settings.view")
def list_fields() -> Response:
    return _list()


def _list(status: int = 200, trouble: str = "") -> Response:
    with house().db.read() as session:
        by_owner = [
            (owner, words, custom.fields_of(session, owner, archived=True)) for owner, words in OWNERS
        ]
        used = custom_fields.used(session)
    return page.draw(
        "setup/custom-fields.html", status, section="custom_fields", by_owner=by_owner, used=used,
        kinds=dict(KINDS), trouble=trouble,
    )  # fmt: skip


@blueprint.route("/custom-fields/new", endpoint="custom_field_new", methods=["GET", "POST"])
@needs("settings.edit")
def add_field() -> Response:
    if request.method == "GET":
        owner = page.chosen("owner", tuple(code for code, _words in OWNERS)) or "client"
        return _draw(None, Again(status=200, form=Form(values={"owner": owner})))
    return editing.attempted(lambda: _save(None), lambda again: _draw(None, again), labels=LABELS)


@blueprint.route("/custom-fields/<uuid:field_id>/edit", endpoint="custom_field_edit", methods=["GET", "POST"])
@needs("settings.edit")
def edit_field(field_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = custom_fields.find(session, field_id)
    if request.method == "GET":
        return _draw(found, Again(status=200, form=Form(values=custom_fields.form_of(found))))
    return editing.attempted(
        lambda: _save(found), lambda again: _draw(found, again), labels=LABELS,
        trail=Trail(target=f"custom_field:{field_id}"),
    )  # fmt: skip


def _save(found: FieldView | None) -> Response:
    values = forms.values()
    with house().db.transaction() as session:
        custom_fields.save(
            session, house(), found.id if found else None, values,
            version=editing.version(values) if found else 0, actor=access.actor(), ip=visitor_ip(),
        )  # fmt: skip
    return notices.go(url_for("admin.custom_fields"), "The field is saved.")


def _draw(found: FieldView | None, again: Again) -> Response:
    title = f"Edit {found.label}" if found else "Add field"
    return page.draw(
        "setup/custom-field.html", again.status, section="custom_fields", field=found, form=again.form,
        labels=LABELS, kinds=KINDS, owners=OWNERS, differences=again.differences, trouble=again.trouble,
        heading=title, title=forms.page_title(title, again.form.errors),
    )  # fmt: skip


@blueprint.post("/custom-fields/<uuid:field_id>/move", endpoint="custom_field_move")
@needs("settings.edit")
def move_field(field_id: UUID) -> Response:
    up = request.form.get("to") == "up"
    return _changed(lambda session: custom_fields.reorder(session, field_id, up=up), "The order is saved.")


@blueprint.post("/custom-fields/<uuid:field_id>/archive", endpoint="custom_field_archive")
@needs("settings.edit")
def archive_field(field_id: UUID) -> Response:
    """Out of the forms, or with ``archived`` empty back into them."""
    archived = bool(request.form.get("archived"))
    return _changed(
        lambda session: custom_fields.archive(
            session, house(), field_id, archived=archived, actor=access.actor(), ip=visitor_ip()
        ),
        "The field is archived; its values stay." if archived else "The field is back in the forms.",
    )


@blueprint.post("/custom-fields/<uuid:field_id>/delete", endpoint="custom_field_delete")
@needs("settings.edit")
def delete_field(field_id: UUID) -> Response:
    return _changed(
        lambda session: custom_fields.remove(
            session, house(), field_id, actor=access.actor(), ip=visitor_ip()
        ),
        "The field is deleted.",
    )


def _changed(do: Callable[[Any], object], said: str) -> Response:
    def run() -> Response:
        with house().db.transaction() as session:
            do(session)
        return notices.go(url_for("admin.custom_fields"), said)

    return page.attempted(run, lambda status, text, _form: _list(status, text))
