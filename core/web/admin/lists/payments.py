"""The list of payments: every try to move money."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.payments import queries as payments
from core.payments.queries import AttemptRow
from core.web.admin import page, words
from core.web.admin.listing.spec import Asked, Beside, Bulk, Choices, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import BRAND, amount, chosen_id, moment
from core.web.admin.payments import STATES
from core.web.current import house


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[AttemptRow]:
    return payments.list_attempts(
        session, window, q=wish.q, state=wish.values.get("state", ""), client_id=wish.client_id,
        gateway=wish.values.get("gateway", ""), brand_id=chosen_id(wish, "brand"), since=span.since,
        until=span.until,
    )  # fmt: skip


def _gateways(_session: DbSession) -> Choices:
    return [(name, entry.spec.name) for name, entry in sorted(house().plugins.gateways.items())]


def _amount(row: AttemptRow, _beside: Beside) -> str:
    return amount(-row.amount if row.kind == "refund" else row.amount)


def _extra() -> Sequence[tuple[str, str]]:
    return [("Without an invoice", url_for("admin.unmatched"))]


PAYMENTS = Listing(
    name="payments", title="Payments", one="payment", many="payments", permission="payments.view",
    placeholder="Number, reference, invoice, client or last four", read=_read, extra_tabs=_extra,
    name_of=lambda row: f"A-{row.number}",
    columns=(
        Column(key="number", label="Attempt", text=lambda row, _: f"A-{row.number}"),
        Column(key="client", label="Client", text=lambda row, _: row.client_name, shown_from="md"),
        Column(key="invoice", label="Invoice", text=lambda row, _: row.invoice_label, shown_from="lg"),
        Column(key="how", label="How", shown_from="sm",
               text=lambda row, _: row.method or page.gateway_name(row.gateway)),
        Column(key="amount", label="Amount", text=_amount, is_number=True),
        Column(key="state", label="State", text=lambda row, _: row.state),
        Column(key="reference", label="Reference", shown_from="xl", usual=False,
               text=lambda row, _: row.reference),
        Column(key="when", label="When", text=lambda row, _: moment(row.created_at), shown_from="lg"),
        Column(key="kind", label="Kind", text=lambda row, _: row.kind, file_only=True),
        Column(key="gateway", label="Gateway", text=lambda row, _: row.gateway, file_only=True),
        Column(key="currency", label="Currency", text=lambda row, _: row.amount.currency, file_only=True),
    ),
    filters=(
        Filter(name="state", label="State", any_label="Any state", as_tabs=True,
               choices=lambda _: [*texts(words.ATTEMPT, STATES), ("refunded", "Refunded")]),
        Filter(name="gateway", label="Gateway", any_label="Any gateway", choices=_gateways), BRAND,
    ),
    bulk=(Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),),
    empty=("No payments yet", "The first order that is paid shows up here.", "cash"),
)  # fmt: skip
