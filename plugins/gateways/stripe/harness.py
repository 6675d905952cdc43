"""What the conformance kit needs to test this plugin: a pretend Stripe and its books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.plugin_api.values import DeclineCode, Money, Notification
from core.testing.harness import GatewayHarness
from core.testing.transport import WsgiTransport
from plugins.gateways.stripe.amounts import from_stripe
from plugins.gateways.stripe.pretend import Object, PretendStripe
from plugins.gateways.stripe.webhooks import HEADER, sign

KEY = "sk_test_pretend0123456789"
SIGNING = "whsec_pretend0123456789"
GOOD = "4242424242424242"


class StripeHarness(GatewayHarness[PretendStripe]):
    spec_id = "stripe"

    def open(self, folder: Path) -> PretendStripe:
        return PretendStripe(KEY)

    def settings(self, world: PretendStripe) -> Mapping[str, Any]:
        return {
            "secret_key": KEY,
            "publishable_key": "pk_test_pretend0123456789",
            "webhook_secrets": f"whsec_newer0123456789 {SIGNING}",
        }

    def wrong_settings(self, world: PretendStripe) -> Mapping[str, Any]:
        return {**self.settings(world), "secret_key": "sk_test_wrong0123456789"}

    def transport(self, world: PretendStripe) -> WsgiTransport:
        return WsgiTransport(world)

    def taken(self, world: PretendStripe) -> Money:
        return _sum(world.of("payment_intent"), "amount_received")

    def given_back(self, world: PretendStripe) -> Money:
        return _sum(world.of("refund"), "amount")

    def form(self, world: PretendStripe) -> Mapping[str, str]:
        return self._with(world, GOOD)

    def declined_forms(self, world: PretendStripe) -> Mapping[DeclineCode, Mapping[str, str]]:
        return {
            DeclineCode.CARD_DECLINED: self._with(world, "4000000000000341"),
            DeclineCode.INSUFFICIENT_FUNDS: self._with(world, "4000000000009995"),
            DeclineCode.EXPIRED_CARD: self._with(world, "4000000000000069"),
        }

    def bad_forms(self, world: PretendStripe) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        good = self.form(world)
        tokens = ("", "seti_1_secret_1", "../customers", good["payment_token"][:-1] + "2")
        names = ("", " ", "x" * 101, "Ada\x00")
        return {
            "card": tuple({**good, "payment_token": token} for token in tokens),
            "name_on_card": tuple({**good, "name_on_card": name} for name in names),
        }

    def notification(self, world: PretendStripe, key: str) -> Notification:
        [intent] = [one for one in world.of("payment_intent") if one["metadata"].get("key") == key]
        event = {
            "id": f"evt_{intent['id']}",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": intent["created"],
            "data": {"object": intent},
        }
        return self.sign(world, json.dumps(event).encode())

    def sign(self, world: PretendStripe, body: bytes) -> Notification:
        now = datetime.now(UTC)  # noqa: TID251 - the kit agrees on the machine's clock
        stamp = int(now.timestamp())
        header = f"t={stamp},v1={sign(SIGNING, stamp, body)}"
        return Notification(body=body, headers={HEADER: header}, received_at=now)

    def _with(self, world: PretendStripe, number: str) -> Mapping[str, str]:
        return {"payment_token": world.save_card(number), "name_on_card": "Kit Owner", "keep_card": "1"}


def _sum(found: list[Object], field: str) -> Money:
    """The books of a test are in one currency."""
    amounts = [from_stripe(one[field], one["currency"]) for one in found]
    return sum(amounts[1:], amounts[0]) if amounts else Money(0, StripeHarness.amount.currency)
