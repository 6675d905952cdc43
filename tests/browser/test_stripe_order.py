"""A whole order, paid through stripe and built by powerdns: we play nobody here but the buyer.

The shop is a process of its own, as in production but on SQLite. Behind the vendor's addresses stands
localstripe, behind the panel a real PowerDNS, and ``dig`` has the last word.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from core import demo
from core.catalog import editing as catalog
from core.kernel.clock import FixedClock
from core.provisioning import placement
from core.settings import load
from tests.fixtures.innkeeper import open_house
from tests.fixtures.localstripe import PUBLISHABLE_KEY, SECRET_KEY, LocalStripe
from tests.fixtures.powerdns import API_KEY, Daemon
from tests.fixtures.stripe_browser import StripeRoutes

pytestmark = [pytest.mark.browser, pytest.mark.peer, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
PATIENCE = 45_000  # milliseconds
CONFIG = """\
mode = "demo"

[plugins]
enabled = [
    "gateway.stripe", "gateway.manual", "provisioner.powerdns", "provisioner.sandbox_panel",
    "provisioner.sandbox_registrar", "theme.lobby",
]
strict = true

[gateways.stripe]
secret_key = "{secret_key}"
publishable_key = "{publishable_key}"
webhook_secrets = "whsec_innkeeper"
api_base = "{stripe}"

[gateways.manual]
payable_to = "Wayside Hosting LLC"
"""


@dataclass(frozen=True)
class Shop:
    """A running shop that sells ``zone-hosting``."""

    origin: str
    stripe: LocalStripe
    dns: Daemon


@pytest.fixture(scope="module")
def shop(
    localstripe_server: LocalStripe, powerdns_server: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    config = folder / "innkeeper.toml"
    keys = {"secret_key": SECRET_KEY, "publishable_key": PUBLISHABLE_KEY, "stripe": localstripe_server.url}
    config.write_text(CONFIG.format(**keys))
    port = free_port()
    environment = {
        "INNKEEPER_CONFIG": str(config),
        "INNKEEPER_DATA": str(folder / "var"),
        "INNKEEPER_PORT": str(port),
        "INNKEEPER_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "INNKEEPER_ADMIN_PASSWORD": "a long password for the test",
    }
    (folder / "var").mkdir()
    subprocess.run(command("migrate"), env=clean(environment), cwd=ROOT, check=True, timeout=120)
    stock(environment, powerdns_server)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command("serve"), env=clean(environment), cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}", folder / "log")
        yield Shop(f"http://127.0.0.1:{port}", localstripe_server, powerdns_server)
    finally:
        process.terminate()
        process.wait(60)


def command(name: str) -> list[str]:
    return [sys.executable, "-m", "core.cli", name]


def clean(environment: dict[str, str]) -> dict[str, str]:
    """Our own environment without what the test run keeps under Innkeeper's prefix."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("INNKEEPER_")}
    return rest | environment


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def stock(environment: dict[str, str], dns: Daemon) -> None:
    """The demo's shop, and a product whose zone our PowerDNS makes."""
    house = open_house(load(environment=environment), FixedClock(datetime.now(UTC)))
    brand = demo.set_up(house)
    settings = {
        "url": dns.url,
        "api_key": API_KEY,
        "nameservers": "ns1.host.example ns2.host.example",
        "hostmaster": "hostmaster@host.example",
    }
    with house.db.transaction() as session:
        pool = placement.add_pool(session, "Zones")
        placement.add_server(
            session, house, name="dns-1", plugin="powerdns", settings_json=json.dumps(settings), pool_id=pool
        )
        product = replace(
            demo.STARTER, slug="zone-hosting", name="Zone Hosting", provisioner="powerdns", pool_id=pool,
            provisioner_options={"records": "@ A 192.0.2.10\nwww CNAME @"},
        )  # fmt: skip
        catalog.set_price(
            session, catalog.add_product(session, brand.id, product), currency="USD", cycle=demo.YEARLY,
            amount_minor=6000, valid_from=demo.SINCE,
        )  # fmt: skip
    house.db.dispose()


def wait_until_ready(process: subprocess.Popen[bytes], origin: str, log: Path) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                if session.get(f"{origin}/readyz", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
    pytest.fail(f"the shop did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def page(chromium: Browser, shop: Shop) -> Iterator[Page]:
    """A buyer's page. Our server may see no card number, and nobody else anything at all."""
    shop.stripe.forget_everything()
    shop.dns.forget_everything()
    context = chromium.new_context()
    routes = StripeRoutes(localstripe=shop.stripe.url, origins=(shop.origin,)).install(context)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
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
    assert routes.to_us != []


def fill_cart(page: Page, shop: Shop, domain: str) -> None:
    page.goto(f"{shop.origin}/order/zone-hosting")
    page.fill("[name=domain]", domain)
    page.get_by_role("button", name="Add to order").click()
    page.get_by_text("Proceed with purchase").first.click()


def fill_contact(page: Page, username: str) -> None:
    for name, value in {
        "first_name": "Ada", "last_name": "Okonkwo", "email": f"{username}@pinewood.example",
        "primary_phone": "+1 512 555 0186", "street_address": "2207 East Cesar Chavez Street",
        "city": "Austin", "username": username, "password": "a short sentence is best",
        "confirm_password": "a short sentence is best",
    }.items():  # fmt: skip
        page.fill(f"[name={name}]", value)
    page.select_option("[name=country]", "US")
    page.select_option("[name=state]", "TX")
    page.select_option("select[name=county]", "Travis")
    page.fill("[name=postal_code]", "78702")


def fill_card(page: Page, number: str) -> None:
    page.check("[name=payment_method][value=stripe]")
    page.fill("[data-gateway=stripe] [name=name_on_card]", "Ada Okonkwo")
    for name, value in (("number", number), ("exp_month", "12"), ("exp_year", "34"), ("cvc", "123")):
        page.get_by_placeholder(name, exact=True).fill(value)


def place_order(page: Page) -> None:
    page.check("[name=accept_terms]")
    page.get_by_role("button", name="Place order").last.click()


def answer_the_bank(page: Page, button: str = "Complete authentication") -> None:
    """The window that the vendor's script opens."""
    page.get_by_role("button", name=button).click()


def test_an_order_with_a_challenge_ends_paid_and_dig_answers(page: Page, shop: Shop) -> None:
    fill_cart(page, shop, "ada-orders.example")
    fill_contact(page, "adaeze")
    fill_card(page, "4000002760003184")
    page.get_by_role("button", name="Continue", exact=False).last.click()
    answer_the_bank(page)  # once for saving the card
    place_order(page)
    answer_the_bank(page)  # and once for the payment
    expect(page.get_by_role("heading", name="Your Order Has Been Placed")).to_be_visible(timeout=PATIENCE)
    [intent] = shop.stripe.intents()
    assert (intent["status"], intent["amount"], intent["currency"]) == ("succeeded", 6300, "usd")
    assert shop.dns.dig("ada-orders.example") == ["192.0.2.10"]
    assert shop.dns.dig("ada-orders.example", "NS") == ["ns1.host.example.", "ns2.host.example."]


def test_a_declined_card_says_why_and_keeps_the_order(page: Page, shop: Shop) -> None:
    fill_cart(page, shop, "bob-orders.example")
    fill_contact(page, "bobby1")
    fill_card(page, "4000000000000341")  # can be saved, is declined when it is charged
    page.get_by_role("button", name="Continue", exact=False).last.click()
    place_order(page)
    expect(page.get_by_text("The bank declined this card.").first).to_be_visible(timeout=PATIENCE)
    order = page.url
    assert shop.dns.zones() == []
    page.get_by_role("link", name="Pay another way").or_(
        page.get_by_role("button", name="Pay another way")
    ).first.click()
    fill_card(page, "4242424242424242")
    page.get_by_role("button", name="Pay", exact=False).last.click()
    expect(page.get_by_role("heading", name="Your Order Has Been Placed")).to_be_visible(timeout=PATIENCE)
    assert page.url.partition("?")[0] == order.partition("?")[0]
    assert [intent["amount_received"] for intent in shop.stripe.intents()] == [6300, 0]  # newest first
    assert shop.dns.dig("bob-orders.example") == ["192.0.2.10"]
