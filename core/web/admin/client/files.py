"""Files kept with one client. They are only ever handed out as downloads that a browser will not run."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import request, send_file, url_for
from werkzeug.wrappers import Response

from core.clients import files
from core.kernel.problems import InvalidFields, NotFound
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house, visitor_ip
from core.web.forms import Form
from core.web.guards import takes_files

MOST_OF_A_FORM = files.LARGEST + 64 * 1024
# Whatever it is: it is saved, never shown, and were it shown, nothing in it would run (A86).
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@blueprint.get("/clients/<uuid:client_id>/files", endpoint="client_files")
@needs("files.view")
def list_files(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(client_id)


def _draw(client_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        found = files.list_files(session, client_id, page.asked_window())
        _, used = files.used(session, client_id)
    return frame.draw(
        "files.html", client, tab="files", status=status, page=found, pager=page.pager(found),
        form=form or Form(), trouble=trouble, size=size, used=used, most=files.LARGEST_OF_CLIENT,
        largest=files.LARGEST,
    )  # fmt: skip


def size(count: int) -> str:
    """``812 bytes``, ``14 kB``, ``1.2 MB``."""
    if count < 1000:
        return f"{count} bytes"
    return f"{round(count / 1000)} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


@blueprint.post("/clients/<uuid:client_id>/files", endpoint="file_add")
@needs("files.edit")
@takes_files(MOST_OF_A_FORM)
def add(client_id: UUID) -> Response:
    """Raises NotFound."""
    frame.read(client_id)

    def do() -> Response:
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise InvalidFields({"file": "Choose a file first."})
        with sent.stream as stream:  # it may be a file of its own by now
            data = stream.read(files.LARGEST + 1)
        files.add(
            house(), _folder(), client_id, name=sent.filename, data=data,
            actor=access.actor(), actor_name=access.person().name, ip=visitor_ip(),
        )  # fmt: skip
        return notices.go(url_for("admin.client_files", client_id=client_id), "The file is kept.")

    return page.attempted(do, lambda status, text, form: _draw(client_id, status, text, form))


@blueprint.get("/clients/<uuid:client_id>/files/<uuid:file_id>", endpoint="file")
@needs("files.view")
def download(client_id: UUID, file_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        kept, path = files.read(session, _folder(), file_id)
    if kept.client_id != client_id:
        raise NotFound("There is no such file.")
    answer = send_file(
        path.resolve(), mimetype=kept.media_type, as_attachment=True, download_name=kept.name, max_age=0
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/clients/<uuid:client_id>/files/<uuid:file_id>/delete", endpoint="file_delete")
@needs("files.edit")
def delete(client_id: UUID, file_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        if files.find(session, file_id).client_id != client_id:
            raise NotFound("There is no such file.")
    gone = files.remove(house(), _folder(), file_id, actor=access.actor(), ip=visitor_ip())
    return notices.go(url_for("admin.client_files", client_id=client_id), f"{gone.name} is deleted.")


def _folder() -> Path:
    return house().settings.data
