"""axe-core finds nothing on any page, in both colours, and no page is wider than a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
AXE = Path("core/web/assets/node_modules/axe-core/axe.min.js")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = pytest.mark.parametrize(
    "context",
    [
        {"viewport": DESK, "color_scheme": "light", "bypass_csp": True},
        {"viewport": PHONE, "color_scheme": "dark", "bypass_csp": True},
    ],
    indirect=True,
    ids=["light desk", "dark phone"],
)
ADMIN_PAGES = (
    "", "clients", "orders", "invoices", "services", "payments", "jobs", "mails", "plugins", "servers",
    "audit", "search?q=ada", "contacts", "clients?q=a&from=2020-01-01",
    "clients/new", "groups", "groups/new", "statuses", "custom-fields", "custom-fields/new", "tax-zones",
    "expiring", "imports", "imports/new",
    "me", "me/factors", "prove", "staff", "staff/new", "roles", "roles/new", "reset",
)  # fmt: skip
OF_A_CLIENT = (
    "/services/new", "/invoices/generate", "/invoices/new", "/credit", "/notes", "/files", "/audit", "/close",
    "/merge?into=a", "/privacy",
)  # fmt: skip


def check(page: Page) -> None:
    """No violation of the standard, and nothing to scroll sideways."""
    page.wait_for_load_state("load")  # what is judged is the page with its styles, its address drawn
    expect(page.locator("[data-places-fields][aria-busy]")).to_have_count(0)
    page.add_script_tag(path=str(AXE))
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(r => r.violations)", STANDARD
    )
    told = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found
    ]
    assert not told, f"{page.url}: {told}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} pixels too wide"


@LOOKS
def test_the_shop(buyer: Buyer) -> None:
    page = buyer.page
    for path in ("/", "/order/business-hosting", "/order/example-domain", "/cart", "/terms", "/nowhere"):
        page.goto(buyer.url + path)
        check(page)
    buyer.put_in_cart()
    check(page)
    page.goto(f"{buyer.url}/checkout")
    check(page)
    buyer.choose("manual")
    buyer.go_on()
    expect(page.locator(".ik-errors")).to_be_visible()
    check(page)
    buyer.introduce()
    for method in ("sandbox_echeck", "sandbox_wallet", "sandbox_card", "manual"):
        buyer.choose(method)
        check(page)
    buyer.go_on()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order Details")
    check(page)
    buyer.place()
    buyer.sees_it_placed()
    check(page)
    page.get_by_role("link", name="Pay another way").first.click()
    check(page)


@LOOKS
def test_the_admin(page: Page, demo: DemoShop) -> None:
    page.goto(f"{demo.url}/admin/login")
    check(page)
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("nav").first).to_be_attached()
    for path in ADMIN_PAGES:
        page.goto(f"{demo.url}/admin/{path}")
        check(page)
    for path in ("clients", "orders", "invoices", "services", "jobs", "mails", "plugins"):
        page.goto(f"{demo.url}/admin/{path}")
        link = page.locator("main table a").first
        if link.count():
            link.click()
            check(page)
            own = page.url
            for part in OF_A_CLIENT if path == "clients" else ():
                page.goto(own + part)
                check(page)
