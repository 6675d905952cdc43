"""One Chromium per test process, one shop per module."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fixtures.buyer import Buyer, Watch
from tests.fixtures.shop import DemoShop

CHROMIUM = os.environ.get("INNKEEPER_TEST_CHROMIUM", "/usr/bin/chromium")
LATENCY = int(
    os.environ.get("INNKEEPER_TEST_LATENCY", "0")
)  # milliseconds before each answer: finds tests that race scripts
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
expect.set_options(timeout=20_000)  # milliseconds: two cores may be busy with other tests
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    """The demo on SQLite with its pretend world."""
    shop = DemoShop(data=tmp_path_factory.mktemp("shop")).start()
    yield shop
    shop.stop()


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """``@pytest.mark.parametrize("context", [...], indirect=True)`` gives other options."""
    options = getattr(request, "param", {"viewport": DESK})
    made = chromium.new_context(**options)
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that may not complain: no script error, nothing against the policy, nothing refused."""
    page = context.new_page()
    if LATENCY:
        far_away(page)
    watch = Watch.over(page)
    yield page
    assert not watch.complaints, watch.complaints


def far_away(page: Page) -> None:
    """A page is there long before its scripts are, as over a bad line."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY, "downloadThroughput": -1, "uploadThroughput": -1},
    )


@pytest.fixture
def buyer(page: Page, demo: DemoShop) -> Buyer:
    return Buyer.new(page, demo.url)
