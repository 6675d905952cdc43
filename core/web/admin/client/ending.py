"""The end of a client: closing it, ending what runs, joining it to another, handing out and erasing."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import Response as Streamed
from flask import request, url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.clients import queries as clients
from core.kernel.problems import Conflict, NotFound
from core.payments import voiding
from core.records import closing, erasing, export, merging, obstacles
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house, visitor_ip
from core.web.forms import Form

_ONE = "/clients/<uuid:client_id>"


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()


# --- closing --------------------------------------------------------------------------------------


@blueprint.get(f"{_ONE}/close", endpoint="client_close")
@needs("clients.edit")
def show_close(client_id: UUID) -> Response:
    """What stands in the way, and what to do about it. Raises NotFound."""
    return draw_close(client_id)


def draw_close(client_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    """The page of closing, with what was typed, here or where the status is changed."""
    client = frame.read(client_id)
    with house().db.read() as session:
        found = obstacles.of_closing(session, client_id)
        due = billing.due_from(session, [client_id])
        closed = closing.closed_statuses(session)
    return frame.draw(
        "close.html", client, tab="", here_words="Close", status=status, obstacles=found, trouble=trouble,
        form=form or Form(), kinds={one.kind for one in found}, voidable=due,
        statuses=[(str(one), label) for one, label in closed],
    )  # fmt: skip


@blueprint.post(f"{_ONE}/close", endpoint="client_close_now")
@needs("clients.edit")
def close(client_id: UUID) -> Response:
    """Raises NotFound."""

    def do() -> Response:
        closing.close(
            house(), client_id, reason=_typed("reason"), status=_typed("status"), actor=access.actor(),
            ip=visitor_ip(),
        )  # fmt: skip
        return notices.go(url_for("admin.client", client_id=client_id), "The client is closed.")

    return page.attempted(do, lambda status, text, form: draw_close(client_id, status, text, form))


@blueprint.post(f"{_ONE}/end-services", endpoint="client_end_services")
@needs("services.edit")
def end_services(client_id: UUID) -> Response:
    """Terminate or cancel all of them. Raises NotFound."""
    frame.read(client_id)

    def do() -> Response:
        done = closing.end_services(
            house(), client_id, reason=_typed("reason"), actor=access.actor(), ip=visitor_ip()
        )
        said = [f"{done.ended} ended", f"{done.asked} asked of their panels", *done.refused]
        return notices.go(
            url_for("admin.client_close", client_id=client_id), "Services: " + ", ".join(said) + ".",
            "warning" if done.refused else "info",
        )  # fmt: skip

    return page.attempted(do, lambda status, text, form: draw_close(client_id, status, text, form))


@blueprint.post(f"{_ONE}/invoices/<uuid:invoice_id>/void", endpoint="client_invoice_void")
@needs("invoices.create")
def void(client_id: UUID, invoice_id: UUID) -> Response:
    """Take an invoice on which nothing was paid out of the books. Raises NotFound, for another's too."""
    with house().db.read() as session:
        found = billing.invoice_page(session, invoice_id)
    if found is None or found.invoice.client_id != client_id:
        raise NotFound("There is no such invoice.")

    def do() -> Response:
        voiding.void(house(), invoice_id, reason=_typed("reason"), actor=access.actor(), ip=visitor_ip())
        url = url_for("admin.client_close", client_id=client_id)
        return notices.go(url, f"Invoice {found.invoice.label} is void.")

    return page.attempted(do, lambda status, text, form: draw_close(client_id, status, text, form))


# --- joining --------------------------------------------------------------------------------------


@blueprint.get(f"{_ONE}/merge", endpoint="client_merge")
@needs("clients.merge")
def show_merge(client_id: UUID) -> Response:
    """``into`` is the number or id of the client that stays; with it the page shows what would move."""
    return _draw_merge(client_id)


def _draw_merge(client_id: UUID, status: int = 200, trouble: str = "") -> Response:
    client, wanted = frame.read(client_id), request.values.get("into", "").strip()[:200]
    with house().db.read() as session:
        found = [row for row in (clients.search(session, wanted) if wanted else ()) if row.id != client_id]
        target = found[0] if len(found) == 1 else _exactly(found, wanted)
        seen = merging.preview(session, client_id, target.id) if target else None
    return frame.draw(
        "merge.html", client, tab="", here_words="Join to another client", status=status, into=wanted,
        found=found, target=target, seen=seen,
        trouble=trouble,
    )  # fmt: skip


def _exactly(found: list[clients.ClientRow], wanted: str) -> clients.ClientRow | None:
    return next((row for row in found if wanted in (str(row.number), str(row.id))), None)


@blueprint.post(f"{_ONE}/merge", endpoint="client_merge_now")
@needs("clients.merge", proven=True)
def merge(client_id: UUID) -> Response:
    """Raises NotFound."""
    try:
        target_id = UUID(_typed("target"))
    except ValueError:
        raise Conflict("Choose the client that stays.") from None
    try:
        merging.merge(house(), client_id, target_id, actor=access.actor(), ip=visitor_ip())
    except Conflict as problem:
        return _draw_merge(client_id, 409, str(problem))
    return notices.go(url_for("admin.client", client_id=target_id), "The two are one client now.")


# --- handing out and erasing ----------------------------------------------------------------------


@blueprint.get(f"{_ONE}/privacy", endpoint="client_privacy")
@needs("clients.erase")
def show_privacy(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw_privacy(client_id)


def _draw_privacy(
    client_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None
) -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        open_still = erasing.open_still(session, client_id)
    return frame.draw(
        "privacy.html", client, tab="", here_words="Hand out or erase", status=status,
        open_still=open_still, trouble=trouble,
        form=form or Form(),
    )  # fmt: skip


@blueprint.post(f"{_ONE}/export", endpoint="client_export")
@needs("clients.erase", proven=True)
def hand_out(client_id: UUID) -> Response:
    """Everything that is kept of the client as one file. Raises NotFound."""
    owner, folder = house(), _folder()
    name = export.begin(owner, client_id, actor=access.actor(), ip=visitor_ip())
    answer = Streamed(export.write(owner, folder, client_id), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post(f"{_ONE}/erase", endpoint="client_erase")
@needs("clients.erase", proven=True)
def erase(client_id: UUID) -> Response:
    """Raises NotFound."""

    def do() -> Response:
        erasing.erase(
            house(), _folder(), client_id, reason=_typed("reason"), actor=access.actor(), ip=visitor_ip()
        )
        return notices.go(url_for("admin.client", client_id=client_id), "The client is erased.")

    return page.attempted(do, lambda status, text, form: _draw_privacy(client_id, status, text, form))


def _folder() -> Path:
    return house().settings.data
