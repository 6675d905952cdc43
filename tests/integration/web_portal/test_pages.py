"""What the portal's pages say of an order on its way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from core.identity.models import SignInSession
from core.kernel.audit import AuditEntry
from core.orders import cart, lapsing
from core.payments import staff
from core.plugin_api.forms import BrowserSetup
from core.provisioning.placement import password_of
from core.web.paper import NoPdf
from core.web.shop import documents
from tests.fixtures.database import BOTH
from tests.fixtures.innkeeper import SECURE_CARD, Inn
from tests.integration.web_admin.desk import links, open_desk, texts
from tests.integration.web_portal.guest import Guest, stay

pytestmark = BOTH


def test_what_is_due_comes_first_and_leads_to_paying(inn: Inn, guest: Guest) -> None:
    one = stay(inn, domain="due.example")
    guest.sign_in(one.username)
    page = guest.get("/portal/")
    said = texts(page)
    label = inn.view(one.order).invoice_label
    assert f"Invoice {label} is due on" in said
    assert said.index(f"Invoice {label} is due on") < said.index("due.example")
    assert "Getting ready: 1 service." in said
    assert "Starts when your payment has arrived" in said
    (pay,) = links(page, "/orders/")
    assert pay == f"/orders/{one.order}/pay"
    assert "Choose" in texts(guest.get(pay)) or "Pay another way" in guest.get(pay)


def test_a_late_invoice_says_so_without_shouting(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    inn.clock.advance(days=60)
    guest.sign_in(one.username)
    page = guest.get("/portal/")
    assert "was due on" in texts(page)
    assert 'data-tone="warning">Overdue' in page
    assert 'data-tone="danger"' not in page


def test_a_paid_service_says_how_to_reach_it(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", domain="reach.example")
    guest.sign_in(one.username)
    home = texts(guest.get("/portal/"))
    assert "Active: 1 service." in home
    assert "is due on" not in home
    said = texts(guest.get(f"/portal/services/{one.service_id}"))
    assert "Active" in said
    assert "Username" in said
    assert "reach.example was opened" in said
    assert "job" not in said.lower()


def test_a_failed_job_is_told_as_ours_to_mend(inn: Inn, guest: Guest) -> None:
    inn.world.fault("panel", "garbage", times=-1)
    one = stay(inn, "sandbox_card", domain="stuck.example")
    inn.settle_down(hours=8)
    guest.sign_in(one.username)
    said = texts(guest.get(f"/portal/services/{one.service_id}"))
    assert "Opening stuck.example" in said
    assert "You need not do anything" in said
    assert "failed" not in said.lower()
    assert "we are on it" in texts(guest.get("/portal/"))


def test_an_invoice_reads_as_it_was_issued(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", domain="paper.example")
    guest.sign_in(one.username)
    path = f"/portal/invoices/{one.invoice_id}"
    page = guest.get(path)
    view = inn.view(one.order)
    said = texts(page)
    assert f"Invoice {view.invoice_label}" in said
    assert "Paid on" in said
    assert "Visa ending in 4242" in said
    assert "Texas" in said
    assert "paper.example" in said
    assert f"/orders/{one.order}" in links(page, "/orders/")
    assert not [link for link in links(page, "/orders/") if link.endswith("/pay")]
    assert view.invoice_label in guest.get(f"{path}/print")


def test_an_unpaid_invoice_can_be_paid_from_its_page(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    guest.sign_in(one.username)
    page = guest.get(f"/portal/invoices/{one.invoice_id}")
    assert f"/orders/{one.order}/pay" in links(page, "/orders/")
    assert "Still to pay" in guest.get(f"/portal/invoices/{one.invoice_id}/print")


def test_the_pdf_is_one_and_has_a_page_in_its_place(
    inn: Inn, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stay(inn)
    guest.sign_in(one.username)
    path = f"/portal/invoices/{one.invoice_id}"
    answer = guest.open(f"{path}/pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert f"{inn.view(one.order).invoice_label}.pdf" in answer.headers["Content-Disposition"]

    def none(_html: str) -> bytes:
        raise NoPdf

    monkeypatch.setattr(documents, "pdf", none)
    assert guest.open(f"{path}/pdf").headers["Location"] == f"{path}/print"


def test_a_card_that_is_kept_is_shown_by_its_last_digits(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", keep_card="1")
    guest.sign_in(one.username)
    said = texts(guest.get("/portal/"))
    assert "Visa ending in 4242" in said
    assert "Expires" in said


def test_long_lists_go_on(inn: Inn, guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.portal.pages.PER_PAGE", 1)
    token = inn.fill_cart("starter-hosting", domain="one.example")
    cart.add_line(
        inn.house, token, inn.brand_id, product_slug="starter-hosting", cycle="year:1", quantity="1",
        domain="two.example",
    )  # fmt: skip
    inn.summary(token, "manual")
    order = inn.confirm(token)
    guest.sign_in(inn.view(order).username)
    first = guest.get("/portal/services")
    assert ("one.example" in first) != ("two.example" in first)
    (older,) = [link for link in links(first, "/portal/services?") if "after=" in link]
    second = guest.get(older)
    assert ("one.example" in second) == ("two.example" in first)
    assert "after=" not in second
    assert guest.get("/portal/services?after=nonsense&before=x")


def test_the_first_password_is_shown_to_its_client_when_asked_for(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", domain="locked.example")
    with inn.db.read() as session:
        password = password_of(session, inn.house, one.service_id)
    assert password not in guest.get(f"/orders/{one.order}")
    guest.sign_in(one.username)
    path = f"/portal/services/{one.service_id}"
    assert password not in guest.get(path)
    answer = guest.post(f"{path}/password", path)
    assert answer.status_code == 200
    assert password in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert password not in guest.get(path)
    with inn.db.read() as session:
        entries = session.scalars(select(AuditEntry).filter_by(action="service.show_password")).all()
    assert [(entry.target, entry.actor[:7]) for entry in entries] == [
        (f"service:{one.service_id}", "client:")
    ]


def test_the_order_leads_there_and_says_under_which_name(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", domain="leads.example")
    page = guest.get(f"/orders/{one.order}")
    assert f'href="/portal/services/{one.service_id}"' in page
    assert f"Sign in there as {one.username}" in texts(page)


def test_staff_in_the_clients_account_see_no_password(inn: Inn, guest: Guest) -> None:
    one = stay(inn, "sandbox_card", domain="inside.example")
    desk = open_desk(inn, ("clients.impersonate",))
    guest.sign_in(one.username)
    with inn.db.transaction() as session:
        inside = update(SignInSession).where(SignInSession.area == "portal")
        session.execute(inside.values(acting_staff_id=desk.user_id))
    path = f"/portal/services/{one.service_id}"
    assert guest.post(f"{path}/password", path).status_code == 403


def test_a_name_has_no_password_and_is_called_by_its_name(inn: Inn, guest: Guest) -> None:
    order = inn.place_order("sandbox_card", "example-domain", domain="mine-alone.example")
    view = inn.view(order)
    assert view.tasks[-1].title == "Registering mine-alone.example"
    assert view.password_at == ()
    guest.sign_in(view.username)
    (service,) = links(guest.get("/portal/services"), "/portal/services/")
    assert "first password" not in guest.get(service)
    assert guest.post(f"{service}/password", service).status_code == 404


def test_an_order_that_was_not_paid_in_time_says_so_and_leads_to_the_shop(inn: Inn, guest: Guest) -> None:
    order = inn.place_order("manual")
    inn.clock.advance(days=60)
    assert lapsing.lapse(inn.house, days=14, by_hand_days=45) == 1
    page = guest.get(f"/orders/{order}")
    said = texts(page)
    assert "was not paid in time, so it was cancelled" in said
    assert "Nothing was charged" in said
    assert 'href="/">Order again' in page
    staff.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text="5.00", reference="CHK 1",
        actor="staff:test",
    )  # fmt: skip
    said = texts(guest.get(f"/orders/{order}"))
    assert "Your payment of $5.00 came after that and is kept as your credit" in said
    assert "Nothing was charged" not in said
    desk = open_desk(inn)
    story = texts(desk.get(desk.order_path(order)))
    assert "Cancelled by itself" in story
    assert "It was not paid in time." in story


def test_the_gateway_is_asked_for_a_set_up_where_the_bank_asks_and_nowhere_else(
    inn: Inn, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plugin = type(inn.house.plugins.build_gateway("sandbox_card"))
    before = plugin.browser

    def counted(self: Any) -> BrowserSetup:
        asked.append("browser")
        return before(self)

    one = stay(inn, "sandbox_card", domain="secure.example", number=SECURE_CARD)
    monkeypatch.setattr(plugin, "browser", counted)
    guest.sign_in(one.username)
    path = f"/orders/{one.order}"
    for elsewhere in (
        "/portal/",
        f"{path}/status",
        f"{path}/status?back=1",
        f"{path}?back=1",
        f"{path}/invoice",
    ):
        guest.get(elsewhere)
    assert asked == []
    page = guest.get(path)
    assert asked == ["browser"]
    assert "data-action-module" in page
    assert "data-setup" in page
