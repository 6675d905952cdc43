"""The theme contract: a theme is data, so it is read, not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from jinja2 import Environment, nodes
from jinja2.ext import i18n

from core.plugin_api.theme import PAGES, ThemeSpec
from core.plugin_host.manifest import Manifest

TAG = re.compile(r"<[a-zA-Z][^>]*>", re.DOTALL)
HANDLER = re.compile(r"\son[a-z]+\s*=", re.IGNORECASE)
INLINE_STYLE = re.compile(r"\sstyle\s*=|<style[\s>]", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc\s*=)[^>]*>", re.IGNORECASE)
ELSEWHERE = re.compile(r"\s(?:src|srcset|poster)\s*=\s*[\"']?(?:https?:)?//", re.IGNORECASE)
SCRIPT_URL = re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", re.IGNORECASE)
CSS_ELSEWHERE = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", re.IGNORECASE)
POST_FORM = re.compile(r"<form\b[^>]*method\s*=\s*[\"']?post[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\s*\(.*?%}(.*?){%-?\s*endmacro", re.DOTALL)


class ThemeContract:
    """``manifest`` and ``spec`` are filled in by core.testing.suite for each theme."""

    manifest: ClassVar[Manifest]
    spec: ClassVar[ThemeSpec]

    def templates(self) -> Iterator[tuple[str, str]]:
        folder = self.manifest.folder / "templates"
        for path in sorted(folder.rglob("*.html")):
            yield str(path.relative_to(folder)), path.read_text(encoding="utf-8")

    def styles(self) -> Iterator[tuple[str, str]]:
        folder = self.manifest.folder / "static"
        for path in sorted(folder.rglob("*.css")):
            yield str(path.relative_to(folder)), path.read_text(encoding="utf-8")

    def test_a_theme_has_every_page_or_a_parent_that_has(self) -> None:
        if self.spec.parent is None:
            missing = PAGES - {name for name, _ in self.templates()}
            assert not missing, f"without a parent, these pages are missing: {sorted(missing)}"

    def test_templates_can_be_read(self) -> None:
        environment = Environment(extensions=[i18n], autoescape=True)
        for name, text in self.templates():
            environment.parse(text, name=name)

    def test_nothing_is_marked_safe(self) -> None:
        """What people typed is escaped by the template engine; ``safe`` would switch that off."""
        environment = Environment(extensions=[i18n], autoescape=True)
        for name, text in self.templates():
            filters = environment.parse(text, name=name).find_all(nodes.Filter)
            assert not [one for one in filters if one.name == "safe"], f"{name} uses the filter safe"
            assert "autoescape false" not in text.replace("  ", " "), f"{name} switches escaping off"

    def test_no_script_or_style_stands_in_a_page(self) -> None:
        """The content security policy forbids both, so they would be dead."""
        for name, text in self.templates():
            assert not INLINE_SCRIPT.search(text), f"{name} has a script without src"
            assert not SCRIPT_URL.search(text), f"{name} has a javascript: address"
            assert not INLINE_STYLE.search(text), f"{name} has an inline style"
            for tag in TAG.findall(text):
                assert not HANDLER.search(tag), f"{name}: {tag[:80]} has an event handler"

    def test_nothing_is_loaded_from_elsewhere(self) -> None:
        for name, text in self.templates():
            assert not ELSEWHERE.search(text), f"{name} loads from another site"
        for name, text in self.styles():
            assert not CSS_ELSEWHERE.search(text), f"{name} loads from another site"

    def test_the_style_sheet_says_something(self) -> None:
        if self.spec.stylesheet:
            text = (self.manifest.folder / "static" / self.spec.stylesheet).read_text(encoding="utf-8")
            assert "{" in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), "there is no rule in it yet"

    def test_pictures_have_words(self) -> None:
        for name, text in self.templates():
            for tag in re.findall(r"<img\b[^>]*>", text, re.IGNORECASE):
                assert re.search(r"\salt\s*=", tag), f"{name}: {tag[:80]} has no alt"

    def test_forms_that_change_something_carry_their_token(self) -> None:
        for name, text in self.templates():
            carriers = ["csrf", *(macro for macro, body in MACRO.findall(text) if "csrf" in body)]
            for body in POST_FORM.findall(text):
                assert any(f"{one}(" in body for one in carriers), f"{name} has a POST form without csrf()"

    def test_files_have_plain_names(self) -> None:
        for path in Path(self.manifest.folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name), path.name
                assert not path.is_symlink(), path.name
