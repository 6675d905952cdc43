"""The house theme: calm paper ground, white panels, one filled button per view, the arch of a door."""

from __future__ import annotations

from collections.abc import Iterable

from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.theme import PAGES, ThemeSpec


@hookimpl
def register_themes() -> Iterable[ThemeSpec]:
    return (
        ThemeSpec(
            id="lobby",
            name="Lobby",
            overrides=PAGES | {"components/tasks.html"},
            stylesheet="lobby.css",
        ),
    )
