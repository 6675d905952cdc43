"""Every icon that a template draws is in the sprite that set-up makes."""

from __future__ import annotations

import re
from pathlib import Path

from core.web.assets.build import icon_names
from tests.architecture.source import kept_files, place

SOURCES = {".html", ".txt", ".js", ".css", ".svg", ".xml", ".py", ".j2"}
USES = (
    re.compile(r"icons\.svg#([a-z0-9]+(?:-[a-z0-9]+)*)"),
    re.compile(r"""\bicon\(\s*["']([a-z0-9-]+)["']"""),  # the macro, and icon("...") in Python
    re.compile(r"""\bicon=["']([a-z0-9-]+)["']"""),  # GatewaySpec(icon=...), macro arguments
)


def icons_used(text: str) -> set[str]:
    return {name for pattern in USES for name in pattern.findall(text)}


def looked_at(path: Path) -> bool:
    rooms = ("core/", "plugins/")
    return path.suffix in SOURCES and place(path).startswith(rooms) and "assets" not in path.parts


def test_every_icon_used_is_in_the_sprite() -> None:
    known = set(icon_names())
    missing = {
        place(path): sorted(unknown)
        for path in kept_files()
        if looked_at(path) and (unknown := icons_used(path.read_text()) - known)
    }
    assert missing == {}, "add the names to core/web/assets/icons.txt"


def test_the_check_finds_each_way_of_naming_an_icon() -> None:
    text = (
        """<use href="/static/vendor/icons/icons.svg#flask"/> {{ icon("lock") }} GatewaySpec(icon="cash")"""
    )
    assert icons_used(text) == {"flask", "lock", "cash"}


def test_the_list_is_in_order_and_names_nothing_twice() -> None:
    assert list(icon_names()) == sorted(set(icon_names()))
