"""The whole conformance kit once more, this time against the Stripe that others wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.plugin_api.values import DeclineCode, Money, Notification
from core.plugin_host.manifest import FILE_NAME, Manifest
from core.testing.harness import GatewayHarness
from core.testing.suite import _class
from plugins.gateways.stripe import plugin
from plugins.gateways.stripe.amounts import from_stripe
from plugins.gateways.stripe.harness import SIGNING, StripeHarness
from plugins.gateways.stripe.pretend import PretendStripe
from tests.fixtures.localstripe import PUBLISHABLE_KEY, SECRET_KEY, LocalStripe


class LocalStripeHarness(GatewayHarness[LocalStripe]):
    spec_id = "stripe"
    server: ClassVar[LocalStripe]

    def open(self, folder: Path) -> LocalStripe:
        self.server.forget_everything()
        return self.server

    def settings(self, world: LocalStripe) -> Mapping[str, Any]:
        return {
            "secret_key": SECRET_KEY,
            "publishable_key": PUBLISHABLE_KEY,
            "webhook_secrets": SIGNING,
            "api_base": world.url,
        }

    def wrong_settings(self, world: LocalStripe) -> Mapping[str, Any]:
        return {**self.settings(world), "secret_key": "rk_test_unknown0123456789"}

    def taken(self, world: LocalStripe) -> Money:
        return self._sum(world.intents(), "amount_received")

    def given_back(self, world: LocalStripe) -> Money:
        return self._sum(world.call("GET", "refunds?limit=100")["data"], "amount")

    def form(self, world: LocalStripe) -> Mapping[str, str]:
        return self._with(world, "4242424242424242")

    def declined_forms(self, world: LocalStripe) -> Mapping[DeclineCode, Mapping[str, str]]:
        return {DeclineCode.CARD_DECLINED: self._with(world, "4000000000000341")}

    def bad_forms(self, world: LocalStripe) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        good = self.form(world)
        unconfirmed = world.call("POST", "setup_intents", {"usage": "off_session"})["client_secret"]
        return {
            "card": ({**good, "payment_token": unconfirmed}, {**good, "payment_token": "seti_1_secret_1"}),
            "name_on_card": ({**good, "name_on_card": " "},),
        }

    def notification(self, world: LocalStripe, key: str) -> Notification:
        """The very event that localstripe made."""
        [event] = [
            one for one in world.call("GET", "events?limit=100")["data"]
            if one["type"] == "payment_intent.succeeded" and one["data"]["object"]["metadata"]["key"] == key
        ]  # fmt: skip
        return self.sign(world, json.dumps(event).encode())

    def sign(self, world: LocalStripe, body: bytes) -> Notification:
        return StripeHarness().sign(PretendStripe(""), body)

    def _with(self, world: LocalStripe, number: str) -> Mapping[str, str]:
        secret = world.call("POST", "setup_intents", {"usage": "off_session"})["client_secret"]
        world.save_card(secret, number)
        return {"payment_token": secret, "name_on_card": "Kit Owner", "keep_card": "1"}

    def _sum(self, found: list[Any], field: str) -> Money:
        amounts = [from_stripe(one[field], one["currency"]) for one in found]
        return sum(amounts[1:], amounts[0]) if amounts else Money(0, self.amount.currency)


@pytest.fixture(scope="module", autouse=True)
def _server(localstripe_server: LocalStripe) -> None:
    LocalStripeHarness.server = localstripe_server


[SPEC] = plugin.register_gateways()
MANIFEST = Manifest.read(Path(plugin.__file__).with_name(FILE_NAME))
TestStripeOnLocalstripe = pytest.mark.peer(_class(MANIFEST, SPEC, LocalStripeHarness))
