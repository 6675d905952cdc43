"""The conformance kit's harness: nothing to connect to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.testing.harness import ProvisionerHarness


class ManualHarness(ProvisionerHarness[None]):
    spec_id = "manual_task"

    def open(self, folder: Path) -> None:
        return None

    def settings(self, world: None) -> Mapping[str, Any]:
        return {"location": "the machine in the cellar"}

    def options(self, world: None) -> Mapping[str, Any]:
        return {"work": "Rack the machine and label it."}
