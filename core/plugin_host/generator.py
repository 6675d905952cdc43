"""Write the beginning of a plugin: it loads and is listed at once, and its contract is red until written."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from core.plugin_host.errors import PluginLoadError
from core.plugin_host.manifest import Kind

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
KINDS = (Kind.GATEWAY, Kind.PROVISIONER, Kind.REGISTRAR, Kind.REGISTER, Kind.THEME)
SUFFIX = ".tmpl"
CONFIGURED = (Kind.GATEWAY, Kind.REGISTER)  # the others have settings for each server, or none
SETTINGS = """
   [{kind}s.{name}]
   url = "https://api.{host}.example"
   api_key = "a-key-to-try" # later "env:{variable}_KEY"
"""
HARNESS_HINT = " and the pretend provider in `harness.py`"


def write_plugin(kind: Kind, name: str, into: Path) -> tuple[Path, ...]:
    """Write ``into/name`` and return its files. Raises PluginLoadError; nothing is ever overwritten."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise PluginLoadError(f"{name!r}: a name is 2 to 31 small letters, digits and _, as in acme_card")
    folder = into.resolve() / name
    if folder.exists():
        raise PluginLoadError(f"{folder} exists already")
    words = _words(kind, name, folder)
    texts = {folder / place: _filled(place, text, words) for place, text in _skeleton(kind, words)}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(texts)


def _words(kind: Kind, name: str, folder: Path) -> dict[str, str]:
    parts = [part for part in name.split("_") if part]
    return {
        "kind": kind.value,
        "name": name,
        "host": _host(name),
        "title": " ".join(part.capitalize() for part in parts),
        "cls": "".join(part.capitalize() for part in parts),
        "folder": folder.as_posix(),
        "parent": folder.parent.as_posix(),
        "harness_hint": "" if kind is Kind.THEME else HARNESS_HINT,
        "settings": SETTINGS.format(kind=kind, name=name, host=_host(name), variable=name.upper())
        if kind in CONFIGURED
        else "",
    }


def _host(name: str) -> str:
    return name.replace("_", "-").strip("-")


def _skeleton(kind: Kind, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    root = files("core.plugin_host") / "skeletons"
    for part in ("common", kind.value):
        for place, text in _files(root / part):
            yield place.removesuffix(SUFFIX).replace("NAME", words["name"]), text


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.is_dir():
            yield from _files(item, f"{prefix}{item.name}/")
        elif item.name.endswith(SUFFIX):
            yield f"{prefix}{item.name}", item.read_text(encoding="utf-8")


def _filled(place: str, text: str, words: dict[str, str]) -> str:
    try:
        return Template(text).substitute(words)
    except (KeyError, ValueError) as error:
        raise PluginLoadError(f"the skeleton of {place} is broken: {error}") from error
