"""Notes of staff on one client."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.clients import notes
from core.clients.notes import Note
from core.kernel.problems import NotFound
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house, visitor_ip
from core.web.forms import Form


@blueprint.get("/clients/<uuid:client_id>/notes", endpoint="client_notes")
@needs("clients.view")
def list_notes(client_id: UUID) -> Response:
    """``edit`` in the address opens one's own note for changing. Raises NotFound."""
    return _draw(client_id)


def _draw(client_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        pinned = notes.pinned(session, client_id)
        found = notes.list_notes(session, client_id, page.asked_window())
    form = form or Form(values={"asked": request.args.get("edit", "")})
    return frame.draw(
        "notes.html", client, tab="notes", status=status, pinned=pinned, page=found, form=form,
        pager=page.pager(found), trouble=trouble, mine=access.actor(), longest=notes.LONGEST,
    )  # fmt: skip


def _back(client_id: UUID, text: str) -> Response:
    return notices.go(url_for("admin.client_notes", client_id=client_id), text)


@blueprint.post("/clients/<uuid:client_id>/notes", endpoint="note_write")
@needs("notes.edit")
def write(client_id: UUID) -> Response:
    """Raises NotFound."""

    def do() -> Response:
        with house().db.transaction() as session:
            notes.write(
                session, house(), client_id, request.form.get("note", ""), actor=access.actor(),
                actor_name=access.person().name, is_pinned=bool(request.form.get("pinned")),
                ip=visitor_ip(),
            )  # fmt: skip
        return _back(client_id, "The note is kept.")

    return page.attempted(do, lambda status, text, form: _draw(client_id, status, text, form))


def _own(client_id: UUID, note_id: UUID) -> Note:
    """The note, if it is on this client. Raises NotFound."""
    with house().db.read() as session:
        found = notes.find(session, note_id)
    if found.client_id != client_id:
        raise NotFound("There is no such note.")
    return found


@blueprint.post("/clients/<uuid:client_id>/notes/<uuid:note_id>", endpoint="note_edit")
@needs("notes.edit")
def change(client_id: UUID, note_id: UUID) -> Response:
    """Raises NotFound, Refused for another's note."""
    _own(client_id, note_id)

    def do() -> Response:
        with house().db.transaction() as session:
            text = request.form.get("note", "")
            notes.change(session, house(), note_id, text, actor=access.actor(), ip=visitor_ip())
        return _back(client_id, "The note is changed.")

    return page.attempted(do, lambda status, text, form: _draw(client_id, status, text, form))


@blueprint.post("/clients/<uuid:client_id>/notes/<uuid:note_id>/pin", endpoint="note_pin")
@needs("notes.edit")
def pin(client_id: UUID, note_id: UUID) -> Response:
    """Raises NotFound."""
    _own(client_id, note_id)
    is_pinned = request.form.get("pinned") == "1"
    with house().db.transaction() as session:
        notes.pin(session, house(), note_id, is_pinned=is_pinned, actor=access.actor(), ip=visitor_ip())
    return _back(client_id, "The note stays on top." if is_pinned else "The note is one of the others again.")


@blueprint.post("/clients/<uuid:client_id>/notes/<uuid:note_id>/delete", endpoint="note_delete")
@needs("notes.edit")
def delete(client_id: UUID, note_id: UUID) -> Response:
    """Raises NotFound, Refused for another's note."""
    _own(client_id, note_id)
    with house().db.transaction() as session:
        notes.remove(session, house(), note_id, actor=access.actor(), ip=visitor_ip())
    return _back(client_id, "The note is deleted.")
