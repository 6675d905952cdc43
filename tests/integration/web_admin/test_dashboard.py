"""The dashboard: charts are shapes with words and a table, for whoever may see figures."""

from __future__ import annotations

import re
from datetime import timedelta

from core.brands import service as brands
from core.clients.models import BillingAccount
from core.kernel.ids import new_id
from core.records import figures
from tests.fixtures.database import BOTH
from tests.fixtures.innkeeper import Inn
from tests.fixtures.shelf import put_brand
from tests.integration.web_admin.desk import Desk, open_desk, texts

pytestmark = BOTH


def count_anew(inn: Inn) -> None:
    """As the schedule does when the figures have grown old, which depends on how busy this machine is."""
    with inn.db.read() as session:
        brand = brands.default_brand(session)
    figures.refresh(inn.house, brand)


def test_figures_of_a_first_order(desk: Desk) -> None:
    empty = texts(desk.get("/admin/"))
    assert "Recurring revenue, monthly $0.00" in empty
    assert "Nothing waits for you" in empty
    desk.inn.place_order("sandbox_card", "starter-hosting", cycle="month:1")
    count_anew(desk.inn)
    page = desk.get("/admin/")
    said = texts(page)
    assert "1 payment, 0.0% declined" in said
    assert "Active clients 1 +1 new, 0 lost in" in said
    assert "Latest orders" in said
    assert "Figures as of" in said


def test_charts_are_shapes_and_their_words_are_html(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card", "starter-hosting", cycle="month:1")
    count_anew(desk.inn)
    page = desk.get("/admin/")
    charts = re.findall(r"<svg viewBox=\"0 0 600 150\".*?</svg>", page, re.DOTALL)
    assert len(charts) == 4
    for chart in charts:
        assert re.search(r"<title id=\"(\w+)-chart\">[^<]+</title><desc id=\"\1-about\">[^<]+</desc>", chart)
        assert "<text" not in chart
    assert page.count("Show as a table") == 4
    assert "style=" not in page
    assert '<rect class="ik-chart-bar"' in page


def test_who_may_not_see_figures_sees_work_only(inn: Inn) -> None:
    desk = open_desk(inn, ["orders.view"])
    page = desk.get("/admin/")
    assert "Needs a person today" in page
    assert "Latest orders" in page
    assert "Recurring revenue" not in page
    assert "ik-chart" not in page


def test_another_brand_is_a_link_away(desk: Desk) -> None:
    put_brand(desk.inn, "harbour", "EUR", "Europe/Berlin")
    page = desk.get("/admin/")
    assert "/admin/?brand=harbour&amp;currency=EUR" in page
    other = desk.get("/admin/?brand=harbour&currency=EUR")
    assert "€0.00" in texts(other)
    for nonsense in ("?brand=none", "?currency=XXX", "?brand=harbour&currency=USD", "?brand=%00"):
        desk.get(f"/admin/{nonsense}")


def test_cards_in_their_last_month_are_told(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card", "starter-hosting")
    assert "No card expires this month" in texts(desk.get("/admin/expiring"))
    today = desk.inn.clock.now().date()
    with desk.inn.db.transaction() as session:
        client_id = session.query(BillingAccount).first().client_id  # type: ignore[union-attr]
        last = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        session.add(
            BillingAccount(
                id=new_id(), client_id=client_id, gateway="sandbox_card", kind="card", brand="Visa",
                last4="1881", keep=True, expires_on=last, created_at=desk.inn.clock.now(),
            )
        )  # fmt: skip
    page = texts(desk.get("/admin/"))
    assert "1 card expires this month" in page
    assert "Visa ending in 1881" in texts(desk.get("/admin/expiring"))
