"""Themes stand on one another: where a page is looked for, and whether every page is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.plugin_api.theme import PAGES
from core.plugin_host.checks import nearest
from core.plugin_host.values import ThemeEntry

Themes = Mapping[str, ThemeEntry]


def chain(themes: Themes, theme_id: str) -> tuple[ThemeEntry, ...]:
    """The theme and its parents, the nearest first. A parent that is missing or met twice ends it."""
    found: dict[str, ThemeEntry] = {}
    entry = themes.get(theme_id)
    while entry is not None and entry.spec.id not in found:
        found[entry.spec.id] = entry
        entry = themes.get(entry.spec.parent) if entry.spec.parent else None
    return tuple(found.values())


def faults(themes: Themes) -> Iterator[tuple[ThemeEntry, str]]:
    """Each theme that can not draw the shop among these, with one line that says why."""
    for theme_id, entry in themes.items():
        parent = entry.spec.parent
        if parent is not None and parent not in themes:
            yield entry, f"{theme_id}: parent: no enabled theme is called {parent!r}{nearest(parent, themes)}"
            continue
        folders = [one.folder / "templates" for one in chain(themes, theme_id)]
        missing = [name for name in sorted(PAGES) if not any((folder / name).is_file() for folder in folders)]
        if missing:
            names = ", ".join(f"templates/{name}" for name in missing)
            yield entry, f"{theme_id}: no parent has what is missing here: {names}"
