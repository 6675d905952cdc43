"""The stripe gateway's module in a real browser: the vendor's field, saving a card, 3-D Secure.

The page here is as small as the contract of the checkout page allows and has the shop's strict policy. The
card form, the script's address and the API's address are the vendor's; localstripe answers behind them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.plugin_api.values import DeclineCode, LookupRequest, Money, Status, StoredMethod
from plugins.gateways.stripe import plugin as stripe_plugin
from tests.fixtures.localstripe import LocalStripe
from tests.fixtures.stripe_browser import StripeRoutes
from tests.plugins.gateways.stripe.conftest import Bench

pytestmark = [pytest.mark.browser, pytest.mark.peer]
MODULE = Path(stripe_plugin.__file__).parent / "static" / "stripe.js"
PAGE = """\
<!doctype html><html lang="en"><title>Checkout</title>
<script src="https://js.stripe.com/v3/" defer></script>
<script type="module" src="/page.js"></script>
<form>
  <input name="street_address" value="5 Byron Road"><input name="city" value="Austin">
  <input name="postal_code" value="78701"><input name="country" value="US">
  <input name="email" value="ada@ada.example">
  <div class="ik-method" data-setup='{setup}' data-action='{action}'>
    <input name="name_on_card" aria-label="Name on card" value="Ada Lovelace">
    <span id="card-label">Card</span>
    <div data-mount="card" aria-labelledby="card-label"></div>
  </div>
  <button type="button" id="pay">Pay</button><button type="button" id="ask">Ask</button>
</form>
<output></output>
"""
SCRIPT = """\
import stripe from "/stripe.js";
const root = document.querySelector(".ik-method"), form = document.querySelector("form");
const setup = JSON.parse(root.dataset.setup), data = JSON.parse(root.dataset.action);
const show = (what) => { document.querySelector("output").textContent = JSON.stringify(what); };
const act = (work) => async () => { show("..."); try { show(await work()); } catch (error) { show(error); } };
const on = (selector, work) => document.querySelector(selector).addEventListener("click", act(work));
on("#pay", () => stripe.tokenize({ root, setup, form }));
on("#ask", () => stripe.authenticate({ root, setup, data }));
addEventListener("load", () => {
  try { stripe.mount({ root, setup, form }); } catch (error) { show(error); }
});
"""
ORIGINS = " ".join(stripe_plugin.SCRIPT.origins)
POLICY = (
    f"default-src 'none'; script-src 'self' {ORIGINS}; connect-src 'self' {ORIGINS}; frame-src {ORIGINS}; "
    "style-src 'self'; form-action 'self'; base-uri 'none'"
)


class Shop:
    """A server that plays the checkout page. Its log is what our own server would have received."""

    def __init__(self) -> None:
        self.setup: dict[str, str] = {}
        self.action: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def page(self) -> str:
        return PAGE.format(setup=json.dumps(self.setup), action=json.dumps(self.action))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                files = {"/stripe.js": MODULE.read_text, "/page.js": lambda: SCRIPT, "/": shop.page}
                kind = "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8"
                found = files.get(self.path)
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(found().encode() if found else b"")

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def bench(localstripe: LocalStripe) -> Bench:
    return Bench(localstripe)


@pytest.fixture
def routes(localstripe: LocalStripe, shop: Shop) -> StripeRoutes:
    return StripeRoutes(localstripe=localstripe.url, origins=(shop.origin,))


@pytest.fixture
def page(chromium: Browser, routes: StripeRoutes) -> Iterator[Page]:
    """A page that may not complain: no error, no refused request, no card number sent to us."""
    context = chromium.new_context()
    routes.install(context)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None,
    )
    yield page
    context.close()
    assert complaints == []
    assert routes.blocked == []
    assert routes.card_numbers_sent_to_us() == []


def type_card(page: Page, number: str) -> None:
    """Into the vendor's field. The real one is a frame; localstripe's has plain inputs."""
    for name, value in (("number", number), ("exp_month", "12"), ("exp_year", "34"), ("cvc", "123")):
        page.get_by_placeholder(name).fill(value)


def said(page: Page) -> Any:
    """What the module gave back or threw."""
    output = page.locator("output")
    expect(output).not_to_have_text("")
    expect(output).not_to_have_text('"..."')
    return json.loads(output.inner_text())


def open_checkout(page: Page, shop: Shop, bench: Bench) -> None:
    shop.setup = dict(bench.gateway().browser().data)
    page.goto(shop.origin)


def test_a_card_is_saved_and_can_be_charged(
    page: Page, shop: Shop, bench: Bench, routes: StripeRoutes
) -> None:
    open_checkout(page, shop, bench)
    type_card(page, "4242424242424242")
    page.click("#pay")
    token = said(page)["token"]
    card = bench.gateway().collect({"payment_token": token, "name_on_card": "Ada Lovelace"})
    assert isinstance(card, StoredMethod)
    assert (card.last4, card.holder) == ("4242", "Ada Lovelace")
    assert bench.charge(card).status is Status.SUCCEEDED
    [(_, body)] = routes.to_stripe
    details = json.loads(body)["payment_method_data"]["billing_details"]
    assert details["address"]["postal_code"] == "78701"
    assert details["email"] == "ada@ada.example"


def test_a_decline_stands_beside_the_field_and_another_card_may_be_tried(
    page: Page, shop: Shop, bench: Bench
) -> None:
    open_checkout(page, shop, bench)
    type_card(page, "4000000000000002")
    page.click("#pay")
    assert said(page) == {"field": "card", "message": "Your card was declined."}
    type_card(page, "4242424242424242")
    page.click("#pay")
    expect(page.locator("output")).to_contain_text("seti_")
    card = bench.gateway().collect({"payment_token": said(page)["token"], "name_on_card": "Ada Lovelace"})
    assert isinstance(card, StoredMethod)
    assert card.last4 == "4242"


def test_the_name_is_asked_for_before_anything_is_sent(
    page: Page, shop: Shop, bench: Bench, routes: StripeRoutes
) -> None:
    open_checkout(page, shop, bench)
    page.get_by_label("Name on card").fill(" ")
    page.click("#pay")
    assert said(page)["field"] == "name_on_card"
    assert routes.to_stripe == []


def test_the_bank_asks_while_the_card_is_saved(page: Page, shop: Shop, bench: Bench) -> None:
    open_checkout(page, shop, bench)
    type_card(page, "4000002500003155")
    page.click("#pay")
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.locator("output")).to_contain_text("seti_")
    card = bench.gateway().collect({"payment_token": said(page)["token"], "name_on_card": "Ada Lovelace"})
    assert isinstance(card, StoredMethod)
    assert bench.charge(card, present=False).status is Status.SUCCEEDED


def test_a_card_that_could_not_be_confirmed_is_not_saved(page: Page, shop: Shop, bench: Bench) -> None:
    open_checkout(page, shop, bench)
    type_card(page, "4000002500003155")
    page.click("#pay")
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.locator("output")).to_contain_text("message")
    assert said(page)["field"] == "card"


@pytest.mark.parametrize(
    ("button", "status", "code"),
    [
        ("Complete authentication", Status.SUCCEEDED, None),
        ("Fail authentication", Status.DECLINED, DeclineCode.AUTHENTICATION_FAILED),
    ],
)
def test_the_bank_asks_for_a_payment(
    page: Page, shop: Shop, bench: Bench, button: str, status: Status, code: DeclineCode | None
) -> None:
    outcome = bench.charge(bench.loose_card("4000002760003184"))
    assert outcome.action is not None
    shop.action = dict(outcome.action.data)
    open_checkout(page, shop, bench)
    page.click("#ask")
    page.get_by_role("button", name=button).click()
    expect(page.locator("output")).to_have_text("{}")
    ask = LookupRequest(idempotency_key="key-1", reference=outcome.reference, amount=Money(1999, "USD"))
    found = bench.gateway().lookup(ask)
    assert (found.status, found.code) == (status, code)


def test_without_the_vendors_script_the_buyer_is_told(page: Page, shop: Shop, bench: Bench) -> None:
    page.route(
        "https://js.stripe.com/v3/", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    shop.setup = dict(bench.gateway().browser().data)
    page.goto(shop.origin)
    page.click("#pay")
    assert "could not be loaded" in said(page)["message"]
