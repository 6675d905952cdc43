"""The list of services."""

from __future__ import annotations

from collections.abc import Sequence

from core.catalog import queries as catalog
from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.services.queries import ServiceRow
from core.web.admin import words
from core.web.admin.listing.spec import Asked, Beside, Bulk, Choices, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import BRAND, amount, chosen_id, day


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[ServiceRow]:
    return services.list_services(
        session, window, q=wish.q, status=wish.values.get("status", ""), client_id=wish.client_id,
        product_id=chosen_id(wish, "product"), brand_id=chosen_id(wish, "brand"), since=span.since,
        until=span.until,
    )  # fmt: skip


def _beside(session: DbSession, rows: Sequence[ServiceRow]) -> Beside:
    return {"accounts": provisioning.accounts(session, [row.id for row in rows])}


def _products(session: DbSession) -> Choices:
    return [(str(one.id), one.label) for one in catalog.product_names(session)]


def _server(row: ServiceRow, beside: Beside) -> str:
    account = beside["accounts"].get(row.id)
    return account.server_name if account else ""


SERVICES = Listing(
    name="services", title="Services", one="service", many="services", permission="services.view",
    placeholder="Domain, product, client or number", read=_read, beside=_beside,
    name_of=lambda row: f"S-{row.number} {row.domain or row.label}",
    columns=(
        Column(key="label", label="Service", text=lambda row, _: row.label),
        Column(key="number", label="Number", shown_from="lg", usual=False,
               text=lambda row, _: f"S-{row.number}"),
        Column(key="client", label="Client", text=lambda row, _: row.client_name, shown_from="md"),
        Column(key="server", label="Server", text=_server, shown_from="lg"),
        Column(key="started", label="Begun", shown_from="lg", usual=False,
               text=lambda row, _: day(row.started_on)),
        Column(key="next_due", label="Next due", text=lambda row, _: day(row.next_due_on), shown_from="sm"),
        Column(key="price", label="Price", shown_from="sm",
               text=lambda row, _: amount(row.price), is_number=True),
        Column(key="status", label="Status", text=lambda row, _: row.status),
        Column(key="domain", label="Domain", text=lambda row, _: row.domain, file_only=True),
        Column(key="currency", label="Currency", text=lambda row, _: row.price.currency, file_only=True),
        Column(key="cycle", label="Cycle", file_only=True,
               text=lambda row, _: words.cycle(row.cycle_unit, row.cycle_count)),
    ),
    filters=(
        Filter(name="status", label="Status", any_label="Any status", as_tabs=True,
               choices=lambda _: texts(words.SERVICE, services.STATUSES)),
        Filter(name="product", label="Product", any_label="Any product", choices=_products), BRAND,
    ),
    bulk=(Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),),
    empty=("No services yet",
           "A service is what a client has bought. The first order brings the first one.", "package"),
)  # fmt: skip
