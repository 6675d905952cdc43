"""The invoice of an order, to print and as PDF. Drawn from what was issued, never from how things are now."""

from __future__ import annotations

from flask import current_app, make_response, redirect, url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.billing.queries import InvoicePage
from core.kernel.problems import NotFound
from core.orders import status as orders
from core.orders.values import OrderView
from core.web.current import brand, house
from core.web.paper import NoPdf, pdf
from core.web.testmode import test_words

TEMPLATE = "print/invoice.html"


def invoice(token: str) -> Response:
    """The printable page."""
    order, page = _load(token)
    response = make_response(_html(order, page), 200)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def invoice_pdf(token: str) -> Response:
    """The same as PDF; where no PDF can be made, the printable page."""
    order, page = _load(token)
    try:
        content = pdf(_html(order, page))
    except NoPdf:
        current_app.logger.warning("the extra 'pdf' is not installed: showing the printable page instead")
        return redirect(url_for("shop.invoice", token=token), 303)
    response = make_response(content, 200)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{page.invoice.label}.pdf"'
    return response


def _load(token: str) -> tuple[OrderView, InvoicePage]:
    """Raises NotFound."""
    order = orders.view_order(house(), token)
    brand()
    with house().db.read() as session:
        page = billing.invoice_page(session, order.invoice_id)
    if page is None:
        raise NotFound("There is no invoice for this order.")
    return order, page


def _html(order: OrderView, page: InvoicePage) -> str:
    template = current_app.jinja_env.get_template(TEMPLATE)
    return template.render(
        page=page, invoice=page.invoice, order_label=order.label, method=order.method_name, brand=brand(),
        test=bool(test_words(house())),
    )  # fmt: skip
