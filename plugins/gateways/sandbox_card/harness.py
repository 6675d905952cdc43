"""The conformance kit's harness: the sandbox's card processor, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.values import DeclineCode, Notification
from core.testing.harness import GatewayHarness
from core.testing.pretend import WEBHOOK_SECRET, PretendWorld, next_year, total
from core.testing.transport import WsgiTransport

GOOD = "4242424242424242"
DECLINED = {
    DeclineCode.CARD_DECLINED: "4000000000000002",
    DeclineCode.INSUFFICIENT_FUNDS: "4000000000009995",
    DeclineCode.EXPIRED_CARD: "4000000000000069",
    DeclineCode.INCORRECT_CVC: "4000000000000127",
    DeclineCode.PROCESSING_ERROR: "4000000000000119",
}


class CardHarness(GatewayHarness[PretendWorld]):
    spec_id = "sandbox_card"
    secrets = (GOOD, *DECLINED.values())

    def open(self, folder: Path) -> PretendWorld:
        return PretendWorld(folder)

    def close(self, world: PretendWorld) -> None:
        world.close()

    def transport(self, world: PretendWorld) -> WsgiTransport:
        return world.transport

    def settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**world.settings, "public_key": world.public_key, "webhook_secret": WEBHOOK_SECRET}

    def wrong_settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**self.settings(world), "secret_key": "not-the-key"}

    def form(self, world: PretendWorld) -> Mapping[str, str]:
        return self._form(world, GOOD)

    def _form(self, world: PretendWorld, number: str) -> dict[str, str]:
        return {
            "payment_token": world.token(number),
            "name_on_card": "Adaeze Okonkwo",
            "card_type": "Automatic",
            "expiry_month": "12",
            "expiry_year": str(next_year() + 2),
            "keep_card": "1",
        }

    def declined_forms(self, world: PretendWorld) -> Mapping[DeclineCode, Mapping[str, str]]:
        return {code: self._form(world, number) for code, number in DECLINED.items()}

    def bad_forms(self, world: PretendWorld) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        good = self._form(world, GOOD)
        wrong = {
            "name_on_card": ("", "   ", GOOD, "4242 4242 4242 4242", "x" * 101, "a\x00b"),
            "card_type": ("Diners", "Mastercard"),
            "expiry_month": ("", "0", "00", "13", "1.5", "-1", "١٢", "Dec"),
            "expiry_year": ("", "0", "24", "2001", "9999", "twenty"),
            "issue_number": ("123", "x", "-1"),
            "start_date": ("2024", "13/2024", "1/24", "x", "01/2199"),
            "payment_token": ("", "tok_unknown", "../tokens", GOOD),
        }
        forms = {name: tuple({**good, name: value} for value in values) for name, values in wrong.items()}
        other_year = {**good, "expiry_year": str(next_year() + 3)}
        forms["number"] = (*forms.pop("payment_token"), other_year)
        return forms

    def taken(self, world: PretendWorld) -> Any:
        return total(row for row in world.books("charges") if row["status"] == "succeeded")

    def given_back(self, world: PretendWorld) -> Any:
        return total(world.books("charges"), "refunded")

    def notification(self, world: PretendWorld, key: str) -> Notification:
        return world.notice("charge.succeeded", key)

    def sign(self, world: PretendWorld, body: bytes) -> Notification:
        return world.sign(body)
