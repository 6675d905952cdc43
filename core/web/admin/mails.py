"""Mails: what was written, to whom, and whether it arrived. HTML is drawn in a frame that may do nothing."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, request, url_for
from werkzeug.wrappers import Response

from core.clients import queries as clients
from core.kernel.problems import NotFound
from core.mail import delivery
from core.mail import queries as mail
from core.mail.queries import MailPage
from core.orders import queries as orders
from core.web import security
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.orders import draw_order
from core.web.current import house, site_url
from core.web.forms import Form

# A mail styles itself inline and must never run or load anything, whoever wrote what stands in it.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@blueprint.get("/mails/<uuid:mail_id>", endpoint="mail")
@needs("mails.view")
def show_mail(mail_id: UUID) -> Response:
    return draw_mail(mail_id)


def draw_mail(mail_id: UUID, status: int = 200, trouble: str = "", _form: Form | None = None) -> Response:
    """Raises NotFound."""
    found = _find(mail_id)
    with house().db.read() as session:
        client = clients.client_page(session, found.mail.client_id) if found.mail.client_id else None
        order_id = found.mail.order_id
        label = orders.labels(session, [order_id]).get(order_id, "") if order_id else ""
    security.allow_origins(site_url())  # the frame is a page of ours
    return page.draw(
        "mail.html", status, section="mails", page=found, client=client.client if client else None,
        order_label=label, trouble=trouble,
    )  # fmt: skip


@blueprint.get("/mails/<uuid:mail_id>/html", endpoint="mail_html")
@needs("mails.view")
def show_html(mail_id: UUID) -> Response:
    """The mail's own page, for the frame: sandboxed by its policy even when opened alone."""
    response = make_response(_find(mail_id).body_html)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post("/mails/<uuid:mail_id>/resend", endpoint="mail_resend")
@needs("mails.resend")
def resend(mail_id: UUID) -> Response:
    """Send it once more, as it was written."""
    found = _find(mail_id)
    order_id = found.mail.order_id if request.form.get("back") == "order" else None

    def do() -> Response:
        delivery.resend(house(), mail_id, access.actor())
        back = (
            url_for("admin.order", order_id=order_id) if order_id else url_for("admin.mail", mail_id=mail_id)
        )
        return notices.go(back, f"Mail M-{found.mail.number} is on its way again.", "info")

    if order_id and access.may("orders.view"):
        return page.attempted(do, lambda status, text, form: draw_order(order_id, status, text, form))
    return page.attempted(do, lambda status, text, form: draw_mail(mail_id, status, text, form))


def _find(mail_id: UUID) -> MailPage:
    with house().db.read() as session:
        found = mail.mail_page(session, mail_id)
    if found is None:
        raise NotFound("There is no such mail.")
    return found
