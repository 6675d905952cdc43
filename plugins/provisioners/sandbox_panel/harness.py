"""The conformance kit's harness: the sandbox's panel, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.provisioner import AccountRef
from core.testing.harness import ProvisionerHarness
from core.testing.pretend import PretendWorld
from core.testing.transport import WsgiTransport


class PanelHarness(ProvisionerHarness[PretendWorld]):
    spec_id = "sandbox_panel"

    def open(self, folder: Path) -> PretendWorld:
        return PretendWorld(folder)

    def close(self, world: PretendWorld) -> None:
        world.close()

    def transport(self, world: PretendWorld) -> WsgiTransport:
        return world.transport

    def settings(self, world: PretendWorld) -> Mapping[str, Any]:
        more = {"hostname": "cedar.kit.example", "nameservers": ["ns1.kit.example", "ns2.kit.example"]}
        return {**world.settings, **more}

    def wrong_settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**self.settings(world), "secret_key": "not-the-key"}

    def options(self, world: PretendWorld) -> Mapping[str, Any]:
        return {"plan": "starter"}

    def other_options(self, world: PretendWorld) -> Mapping[str, Any]:
        return {"plan": "business"}

    def impossible_options(self, world: PretendWorld) -> Mapping[str, Any]:
        return {"plan": "palace"}

    def count(self, world: PretendWorld) -> int:
        return len([row for row in world.books("accounts") if row["state"] != "deleted"])

    def stranger(self, world: PretendWorld, ref: AccountRef) -> None:
        account = {
            "username": ref.username,
            "domain": f"other-{ref.domain}",
            "plan": "starter",
            "password": "not-your-business",
            "email": "stranger@kit.example",
        }
        world.call("POST", "/panel/accounts", account)
