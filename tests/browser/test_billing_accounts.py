"""Step 3 in Chromium, keyboard only: three people, each type of billing account, no number sent to us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from core.brands import service as brands
from core.clients import service as clients
from core.clients.rules import check_contact
from core.identity.service import hash_password
from core.kernel.clock import FixedClock
from core.settings import load
from tests.browser.conftest import DESK
from tests.browser.test_accessibility import LOOKS, check
from tests.fixtures.buyer import BANK, BANK_CHOICES, GOOD_CARD, Watch
from tests.fixtures.demo_shop import open_house
from tests.fixtures.innkeeper import PASSWORD
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PEOPLE: dict[str, dict[str, str]] = {
    "a company in Texas": {
        "company_name": "Pinewood Bakery LLC", "first_name": "Adaeze", "last_name": "Okonkwo",
        "street_address": "2207 East Cesar Chavez Street", "city": "Austin", "state": "TX",
        "county": "Travis", "postal_code": "78702", "country": "US", "primary_phone": "+1 512 555 0186",
    },
    "a company in Germany": {
        "company_name": "Bäckerei Kiefer GmbH", "first_name": "Jürgen", "last_name": "Groß",
        "street_address": "Oranienstraße 1", "city": "Berlin", "postal_code": "10997", "country": "DE",
        "primary_phone": "+49 30 901820",
    },
    "a person in Japan": {
        "first_name": "花子", "last_name": "山田", "street_address": "千代田1-1", "city": "千代田区",
        "state": "13", "postal_code": "100-0001", "country": "JP", "primary_phone": "+81 3 1234 5678",
    },
}  # fmt: skip


def make_client(demo: DemoShop, person: Mapping[str, str], username: str = "") -> UUID:
    """A client with a contact, as the first two steps leave it; with a user name they may sign in."""
    settings = load(
        environment={"INNKEEPER_DATA": str(demo.data), "INNKEEPER_SANDBOX_PORT": str(demo.sandbox_port)}
    )
    house = open_house(settings, FixedClock(datetime.now(UTC)))
    email = f"{person['country'].lower()}{datetime.now(UTC).timestamp():.0f}@mail.example"
    form = {**person, "email": email, "language": "en", "email_format": "html", "username": username}
    hashed = hash_password(PASSWORD) if username else ""
    with house.db.transaction() as session:
        brand = brands.default_brand(session)
        contact = check_contact(form, need_sign_in=False)
        new = clients.create_client(session, house, brand, contact, hashed, house.clock.now())
    house.db.dispose()
    return new.client_id


def sign_in(page: Page, demo: DemoShop, path: str) -> None:
    page.goto(demo.url + path)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add Billing Account")
    page.wait_for_load_state("load")  # the form checks itself once its script is there


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


def choose(page: Page, method: str) -> None:
    """Into the group of methods by Tab, through it by arrow."""
    tab_to(page, "[name=method]")
    for _ in range(8):
        if page.evaluate("document.activeElement.value") == method:
            page.keyboard.press("Space")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{method} is not reached by keyboard")


def type_into(page: Page, fields: Mapping[str, str]) -> None:
    for selector, text in fields.items():
        tab_to(page, selector)
        page.keyboard.type(text)


def type_into_the_wrong_box(page: Page) -> None:
    """A card number in the name: told at once, in the field, and never sent."""
    type_into(page, {"[name=name_on_card]": GOOD_CARD})
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(5)  # what is still empty is told with it
    expect(page.get_by_role("alert").first).to_contain_text("This looks like a card number.")
    expect(page.locator("[name=name_on_card]")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.locator(".ik-skip").focus()  # back to the top, as a person comes to the page


CARD = {
    "[name=name_on_card]": "Adaeze Okonkwo", "[data-secure=number]": "4242-4242 4242 4242",
    "[name=expiry_month]": "12", "[name=expiry_year]": "2031", "[data-secure=code]": "123",
}  # fmt: skip
BANK_FIELDS = {
    "[name=bank_name]": BANK["bank_name"], "[name=bank_state]": "Texas",
    "[name=routing_number]": BANK["routing_number"], "[name=account_number]": BANK["account_number"],
    "[name=license_id]": BANK["license_id"], "[name=license_state]": "Texas",
    "[name=date_of_birth]": BANK["date_of_birth"],
}  # fmt: skip
FILLED = {"sandbox_card": CARD, "sandbox_echeck": BANK_FIELDS, "sandbox_wallet": {}, "manual": {}}
LISTED = (
    "Visa ending in 4242",
    "First Prairie Bank ending in 6789",
    "Sandbox Wallet",
    "Bank transfer or check",
)


@pytest.mark.parametrize("name", PEOPLE)
def test_each_person_with_each_type_by_keyboard(page: Page, demo: DemoShop, name: str) -> None:
    watch = Watch.over(page)
    accounts = f"/admin/clients/{make_client(demo, PEOPLE[name])}/billing-accounts"
    sign_in(page, demo, f"{accounts}/new")
    expect(page.get_by_label("Add client, step 3 of 3")).to_be_visible()
    type_into_the_wrong_box(page)
    for method, fields in FILLED.items():
        if method != "sandbox_card":
            page.goto(f"{demo.url}{accounts}/new")
        choose(page, method)
        type_into(page, fields)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The billing account is saved.")
    page.goto(demo.url + accounts)
    for words in LISTED:
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    assert any("tokens" in url for url, _ in watch.sent), "the number went to the gateway"
    assert watch.carried(GOOD_CARD, demo.url) == []
    numbers = (GOOD_CARD.replace(" ", ""), "4242-4242 4242 4242", BANK["account_number"])
    kept = [path for path in demo.data.rglob("*") if path.is_file() and _is_ours(path)]
    assert kept
    assert [(str(path), one) for path in kept for one in numbers if one.encode() in path.read_bytes()] == []


def _is_ours(path: Path) -> bool:
    """Database, logs, mails; the pretend bank's own books are not ours."""
    return "sandbox" not in path.name and "world" not in path.name


@pytest.mark.parametrize("context", [{"viewport": DESK, "java_script_enabled": False}], indirect=True)
def test_without_script_all_but_cards_can_be_added(page: Page, demo: DemoShop) -> None:
    accounts = f"/admin/clients/{make_client(demo, PEOPLE['a company in Germany'])}/billing-accounts"
    sign_in(page, demo, f"{accounts}/new")
    expect(page.locator("[data-gateway=sandbox_card] noscript p")).to_be_visible()
    expect(
        page.locator("[name=name_on_card]")
    ).to_be_disabled()  # nobody here would notice a card number in it
    for method in ("sandbox_echeck", "sandbox_wallet", "manual"):
        page.goto(f"{demo.url}{accounts}/new")
        page.locator(f"[name=method][value={method}]").check()
        if method == "sandbox_echeck":
            bank = page.locator("[data-gateway=sandbox_echeck]")
            for field, text in BANK.items():
                bank.locator(f"[name={field}]").fill(text)
            for field, value in BANK_CHOICES.items():
                bank.locator(f"[name={field}]").select_option(value)
        page.get_by_role("button", name="Save billing account").click()
        expect(page.get_by_role("status")).to_contain_text("The billing account is saved.")


@LOOKS
def test_axe_finds_nothing(page: Page, demo: DemoShop) -> None:
    username = f"adaeze{uuid4().hex[:6]}"
    client_id = make_client(demo, PEOPLE["a company in Texas"], username)
    accounts = f"/admin/clients/{client_id}/billing-accounts"
    sign_in(page, demo, f"{accounts}/new")
    faults_of_a_card_are_told_together(page)
    check(page)
    page.locator("[name=method][value=sandbox_echeck]").check()
    page.get_by_role("button", name="Save billing account").click()
    expect(page.locator(".ik-errors")).to_be_visible()
    check(page)
    page.locator("[name=method][value=manual]").check()
    page.get_by_role("button", name="Save billing account").click()
    in_the_portal(page, demo, username)
    page.goto(demo.url + accounts)
    check(page)
    page.get_by_role("link", name="Remove Bank transfer").click()
    check(page)
    page.get_by_role("button", name="Remove Bank transfer").click()
    expect(page.get_by_role("heading", name="Removed")).to_be_visible()
    check(page)


def faults_of_a_card_are_told_together(page: Page) -> None:
    """Empty fields by the page itself; then what the gateway and its script say."""
    save, told = page.get_by_role("button", name="Save billing account"), page.locator("[data-module-error]")
    save.click()
    expect(told).to_have_text(["Fill this in; it is needed."] * 5)
    expect(page.locator("[name=name_on_card]")).to_be_focused()
    for selector, text in CARD.items():
        page.locator(selector).fill(text)
    page.locator("[name=expiry_month]").fill("13")
    page.locator("[data-secure=code]").fill("12")
    save.click()
    expect(told).to_have_count(2)
    expect(page.locator("[name=expiry_month]")).to_be_focused()


def in_the_portal(page: Page, demo: DemoShop, username: str) -> None:
    page.goto(f"{demo.url}/portal/ways-to-pay")  # leads to the door, and back here
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ways to pay")
    check(page)
    page.get_by_role("link", name="Remove").first.click()
    check(page)
    page.goto(f"{demo.url}/portal/ways-to-pay/new")
    check(page)
