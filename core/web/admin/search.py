"""One search over clients, orders, invoices and services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.clients import queries as clients
from core.orders import queries as orders
from core.services import queries as services
from core.web import shown
from core.web.admin import access, page, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    title: str
    text: str
    url: str
    word: words.Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: str
    url: str
    hits: tuple[Hit, ...]


@blueprint.get("/search", endpoint="search")
@needs(access.SIGNED_IN)
def search() -> Response:
    """Shows only kinds of things that this person may see."""
    q = page.searched()
    kinds: Sequence[tuple[str, str, Callable[[Any, str], Sequence[Any]], Callable[[Any], Hit]]] = (
        ("clients", "Clients", clients.search, _client),
        ("orders", "Orders", orders.search, _order),
        ("invoices", "Invoices", billing.search, _invoice),
        ("services", "Services", services.search, _service),
    )
    groups = []
    with house().db.read() as session:
        for name, title, find, hit in kinds:
            rows = find(session, q) if q and access.may(f"{name}.view") else ()
            if rows:
                url = url_for(f"admin.{name}", q=q)
                groups.append(Group(title=title, url=url, hits=tuple(hit(row) for row in rows)))
    return page.draw("search.html", find=q, groups=groups)


def _client(row: clients.ClientRow) -> Hit:
    return Hit(
        title=row.name, text=f"{row.number}, {row.email}", url=url_for("admin.client", client_id=row.id),
        word=words.client(row.status, row.behaviour),
    )  # fmt: skip


def _order(row: orders.OrderRow) -> Hit:
    return Hit(
        title=row.label, text=f"{row.client_name}, {shown.money(row.total)}, {shown.day(row.placed_at)}",
        url=url_for("admin.order", order_id=row.id), word=words.order(row),
    )  # fmt: skip


def _invoice(row: billing.InvoiceRow) -> Hit:
    return Hit(
        title=row.label, text=f"{row.client_name}, {shown.money(row.total)}, {shown.day(row.issued_on)}",
        url=url_for("admin.invoice", invoice_id=row.id), word=words.invoice(row, page.today()),
    )  # fmt: skip


def _service(row: services.ServiceRow) -> Hit:
    return Hit(
        title=row.domain or row.label, text=f"{row.label} of {row.client_name}, S-{row.number}",
        url=url_for("admin.service", service_id=row.id), word=words.service(row.status),
    )  # fmt: skip
