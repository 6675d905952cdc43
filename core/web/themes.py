"""Which files a page is drawn from: a theme, its parents, then core."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from core.plugin_api.theme import COMPONENTS, PAGES, ThemeSpec
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.values import ThemeEntry
from core.web.current import WebHouse

OVERRIDABLE = PAGES | COMPONENTS


def find(house: WebHouse, theme_id: str) -> ThemeEntry | None:
    """The theme a brand names; while that is not enabled, whichever is. None without any theme."""
    themes = house.plugins.themes
    return themes.get(theme_id) or next(iter(themes.values()), None)


def chain(house: WebHouse, theme_id: str) -> tuple[ThemeEntry, ...]:
    """The theme and its parents, the nearest first. A parent that is missing or met twice ends it."""
    found: dict[str, ThemeEntry] = {}
    entry = find(house, theme_id)
    while entry is not None and entry.spec.id not in found:
        found[entry.spec.id] = entry
        entry = house.plugins.themes.get(entry.spec.parent) if entry.spec.parent else None
    return tuple(found.values())


def theme_folder(house: WebHouse, theme_id: str, name: str) -> Path | None:
    """``static/`` or ``templates/`` of an enabled theme."""
    entry = house.plugins.themes.get(theme_id)
    return None if entry is None else entry.folder / name


def plugin_folder(house: WebHouse, plugin_id: str, name: str) -> Path | None:
    """``static/`` or ``templates/`` of an enabled plugin."""
    plugins = house.plugins
    return plugins.static_folder(plugin_id) if name == "static" else plugins.template_folder(plugin_id)


def check(house: WebHouse) -> None:
    """At start: every theme replaces only what core draws, and none leaves a page without template.

    Raises PluginLoadError with one line that names the theme and the template.
    """
    for theme_id, entry in house.plugins.themes.items():
        for problem in (*_unknown(entry.spec), *_missing(house, theme_id)):
            raise PluginLoadError(f"{entry.plugin_id}: {problem}")


def _unknown(spec: ThemeSpec) -> Iterator[str]:
    for name in sorted(spec.overrides - OVERRIDABLE):
        near = get_close_matches(name, OVERRIDABLE, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield f"overrides: core draws no template {name}{hint}"


def _missing(house: WebHouse, theme_id: str) -> Iterator[str]:
    folders = [entry.folder / "templates" for entry in chain(house, theme_id)]
    for name in sorted(PAGES):
        if not any((folder / name).is_file() for folder in folders):
            yield f"templates/{name} is missing, and no parent has it"
