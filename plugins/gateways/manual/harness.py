"""The conformance kit's harness: nothing to connect to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.testing.harness import GatewayHarness


class ManualHarness(GatewayHarness[None]):
    spec_id = "manual"

    def open(self, folder: Path) -> None:
        return None

    def settings(self, world: None) -> Mapping[str, Any]:
        return {"payable_to": "Kit Inn Ltd", "bank_details": "Kit Bank\nAccount 12345", "note": "Thank you."}
