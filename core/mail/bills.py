"""The bill in a mail: what an order was quoted, or what an invoice says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from core.billing import queries as documents
from core.billing import service as billing
from core.billing.queries import InvoicePage, LineRow
from core.brands import service as brands
from core.kernel.i18n import gettext as _
from core.mail.letters import InvoiceFacts, Row
from core.mail.words import Words
from core.orders import pricing, quotes
from core.orders.models import Order
from core.orders.values import Bill, CartLineView

TIMES = "\N{MULTIPLICATION SIGN}"


def of_invoice(session: Session, invoice_id: UUID, locale: str, site: str = "") -> InvoiceFacts:
    """An invoice with its lines as issued, for a reader of this locale. ``site`` is the shop's address.
    Raises NotFound."""
    head = billing.find(session, invoice_id)
    page = documents.invoice_page(session, invoice_id)
    words = Words.of(brands.brand_by_id(session, head.brand_id), locale)
    rows = tuple(_invoice_rows(page, words)) if page else ()
    return InvoiceFacts(
        id=invoice_id, label=head.label, status=head.status, due_on=head.due_on, total=head.total,
        open=head.open, rows=rows, url=f"{site}/portal/invoices/{invoice_id}",
    )  # fmt: skip


def of_order(session: Session, order: Order, locale: str, site: str = "") -> InvoiceFacts:
    """An order's invoice, with the rows its buyer saw before placing it, for a reader of this locale."""
    quote = quotes.stored(session, order.quote_id)
    nothing = [order.id for _ in quote.lines], ["" for _ in quote.lines]
    bill = pricing.bill(quote, *nothing, locale)
    return replace(
        of_invoice(session, order.invoice_id, locale, site), rows=tuple(_order_rows(bill)), notes=bill.renewal
    )


def _order_rows(bill: Bill) -> Iterator[Row]:
    for line in bill.lines:
        yield _order_row(line)
        if line.setup.minor:
            yield Row(text=_("Set-up, once"), amount=line.setup)
    for one in bill.discounts:
        yield Row(text=one.label, amount=one.amount, is_off=True)
    for one in bill.taxes or ():
        yield Row(text=one.label, amount=one.amount)


def _order_row(line: CartLineView) -> Row:
    is_name = line.kind == "domain" and bool(line.domain)
    name, other = (line.domain, line.name) if is_name else (line.name, line.domain)
    times = f" {TIMES} {line.quantity}" if line.quantity > 1 else ""
    details = tuple(text for text in (other, line.detail) if text)
    return Row(text=f"{name}{times}", amount=line.price, detail=details)


def _invoice_rows(page: InvoicePage, words: Words) -> Iterator[Row]:
    for line in page.lines:
        yield _invoice_row(line, words)
        if line.discount.minor:
            yield Row(text=_("Discount"), amount=-line.discount, is_off=True)
    for tax in page.taxes:
        yield Row(text=tax.name, amount=tax.tax)


def _invoice_row(line: LineRow, words: Words) -> Row:
    times = f" {TIMES} {line.quantity}" if line.quantity > 1 else ""
    period = (
        (words.period(line.period_start, line.period_end),) if line.period_start and line.period_end else ()
    )
    return Row(text=f"{line.text}{times}", amount=line.unit * line.quantity, detail=period)
