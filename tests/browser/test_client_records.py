"""Three people are taken in at the desk by keyboard alone: a US client, a German company, a Japanese
private person."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_accessibility import check
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
MOST_TABS = 80

TEXAN_ACCOUNT = {"company_name": "Pinewood Bakery LLC"}
TEXAN = {
    "first_name": "Adaeze", "last_name": "Okonkwo", "email": "adaeze@pinewood.example",
    "street_address": "2207 East Cesar Chavez Street", "city": "Austin", "state": "Texas",
    "county": "Travis", "postal_code": "78702", "primary_phone": "512 555 0186 ext. 12",
    "username": "adaeze.desk", "password": "a short sentence is best",
    "confirm_password": "a short sentence is best",
}  # fmt: skip
GERMAN_ACCOUNT = {
    "company_name": "Kowalczyk & Söhne GmbH", "billing_country": "Germany", "tax_id": "DE 136 695 976",
}  # fmt: skip
GERMAN = {
    "first_name": "Jörg", "last_name": "Kowalczyk", "email": "joerg@kowalczyk.example",
    "street_address": "Torstraße 1", "postal_code": "10119", "city": "Berlin",
    "primary_phone": "030 901820", "language": "Deutsch",
}  # fmt: skip
JAPANESE_ACCOUNT = {"billing_country": "Japan"}
JAPANESE = {
    "first_name": "愛子", "last_name": "田中", "email": "aiko@tanaka.example", "postal_code": "150-0041",
    "state": "Tokyo", "city": "渋谷区", "street_address": "神南1-2-3", "primary_phone": "03-1234-5678",
}  # fmt: skip


class Keyboard:
    """Somebody at the desk who has no mouse: Tab, letters, Space and Enter."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def sign_in(self, url: str) -> None:
        self.page.goto(f"{url}/admin/login?next=/admin/clients/new")
        self.fill({"username": "admin", "password": ADMIN_PASSWORD})
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Add Client Account")

    def fill(self, fields: Mapping[str, str]) -> None:
        """Fill in fields as they follow each other on the page."""
        for name, text in fields.items():
            self.go_to(f'[name="{name}"]')
            if self._focused("el => el.tagName") == "SELECT":
                self.choose(name, text)
            else:
                self.page.keyboard.press("ControlOrMeta+a")
                self.page.keyboard.insert_text(text)

    def choose(self, name: str, words: str) -> None:
        """As a select is used without a mouse: by typing what one looks for."""
        self.page.keyboard.type(words)
        self.page.keyboard.press("Tab")  # leaves it, which tells the page of the change
        chosen = self.page.locator(f'[name="{name}"] option:checked')
        expect(chosen).to_have_text(words)

    def go_to(self, selector: str) -> None:
        for _ in range(MOST_TABS):
            if self._focused(f"el => el.matches('{selector}')"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {selector} by keyboard on {self.page.url}")

    def press(self, words: str) -> None:
        for _ in range(MOST_TABS):
            if self._focused("el => el.textContent.trim()") == words:
                self.page.keyboard.press("Enter")
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {words!r} by keyboard on {self.page.url}")

    def _focused(self, script: str) -> object:
        return self.page.evaluate(f"({script})(document.activeElement)")


def take_in(keys: Keyboard, url: str, account: Mapping[str, str], person: Mapping[str, str]) -> None:
    """Steps 1 and 2, each saved as it is finished."""
    page = keys.page
    page.goto(f"{url}/admin/clients/new")
    keys.fill(account)
    keys.press("Save and add primary contact")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add Primary Contact")
    if "company_name" in account:
        expect(page.locator("[name=company_name]")).to_have_value(account["company_name"])
    expect(page.locator("[data-toggle-count]")).to_have_text("17 of 17 mails are on")
    keys.fill(person)
    keys.press("Save and add billing account")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add Primary Contact")


@pytest.mark.parametrize("context", [{"bypass_csp": True}], indirect=True)
def test_three_people_are_taken_in_by_keyboard(page: Page, demo: DemoShop) -> None:
    keys = Keyboard(page)
    keys.sign_in(demo.url)
    take_in(keys, demo.url, TEXAN_ACCOUNT, TEXAN)
    take_in(keys, demo.url, GERMAN_ACCOUNT, GERMAN)
    expect(page.locator("[name=state]")).to_have_count(0)
    take_in(keys, demo.url, JAPANESE_ACCOUNT, JAPANESE)
    page.goto(f"{demo.url}/admin/clients")
    for name in ("Pinewood Bakery LLC", "Kowalczyk & Söhne GmbH", "愛子 田中"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    page.get_by_role("link", name="Pinewood Bakery LLC").click()
    page.get_by_role("link", name="Contacts").last.click()
    expect(page.locator("main")).to_contain_text("+1 512-555-0186 ext. 12")
    check(page)
    page.goto(f"{page.url}/new")
    a_county_outlives_a_late_answer(page)


def a_county_outlives_a_late_answer(page: Page) -> None:
    """The fields are drawn anew after somebody has chosen a county and gone on."""
    state, county = page.locator("[name=state]"), page.locator("[name=county]")
    state.select_option(label="Texas")
    expect(county.locator("option")).to_have_count(255)
    asked: list[Route] = []
    page.route("**/places?*", lambda route: asked.append(route))  # noqa: PLW0108 - it must be a function
    with page.expect_request("**/places?*"):
        state.select_option(label="Texas")
    county.select_option(label="Travis")
    page.locator("[name=postal_code]").focus()
    with page.expect_response("**/places?*"):
        asked[0].continue_()
    expect(page.locator("[data-places-fields]")).not_to_have_attribute("aria-busy", "true")
    expect(county.locator("option:checked")).to_have_text("Travis")
