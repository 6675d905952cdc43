"""The conformance kit's harness: the sandbox's bank, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.values import DeclineCode, Notification
from core.testing.harness import GatewayHarness
from core.testing.pretend import WEBHOOK_SECRET, PretendWorld, total
from core.testing.transport import WsgiTransport

ACCOUNT = "000123456789"
LICENSE = "TX-44871023"
GOOD = {
    "bank_name": "First Prairie Bank",
    "bank_state": "TX",
    "account_type": "business",
    "routing_number": "110000000",
    "account_number": ACCOUNT,
    "license_id": LICENSE,
    "license_state": "TX",
    "date_of_birth": "1984-02-29",
    "first_name": "Adaeze",
    "last_name": "Okonkwo",
}
SETTLE_DAYS = 3


class ECheckHarness(GatewayHarness[PretendWorld]):
    spec_id = "sandbox_echeck"
    secrets = (ACCOUNT, LICENSE, "000111111113", "000111111116")

    def open(self, folder: Path) -> PretendWorld:
        return PretendWorld(folder)

    def close(self, world: PretendWorld) -> None:
        world.close()

    def transport(self, world: PretendWorld) -> WsgiTransport:
        return world.transport

    def settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**world.settings, "webhook_secret": WEBHOOK_SECRET}

    def wrong_settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**self.settings(world), "secret_key": "not-the-key"}

    def form(self, world: PretendWorld) -> Mapping[str, str]:
        return dict(GOOD)

    def declined_forms(self, world: PretendWorld) -> Mapping[DeclineCode, Mapping[str, str]]:
        return {
            DeclineCode.ACCOUNT_CLOSED: {**GOOD, "account_number": "000111111113"},
            DeclineCode.NO_ACCOUNT: {**GOOD, "account_number": "000111111116"},
        }

    def bad_forms(self, world: PretendWorld) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        wrong = {
            "bank_name": ("", "  ", "x" * 81, "a\x00b"),
            "bank_state": ("", "XX", "Texas", "T"),
            "account_type": ("", "current"),
            "routing_number": (
                "",
                "12345678",
                "123456789",
                "000000000",
                "1100000001",
                "11000000x",
                "\u0661" * 9,
            ),
            "account_number": ("", "123", "123456789012345678", "12a456"),
            "license_id": ("", "x", "<b>44871023</b>", "x" * 31),
            "license_state": ("", "ZZ"),
            "date_of_birth": (
                "",
                "02/29/1984",
                "1984-02-30",
                "1984-29-02",
                "1880-01-01",
                "2020-01-01",
                "2999-01-01",
            ),
        }
        return {name: tuple({**GOOD, name: value} for value in values) for name, values in wrong.items()}

    def taken(self, world: PretendWorld) -> Any:
        return total(row for row in world.books("transfers") if row["status"] != "declined")

    def given_back(self, world: PretendWorld) -> Any:
        return total(world.books("transfers"), "refunded")

    def settle(self, world: PretendWorld) -> None:
        world.advance(SETTLE_DAYS)

    def bounce(self, world: PretendWorld, reference: str) -> None:
        world.call("POST", f"/bank/return/{reference}", {"code": "R10"})

    def notification(self, world: PretendWorld, key: str) -> Notification:
        return world.notice("transfer.settled", key)

    def sign(self, world: PretendWorld, body: bytes) -> Notification:
        return world.sign(body)
