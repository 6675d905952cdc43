"""Invoices: the list, and one invoice with its lines, taxes, payments and ledger entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from flask import current_app, make_response, request, url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.billing.queries import EntryRow
from core.kernel.problems import NotFound
from core.orders import queries as orders
from core.payments import queries as payments
from core.payments import staff
from core.payments.queries import AttemptPage
from core.web.admin import access, notices, page, paying
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.orders import draw_order
from core.web.current import brand, house
from core.web.forms import Form
from core.web.paper import NoPdf, pdf
from core.web.testmode import test_words

_PARTY = ("name", "legal_name", "company_name", "person", "address", "street_address", "address_2", "city",
          "state", "county", "postal_code", "country", "tax_number", "tax_id", "email")  # fmt: skip
_ENTRIES = {"succeeded": "Payment", "returned": "Payment taken back", "refunded": "Refund"}


@blueprint.get("/invoices/<uuid:invoice_id>", endpoint="invoice")
@needs("invoices.view")
def show_invoice(invoice_id: UUID) -> Response:
    return draw_invoice(invoice_id)


def draw_invoice(
    invoice_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None
) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = billing.invoice_page(session, invoice_id)
        if found is None:
            raise NotFound("There is no such invoice.")
        attempts = payments.attempts_of_invoice(session, invoice_id)
        covered = payments.allocations(session, invoice_id)
        entries = billing.entries(session, _sources(invoice_id, attempts))
        order_id = found.invoice.order_id
        label = orders.labels(session, [order_id]).get(order_id, "") if order_id else ""
    see = access.may("payments.view")
    return page.draw(
        "invoice.html", status, section="invoices", page=found, attempts=attempts if see else None,
        allocations=covered if see else (), entries=entries, entry_name=lambda entry: _name(entry, attempts),
        order_label=label, last_day=last_day, percent=percent, trouble=trouble, form=form or Form(),
        parties=[(key.capitalize(), _lines(found.facts.get(key))) for key in ("seller", "buyer")],
        **paying.choices(found.invoice, [one.attempt for one in attempts]),
    )  # fmt: skip


@blueprint.post("/invoices/<uuid:invoice_id>/mark-paid", endpoint="mark_paid")
@needs("payments.record", proven=True)
def mark_paid(invoice_id: UUID) -> Response:
    """Staff saw the money. The reference pays once; the form comes back with what is wrong."""

    def do() -> Response:
        staff.mark_paid(
            house(), invoice_id, gateway=_way(), actor=access.actor(),
            amount_text=request.form.get("amount", ""), reference=request.form.get("reference", ""),
        )  # fmt: skip
        return notices.go(back, "The payment is booked.")

    order_id = _asked_from(invoice_id)
    if order_id:
        back = url_for("admin.order", order_id=order_id)
        return page.attempted(do, lambda status, text, form: draw_order(order_id, status, text, form))
    back = url_for("admin.invoice", invoice_id=invoice_id)
    return page.attempted(do, lambda status, text, form: draw_invoice(invoice_id, status, text, form))


def _asked_from(invoice_id: UUID) -> UUID | None:
    """The order on whose page the form stood; None when it stood on the invoice's own."""
    if request.form.get("back") != "order" or not access.may("orders.view"):
        return None
    with house().db.read() as session:
        return orders.order_of_invoice(session, invoice_id)


def _way() -> str:
    known = [name for name, _ in paying.ways_by_hand()]
    asked = request.form.get("gateway", "")
    return asked if asked in known else known[0]


def _sources(invoice_id: UUID, attempts: Sequence[AttemptPage]) -> list[str]:
    of_attempts = [f"attempt:{one.attempt.id}:{what}" for one in attempts for what in _ENTRIES]
    return [f"invoice:{invoice_id}", f"invoice:{invoice_id}:void", *of_attempts]


def _name(entry: EntryRow, attempts: Sequence[AttemptPage]) -> str:
    """``Payment A-51169``."""
    kind, _, rest = entry.source.partition(":")
    if kind == "invoice":
        return "Voided" if rest.endswith(":void") else "Issued"
    found = next((one.attempt for one in attempts if rest.startswith(str(one.attempt.id))), None)
    if found is None:
        return entry.source
    what = "Refund" if found.kind == "refund" else _ENTRIES.get(rest.rpartition(":")[2], "Payment")
    return f"{what} A-{found.number}"


def _lines(party: object) -> list[str]:
    """Seller or buyer as issued: known facts in the order of an address, each on its line."""
    if not isinstance(party, Mapping):
        return []
    found = []
    for name in _PARTY:
        value = party.get(name)
        if isinstance(value, str) and value and value not in found:
            found += value.splitlines()
        elif isinstance(value, list):
            found += [str(line) for line in value if line]
    return found


def last_day(end: date) -> date:
    """Periods end on the first day after; people read the last day in it."""
    return end - timedelta(days=1)


def percent(text: str) -> str:
    """``6.25 %`` of "0.0625"."""
    return f"{(Decimal(text) * 100).normalize():f} %"


@blueprint.get("/invoices/<uuid:invoice_id>.pdf", endpoint="invoice_pdf")
@needs("invoices.view")
def invoice_pdf(invoice_id: UUID) -> Response:
    """The document as PDF; where no PDF can be made, the page to print. Raises NotFound."""
    with house().db.read() as session:
        found = billing.invoice_page(session, invoice_id)
        if found is None:
            raise NotFound("There is no such invoice.")
        order = orders.order_page(session, found.invoice.order_id) if found.invoice.order_id else None
    html = current_app.jinja_env.get_template("print/invoice.html").render(
        page=found, invoice=found.invoice, order_label=order.order.label if order else "",
        method=page.gateway_name(order.order.gateway) if order else "", brand=brand(),
        test=bool(test_words(house())),
    )  # fmt: skip
    try:
        response = make_response(pdf(html))
        response.headers["Content-Type"] = "application/pdf"
    except NoPdf:
        return make_response(html)
    response.headers["Content-Disposition"] = f'inline; filename="{found.invoice.label}.pdf"'
    return response
