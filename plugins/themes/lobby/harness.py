"""The conformance kit's harness: a theme has nothing to connect to."""

from __future__ import annotations

from core.testing.harness import ThemeHarness


class LobbyHarness(ThemeHarness):
    spec_id = "lobby"
