"""The first page: what needs a person, the latest orders, a few true figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.kernel.money import Money
from core.kernel.paging import Window
from core.orders import queries as orders
from core.payments import queries as payments
from core.web import shown
from core.web.admin import access, needs, page
from core.web.admin.blueprint import blueprint
from core.web.current import house, now

LATEST = 8
FIGURES_SINCE = timedelta(days=30)
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number on top: sums of money, or a count."""

    label: str
    text: str
    amounts: tuple[Money, ...] | None = None
    count: str = ""


@blueprint.get("/")
@access.needs(access.SIGNED_IN)
def dashboard() -> Response:
    return page.draw(
        "dashboard.html",
        section="dashboard",
        greeting=_greeting(),
        needs=needs.rows(page.needed()),
        orders=_if_allowed("orders.view", _latest),
        figures=_if_allowed("reports.view", _figures),
    )


def _if_allowed(permission: str, read: Callable[[], Any]) -> Any:
    return read() if access.may(permission) else None


def _latest() -> tuple[orders.OrderRow, ...]:
    with house().db.read() as session:
        return orders.list_orders(session, Window(size=LATEST)).items


def _figures() -> tuple[Figure, ...]:
    with house().db.read() as session:
        received = payments.received(session, now() - FIGURES_SINCE)
        open_now = billing.open_sums(session)
        overdue = billing.open_sums(session, due_before=page.today())
        placed = orders.placed_since(session, now() - FIGURES_SINCE, MOST_COUNTED)
    count = f"{placed}" if placed < MOST_COUNTED else f"{MOST_COUNTED} or more"
    return (
        Figure(label="Money in, last 30 days", amounts=received, text="less what went back"),
        Figure(label="Open invoices", amounts=open_now, text="money on its way included"),
        Figure(label="Overdue", amounts=overdue, text="past their due date"),
        Figure(label="Orders, last 30 days", count=count, text="paid or not"),
    )


def _greeting() -> str:
    hour = now().astimezone(shown.zone()).hour
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    return f"Good {part}, {access.person().name.split(' ')[0]}"
