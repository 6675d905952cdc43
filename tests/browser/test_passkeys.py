"""Passkeys in a real browser, with the authenticator that Chromium pretends to have."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import check
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop import ADMIN_PASSWORD, DemoShop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_is_set_up_proves_and_opens_the_door_alone(page: Page, demo: DemoShop) -> None:
    """At a name: numbers have no passkeys, so the machine itself is called localhost."""
    url = f"http://localhost:{urlsplit(demo.url).port}"
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    page.goto(f"{url}/admin/me/factors")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Set up a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".ik-codes code")).to_have_count(10)
    kept = devtools.send("WebAuthn.getCredentials", {"authenticatorId": made["authenticatorId"]})
    assert [one["rpId"] for one in kept["credentials"]] == ["localhost"]

    page.goto(f"{url}/admin/prove?next=/admin/staff")
    page.get_by_role("button", name="or use a passkey").click()
    expect(page.get_by_role("heading", name="Staff")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()
    page.goto(f"{url}/admin/me/factors")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed.")).to_be_visible()


@pytest.mark.parametrize("context", [{"viewport": PHONE, "bypass_csp": True}], indirect=True)
def test_a_client_sets_up_a_passkey_and_an_app_on_a_phone(page: Page, demo: DemoShop) -> None:
    """Their own pages are as usable: axe finds nothing, nothing is wider than the phone."""
    buyer = Buyer.new(page, demo.url)
    buyer.put_in_cart()
    buyer.introduce()
    buyer.choose("manual")
    buyer.go_on()
    buyer.place()
    url = f"http://localhost:{urlsplit(demo.url).port}/portal"
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{url}/sign-in?next=/portal/security/factors")
    page.get_by_label("Username or email").fill(buyer.email)
    page.get_by_label("Password").fill("a short sentence is best")
    page.get_by_role("button", name="Sign in", exact=True).press("Enter")
    page.get_by_role("button", name="Set up a passkey").press("Enter")
    expect(page.locator(".ik-codes code")).to_have_count(10)
    check(page)
    page.goto(f"{url}/security/factors")
    check(page)
    page.get_by_role("button", name="Set up an app").press("Enter")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    check(page)
    for path in ("security", "security/prove"):
        page.goto(f"{url}/{path}")
        check(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.get_by_role("heading", name="Services").first).to_be_visible()
