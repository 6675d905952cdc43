"""An invoice to print and as PDF, by its order's link. Drawn from what was issued, never from today."""

from __future__ import annotations

from flask import current_app, make_response, redirect, url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.billing.queries import InvoicePage
from core.kernel.i18n import gettext as _
from core.kernel.problems import NotFound
from core.orders import status as orders
from core.orders.values import OrderView
from core.web import paper, shown
from core.web.current import brand, house
from core.web.paper import NoPdf, Sheet, pdf
from core.web.testmode import test_words


def invoice(token: str) -> Response:
    """The printable page."""
    order, page = _load(token)
    return printable(draw(page, order_label=order.label, method=order.method_name))


def invoice_pdf(token: str) -> Response:
    """The same as PDF; where no PDF can be made, the printable page."""
    order, page = _load(token)
    html = draw(page, order_label=order.label, method=order.method_name)
    return as_pdf(html, page.invoice.label, url_for("shop.invoice", token=token))


def printable(html: str) -> Response:
    response = make_response(html, 200)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def as_pdf(html: str, label: str, instead: str) -> Response:
    """The document as PDF; where none can be made, on to the printable page ``instead``."""
    try:
        content = pdf(html)
    except NoPdf:
        current_app.logger.warning("the extra 'pdf' is not installed: showing the printable page instead")
        return redirect(instead, 303)
    response = make_response(content, 200)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{label}.pdf"'
    return response


def _load(token: str) -> tuple[OrderView, InvoicePage]:
    """Raises NotFound."""
    order = orders.view_order(house(), token)
    brand()
    with house().db.read() as session:
        page = billing.invoice_page(session, order.invoice_id)
    if page is None:
        raise NotFound(_("There is no invoice for this order."))
    return order, page


def draw(page: InvoicePage, *, order_label: str, method: str) -> str:
    """The invoice as a page of paper. ``order_label`` and ``method`` are "" where there is none."""
    sheet = Sheet(
        page=page, brand=brand(), order_label=order_label, method=method, is_test=bool(test_words(house()))
    )
    return paper.draw(sheet, shown.locale())
