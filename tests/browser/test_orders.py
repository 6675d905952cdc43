"""Whole orders in a real browser, by every way to pay, as a buyer and then staff go through them."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.fixtures.buyer import DECLINED_CARD, GOOD_CARD, SECURE_CARD, Buyer
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
BOTH_WIDTHS = pytest.mark.parametrize(
    "context", [{"viewport": DESK}, {"viewport": PHONE, "is_mobile": True, "has_touch": True}],
    indirect=True, ids=["desk", "phone"],
)  # fmt: skip
WITHOUT_SCRIPT = pytest.mark.parametrize(
    "context", [{"viewport": DESK, "java_script_enabled": False}], indirect=True
)


def accounts_of(demo: DemoShop, buyer: Buyer) -> list[str]:
    return [str(one["state"]) for one in demo.world.books("accounts") if one["domain"] == buyer.domain]


def eventually(demo: DemoShop, buyer: Buyer, seconds: float = 20) -> None:
    """Wait until the panel's books hold exactly one account of this buyer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not accounts_of(demo, buyer):
        time.sleep(0.1)
    assert accounts_of(demo, buyer) == ["active"]


@BOTH_WIDTHS
def test_by_card(buyer: Buyer, demo: DemoShop) -> None:
    charges = len(demo.world.books("charges"))
    buyer.order("sandbox_card")
    buyer.sees_it_placed()
    expect(buyer.page.locator("main")).to_contain_text("is paid")
    new = demo.world.books("charges")[charges:]
    assert [(one["status"], one["amount"]) for one in new] == [("succeeded", 6300)]
    assert accounts_of(demo, buyer) == ["active"]
    assert not buyer.watch.carried(GOOD_CARD, demo.url)


def test_by_wallet(buyer: Buyer, demo: DemoShop) -> None:
    buyer.order("sandbox_wallet")
    buyer.page.get_by_role("button", name="Approve").click()
    buyer.sees_it_placed()
    assert [one["status"] for one in demo.world.books("payments")][-1] == "captured"
    assert accounts_of(demo, buyer) == ["active"]


def test_the_wallet_is_cancelled_and_a_card_pays_instead(buyer: Buyer, demo: DemoShop) -> None:
    buyer.order("sandbox_wallet")
    buyer.page.get_by_role("button", name="Cancel").click()
    expect(buyer.page.locator("main")).to_contain_text("cancelled on the approval page")
    buyer.page.get_by_role("link", name="Pay another way").first.click()
    buyer.card()
    buyer.go_on()
    buyer.sees_it_placed()
    assert accounts_of(demo, buyer) == ["active"]


def test_by_echeck_the_account_opens_when_the_bank_has_settled(buyer: Buyer, demo: DemoShop) -> None:
    buyer.order("sandbox_echeck")
    buyer.sees_it_placed()
    expect(buyer.page.locator("main")).to_contain_text("Your eCheck is on its way")
    assert accounts_of(demo, buyer) == []
    demo.world.advance(days=5)
    eventually(demo, buyer)
    buyer.page.reload()
    expect(buyer.page.locator("main")).to_contain_text("is paid")
    transfer = str(demo.world.books("transfers")[-1]["id"])
    demo.world.return_transfer(transfer, "R10")
    expect_open_again(buyer)


def expect_open_again(buyer: Buyer) -> None:
    """The bank sent the money back: the invoice is open, and the page says what to do."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        buyer.page.reload()
        if "sent your payment back" in buyer.page.content() or "not paid" in buyer.page.content():
            return
        time.sleep(0.5)
    raise AssertionError(buyer.page.locator("main").inner_text())


def test_by_hand_staff_mark_it_paid_and_the_account_opens(buyer: Buyer, demo: DemoShop, page: Page) -> None:
    buyer.order("manual")
    buyer.sees_it_placed()
    expect(page.locator("main")).to_contain_text("Wayside Hosting LLC, 100 Congress Avenue")
    order_page = page.url
    sign_in(page, demo)
    page.goto(f"{demo.url}/admin/orders")
    page.locator("main table a").first.click()
    page.get_by_role("link", name="WH-2026").or_(page.get_by_role("link", name="WH-20")).first.click()
    form = page.locator("form:has([name=reference])")
    page.locator("details:has([name=reference]) > summary").click()
    form.locator("[name=reference]").fill("CHK 1044")
    form.get_by_role("button").click()
    eventually(demo, buyer)
    page.goto(order_page)
    expect(page.locator("main")).to_contain_text("is paid")


def sign_in(page: Page, demo: DemoShop) -> None:
    page.goto(f"{demo.url}/admin/login")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("nav").first).to_be_visible()


@WITHOUT_SCRIPT
def test_by_hand_without_script(buyer: Buyer, demo: DemoShop) -> None:
    buyer.order("manual")
    buyer.sees_it_placed()
    expect(buyer.page.locator("main")).to_contain_text("Reference")


def test_a_declined_card_keeps_the_order(buyer: Buyer, demo: DemoShop) -> None:
    buyer.put_in_cart()
    buyer.introduce()
    buyer.card(DECLINED_CARD)
    buyer.go_on()
    buyer.place()
    expect(buyer.page.locator("main")).to_contain_text("The bank declined this card", timeout=20_000)
    assert accounts_of(demo, buyer) == []
    buyer.page.get_by_role("link", name="Pay another way").first.click()
    buyer.card()
    buyer.go_on()
    buyer.sees_it_placed()
    assert accounts_of(demo, buyer) == ["active"]


def test_a_card_that_asks_its_bank(buyer: Buyer, demo: DemoShop) -> None:
    buyer.put_in_cart()
    buyer.introduce()
    buyer.card(SECURE_CARD)
    buyer.go_on()
    buyer.place()
    buyer.page.get_by_role("button", name="Confirm").or_(
        buyer.page.get_by_role("button", name="Approve")
    ).first.click()
    buyer.sees_it_placed()
    assert accounts_of(demo, buyer) == ["active"]


def test_oregon_pays_no_tax(buyer: Buyer) -> None:
    buyer.put_in_cart()
    buyer.introduce(state="OR")
    buyer.choose("manual")
    buyer.go_on()
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Order Details")
    expect(buyer.page.get_by_role("button", name="Place order")).to_contain_text("$60.00")


def test_a_mistake_stands_beside_its_field_and_keeps_the_rest(buyer: Buyer) -> None:
    buyer.put_in_cart()
    buyer.introduce()
    buyer.choose("manual")
    buyer.page.locator("[name=postal_code]").fill("7870")
    buyer.go_on()
    wrong = buyer.page.locator("[name=postal_code]")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_value("7870")
    expect(buyer.page.locator("[name=email]")).to_have_value(buyer.email)
    expect(buyer.page.locator("[name=password]")).to_have_value("")


def test_two_clicks_are_one_order(buyer: Buyer, demo: DemoShop) -> None:
    charges = len(demo.world.books("charges"))
    buyer.put_in_cart()
    buyer.introduce()
    buyer.card()
    buyer.go_on()
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Order Details")
    buyer.page.locator("[name=accept_terms]").check()
    buyer.page.locator("main form button.btn-primary[type=submit]").last.dblclick()
    buyer.sees_it_placed()
    buyer.page.go_back()
    assert len(demo.world.books("charges")) == charges + 1
    assert accounts_of(demo, buyer) == ["active"]


def test_what_changed_in_the_country_keeps_what_was_typed(buyer: Buyer) -> None:
    buyer.put_in_cart()
    page = buyer.page
    page.goto(f"{buyer.url}/checkout")
    page.locator("[name=street_address]").fill("5 Byron Road")
    page.locator("[name=postal_code]").fill("78701")
    page.locator("[name=country]").select_option("DE")
    expect(page.locator("[name=postal_code]")).to_have_value("78701")
    page.locator("[name=country]").select_option("US")
    page.locator("select[name=state]").select_option("TX")  # a list again, once it is fetched
    expect(page.locator("[name=postal_code]")).to_have_value("78701")
    expect(page.locator("[name=street_address]")).to_have_value("5 Byron Road")
