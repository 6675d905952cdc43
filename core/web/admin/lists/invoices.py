"""The list of invoices."""

from __future__ import annotations

from core.billing import queries as billing
from core.billing.queries import InvoiceRow
from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.web.admin import page, words
from core.web.admin.listing.spec import Asked, Bulk, Choices, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import BRAND, amount, chosen_id, day

OVERDUE = "overdue"


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[InvoiceRow]:
    status = wish.values.get("status", "")
    return billing.list_invoices(
        session, window, q=wish.q, status="" if status == OVERDUE else status, client_id=wish.client_id,
        due_before=page.today() if status == OVERDUE else None, brand_id=chosen_id(wish, "brand"),
        since=span.since, until=span.until,
    )  # fmt: skip


def _statuses(_session: DbSession) -> Choices:
    first, *others = texts(words.INVOICE, billing.STATUSES)
    return [first, (OVERDUE, "Overdue"), *others]


INVOICES = Listing(
    name="invoices", title="Invoices", one="invoice", many="invoices", permission="invoices.view",
    placeholder="Number or client", read=_read, name_of=lambda row: row.label,
    columns=(
        Column(key="label", label="Invoice", text=lambda row, _: row.label),
        Column(key="client", label="Client", text=lambda row, _: row.client_name, shown_from="md"),
        Column(key="issued", label="Issued", text=lambda row, _: day(row.issued_on), shown_from="sm"),
        Column(key="due", label="Due or paid", shown_from="md",
               text=lambda row, _: day(row.paid_on or row.due_on)),
        Column(key="total", label="Total", text=lambda row, _: amount(row.total), is_number=True),
        Column(key="open", label="Open", is_number=True, shown_from="lg", usual=False,
               text=lambda row, _: amount(row.owed)),
        Column(key="status", label="Status", text=lambda row, _: row.status),
        Column(key="paid", label="Paid", text=lambda row, _: amount(row.paid), file_only=True),
        Column(key="currency", label="Currency", text=lambda row, _: row.total.currency, file_only=True),
        Column(key="due_on", label="Due", text=lambda row, _: day(row.due_on), file_only=True),
        Column(key="paid_on", label="Paid on", text=lambda row, _: day(row.paid_on), file_only=True),
    ),
    filters=(
        Filter(name="status", label="Status", any_label="Any status", choices=_statuses, as_tabs=True), BRAND,
    ),
    bulk=(Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),),
    empty=("No invoices yet", "An order or a renewal issues the first one.", "file-invoice"),
)  # fmt: skip
