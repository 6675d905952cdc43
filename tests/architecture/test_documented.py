"""Hook names, event names and abilities are a public promise: each stands in the documentation."""

from __future__ import annotations

import ast
import re

import pytest

from core.plugin_api.events import EVENTS
from core.plugin_api.theme import COMPONENTS, PAGES, SLOTS
from core.settings import Settings
from tests.architecture.source import ROOT, tree

API = ROOT / "core" / "plugin_api"
DOCS = ROOT / "docs" / "plugins"


def hooks() -> list[str]:
    """The functions marked as hook specifications."""
    return [
        node.name
        for node in tree(API / "hookspecs.py").body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(d) == "hookspec" for d in node.decorator_list)
    ]


def abilities() -> list[str]:
    """The small abstract classes a plugin may inherit."""
    return [
        node.name
        for name in ("gateway", "provisioner", "registrar", "register")
        for node in tree(API / f"{name}.py").body
        if isinstance(node, ast.ClassDef) and any("ABC" in ast.unparse(base) for base in node.bases)
    ]


def pages() -> str:
    return "\n".join(path.read_text() for path in sorted(DOCS.glob("*.md")))


@pytest.mark.parametrize("name", [*hooks(), *EVENTS, *sorted(SLOTS), *abilities()])
def test_each_name_is_documented(name: str) -> None:
    assert f"`{name}`" in pages()


@pytest.mark.parametrize(("name", "keys"), EVENTS.items())
def test_each_event_names_its_payload(name: str, keys: tuple[str, ...]) -> None:
    row = re.search(rf"^\| `{re.escape(name)}` \|.*$", (DOCS / "events.md").read_text(), re.MULTILINE)
    assert row is not None
    assert [key for key in keys if f"`{key}`" not in row.group()] == []


def test_the_documentation_promises_no_event_that_is_not_there() -> None:
    named = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", (DOCS / "events.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(EVENTS)


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name != "config_file"])
def test_each_setting_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "operations" / "settings.md").read_text()
    assert re.search(rf"^\| `{name}` \|", page, re.MULTILINE)


def drawn() -> set[str]:
    """Templates that shop and portal name in their code, complete with their folder."""
    web = ROOT / "core" / "web"
    found = set()
    for path in (*(web / "shop").glob("*.py"), *(web / "portal").glob("*.py"), web / "errors.py"):
        for name in re.findall(r'"((?:[a-z]+/)?[a-z-]+\.html)"', path.read_text()):
            found.add(name if "/" in name else f"{path.parent.name}/{name}")
    return {name for name in found if name.startswith(("shop/", "portal/"))}


def test_a_theme_is_told_of_every_page_that_is_drawn() -> None:
    assert drawn() == PAGES


@pytest.mark.parametrize("name", sorted(PAGES | COMPONENTS))
def test_each_template_of_a_theme_is_documented(name: str) -> None:
    assert f"`{name.removeprefix('components/')}`" in (DOCS / "themes.md").read_text()


def test_components_are_those_that_pages_may_share() -> None:
    folder = ROOT / "core" / "web" / "templates" / "components"
    assert {f"components/{path.name}" for path in folder.glob("*.html")} == COMPONENTS
