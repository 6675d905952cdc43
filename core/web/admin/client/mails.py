"""The mails of one client: what was written to its contacts."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.mail import delivery
from core.mail import queries as mail
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house
from core.web.forms import Form


@blueprint.get("/clients/<uuid:client_id>/mails", endpoint="client_mails")
@needs("mails.view")
def list_mails(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(client_id)


def _draw(client_id: UUID, status: int = 200, trouble: str = "", _form: Form | None = None) -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        found = mail.list_mails(session, page.asked_window(), client_id=client_id)
    return frame.draw(
        "mails.html", client, tab="mails", status=status, page=found, pager=page.pager(found),
        trouble=trouble,
    )  # fmt: skip


@blueprint.post("/clients/<uuid:client_id>/mails/<uuid:mail_id>/resend", endpoint="client_mail_resend")
@needs("mails.resend")
def resend(client_id: UUID, mail_id: UUID) -> Response:
    """Once more, as it was written. Raises NotFound, for another client's mail too."""
    with house().db.read() as session:
        found = mail.mail_page(session, mail_id)
    if found is None or found.mail.client_id != client_id:
        raise NotFound("There is no such mail.")

    def do() -> Response:
        delivery.resend(house(), mail_id, access.actor())
        back = url_for("admin.client_mails", client_id=client_id)
        return notices.go(back, f"Mail M-{found.mail.number} is on its way again.", "info")

    return page.attempted(do, lambda status, text, form: _draw(client_id, status, text, form))
