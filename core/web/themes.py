"""Which files a page is drawn from: a theme, its parents, then core."""

from __future__ import annotations

from pathlib import Path

from core.plugin_host import themes
from core.plugin_host.values import ThemeEntry
from core.web.current import WebHouse


def find(house: WebHouse, theme_id: str) -> ThemeEntry | None:
    """The theme a brand names; while that is not enabled, whichever is. None without any theme."""
    enabled = house.plugins.themes
    return enabled.get(theme_id) or next(iter(enabled.values()), None)


def chain(house: WebHouse, theme_id: str) -> tuple[ThemeEntry, ...]:
    """The theme that draws and its parents, the nearest first."""
    entry = find(house, theme_id)
    return themes.chain(house.plugins.themes, entry.spec.id) if entry else ()


def theme_folder(house: WebHouse, theme_id: str, name: str) -> Path | None:
    """``static/`` or ``templates/`` of an enabled theme."""
    entry = house.plugins.themes.get(theme_id)
    return None if entry is None else entry.folder / name


def plugin_folder(house: WebHouse, plugin_id: str, name: str) -> Path | None:
    """``static/`` or ``templates/`` of an enabled plugin."""
    plugins = house.plugins
    return plugins.static_folder(plugin_id) if name == "static" else plugins.template_folder(plugin_id)
