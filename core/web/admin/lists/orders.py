"""The list of orders."""

from __future__ import annotations

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.orders import queries as orders
from core.orders.queries import OrderRow
from core.web.admin import page, words
from core.web.admin.listing.spec import Asked, Bulk, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import BRAND, amount, chosen_id, moment


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[OrderRow]:
    return orders.list_orders(
        session, window, q=wish.q, state=wish.values.get("state", ""), client_id=wish.client_id,
        brand_id=chosen_id(wish, "brand"), since=span.since, until=span.until,
    )  # fmt: skip


def _owes(row: OrderRow) -> str:
    owes = words.order_owes(row)
    return owes.text if owes else ""


ORDERS = Listing(
    name="orders", title="Orders", one="order", many="orders", permission="orders.view",
    placeholder="Number, name or email", read=_read, name_of=lambda row: row.label,
    columns=(
        Column(key="label", label="Order", text=lambda row, _: row.label),
        Column(key="client", label="Client", text=lambda row, _: row.client_name, shown_from="md"),
        Column(key="gateway", label="Paid by", shown_from="lg",
               text=lambda row, _: page.gateway_name(row.gateway)),
        Column(key="amount", label="Amount", text=lambda row, _: amount(row.total), is_number=True),
        Column(key="status", label="Status", text=lambda row, _: row.state),
        Column(key="placed", label="Placed", text=lambda row, _: moment(row.placed_at), shown_from="sm"),
        Column(key="trouble", label="Payment", text=lambda row, _: _owes(row), file_only=True),
        Column(key="currency", label="Currency", text=lambda row, _: row.total.currency, file_only=True),
    ),
    filters=(
        Filter(name="state", label="State", any_label="Any state", as_tabs=True,
               choices=lambda _: texts(words.ORDER, orders.STATES)),
        BRAND,
    ),
    bulk=(Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),),
    empty=("No orders yet", "The first one shows up here the moment it is placed.", "shopping-bag"),
)  # fmt: skip
