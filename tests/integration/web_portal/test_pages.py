"""What the portal's pages say of an order on its way."""

from __future__ import annotations

import pytest

from core.orders import cart
from core.web.paper import NoPdf
from core.web.shop import documents
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import links, texts
from tests.integration.web_portal.guest import Guest, stay


def test_what_is_due_comes_first_and_leads_to_paying(inn: Inn, guest: Guest) -> None:
    one = stay(inn, domain="due.example")
    guest.sign_in(one.username)
    page = guest.get("/portal/")
    said = texts(page)
    label = inn.view(one.order).invoice_label
    assert f"Invoice {label} is due on" in said
    assert said.index(f"Invoice {label} is due on") < said.index("due.example")
    assert "One service is getting ready." in said
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
    assert "One service is running." in home
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
