"""The admin by keyboard, on a phone, and without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def sign_in(page: Page, demo: DemoShop) -> None:
    page.goto(f"{demo.url}/admin/orders")  # leads to the door, and back here
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{demo.url}/admin/orders")


def test_the_search_is_one_key_away(page: Page, demo: DemoShop) -> None:
    sign_in(page, demo)
    page.wait_for_load_state("load")  # the key is heard once the script is there
    columns = page.locator("details.ad-drop > summary").filter(has_text="Columns")
    columns.click()
    boxes = page.locator("details.ad-drop[open] input[type=checkbox]")
    boxes.first.focus()
    page.keyboard.press("Escape")  # a menu closes, and its button has the focus again
    expect(boxes).to_have_count(0)
    expect(columns).to_be_focused()
    columns.click()
    page.get_by_role("heading", level=1).click()
    expect(boxes).to_have_count(0)
    page.keyboard.press("/")
    find = page.get_by_label("Find anything")
    expect(find).to_be_focused()
    page.keyboard.type("a/b")  # typed into the field, the key is a letter like any other
    expect(find).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(find).not_to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


@pytest.mark.parametrize(
    "context",
    [{"viewport": PHONE}, {"viewport": PHONE, "java_script_enabled": False}],
    indirect=True,
    ids=["script", "no script"],
)
def test_the_menu_opens_on_a_phone(page: Page, demo: DemoShop) -> None:
    sign_in(page, demo)
    menu = page.get_by_role("link", name="Clients", exact=True)
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Open menu").click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Open menu").click()
    menu.click()
    expect(page.get_by_role("heading", name="Clients", level=1)).to_be_visible()


@pytest.mark.parametrize("context", [{"viewport": DESK, "java_script_enabled": False}], indirect=True)
def test_everything_of_the_desk_works_without_script(page: Page, demo: DemoShop) -> None:
    sign_in(page, demo)
    expect(page.get_by_role("button", name="Open menu")).to_be_hidden()
    page.get_by_role("link", name="Servers").click()
    page.get_by_role("button", name="Test connection to demo-panel").click()
    expect(page.get_by_role("status")).to_contain_text("demo-panel answers.")
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)  # said once
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("heading", name="Servers", level=1)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Innkeeper")).to_be_visible()
    page.goto(f"{demo.url}/admin/clients")
    expect(page.get_by_role("heading", name="Sign in to Innkeeper")).to_be_visible()
