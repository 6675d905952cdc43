"""The conformance kit's harness: the sandbox's wallet, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.values import Notification, RedirectInstruction
from core.testing.harness import GatewayHarness
from core.testing.pretend import WEBHOOK_SECRET, PretendWorld, total
from core.testing.transport import WsgiTransport


class WalletHarness(GatewayHarness[PretendWorld]):
    spec_id = "sandbox_wallet"

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

    def approve(self, world: PretendWorld, instruction: RedirectInstruction) -> None:
        world.press(instruction.url, "approve")

    def cancel(self, world: PretendWorld, instruction: RedirectInstruction) -> None:
        world.press(instruction.url, "cancel")

    def taken(self, world: PretendWorld) -> Any:
        return total(world.books("payments"), "captured")

    def given_back(self, world: PretendWorld) -> Any:
        return total(world.books("payments"), "refunded")

    def notification(self, world: PretendWorld, key: str) -> Notification:
        return world.notice("payment.captured", key)

    def sign(self, world: PretendWorld, body: bytes) -> Notification:
        return world.sign(body)
