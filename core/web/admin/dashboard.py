"""The first page: what needs a person, the figures of a brand with their charts, the latest orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from babel.dates import format_date
from flask import current_app, request, url_for
from werkzeug.wrappers import Response

from core.brands import queries as brands
from core.brands.queries import BrandName
from core.kernel.paging import Window
from core.orders import queries as orders
from core.records import figures
from core.web import shown
from core.web.admin import access, needs, page, report
from core.web.admin.blueprint import blueprint
from core.web.current import brand, house, now

LATEST = 6
BUTTONS = (
    ("client_new", "Add client", "user-plus", "clients.edit", "primary"),
)  # (endpoint, words, icon, permission, tone); one whose page is not there is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A brand's currency to look at."""

    label: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    icon: str
    url: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is drawn of one brand in one currency, and since when it stands so."""

    stats: tuple[report.Figure, ...]
    next: report.Panel
    others: tuple[report.Panel, ...]
    counted_at: datetime
    choices: tuple[Choice, ...]


@blueprint.get("/")
@access.needs(access.SIGNED_IN)
def dashboard() -> Response:
    return page.draw(
        "dashboard.html",
        section="dashboard",
        greeting=_greeting(),
        day=format_date(page.today(), "full", locale=shown.locale()),
        needs=needs.rows(needs.read()),
        orders=_latest() if access.may("orders.view") else None,
        report=_report() if access.may("reports.view") else None,
        buttons=_buttons(),
    )


def _latest() -> tuple[orders.OrderRow, ...]:
    with house().db.read() as session:
        return orders.list_orders(session, Window(size=LATEST)).items


def _report() -> Report:
    with house().db.read() as session:
        all_brands = brands.names(session)
    here = next((one for one in all_brands if one.slug == request.args.get("brand")), None)
    brand_id = here.id if here else brand().id
    found = figures.figures(house(), brand_id, request.args.get("currency", ""))
    following, *others = report.panels(found)
    return Report(
        stats=report.stats(found), next=following, others=tuple(others), counted_at=found.counted_at,
        choices=_choices(all_brands, brand_id, found),
    )  # fmt: skip


def _choices(all_brands: tuple[BrandName, ...], brand_id: UUID, found: figures.Figures) -> tuple[Choice, ...]:
    """Other brands by their own currency, and the other currencies of the one that is shown."""
    choices = []
    for one in all_brands:
        is_here = one.id == brand_id
        for currency in found.currencies if is_here else (one.currency,):
            named = f"{one.name}, {currency}" if len(all_brands) > 1 else currency
            url = url_for("admin.dashboard", brand=one.slug, currency=currency)
            choices.append(Choice(label=named, url=url, is_here=is_here and currency == found.currency))
    return tuple(choices) if len(choices) > 1 else ()


def _buttons() -> tuple[Button, ...]:
    return tuple(
        Button(label=label, icon=icon, url=url_for(f"admin.{endpoint}"), tone=tone)
        for endpoint, label, icon, permission, tone in BUTTONS
        if f"admin.{endpoint}" in current_app.view_functions and access.may(permission)
    )


def _greeting() -> str:
    hour = now().astimezone(shown.zone()).hour
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    return f"Good {part}, {access.person().name.split(' ')[0]}"
