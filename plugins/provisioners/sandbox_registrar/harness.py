"""The conformance kit's harness: the sandbox's registrar, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.testing.harness import RegistrarHarness
from core.testing.pretend import PretendWorld
from core.testing.transport import WsgiTransport


class SandboxRegistrarHarness(RegistrarHarness[PretendWorld]):
    spec_id = "sandbox_registrar"

    def open(self, folder: Path) -> PretendWorld:
        return PretendWorld(folder)

    def close(self, world: PretendWorld) -> None:
        world.close()

    def transport(self, world: PretendWorld) -> WsgiTransport:
        return world.transport

    def settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return world.settings

    def wrong_settings(self, world: PretendWorld) -> Mapping[str, Any]:
        return {**world.settings, "secret_key": "not-the-key"}

    def count(self, world: PretendWorld) -> int:
        return len(world.books("domains"))
