"""A plugin.toml, read without importing the plugin."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.plugin_host.errors import PluginLoadError

FILE_NAME = "plugin.toml"
ID = re.compile(r"(gateway|provisioner|registrar|register|theme|extension)\.[a-z][a-z0-9_]{0,39}")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Kind(StrEnum):
    """What a plugin is first of all. An extension only listens to events or fills page slots."""

    GATEWAY = "gateway"
    PROVISIONER = "provisioner"
    REGISTRAR = "registrar"
    REGISTER = "register"
    THEME = "theme"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a plugin says of itself before any of its code runs."""

    id: str  # "gateway.manual": what config/innkeeper.toml enables
    api: int  # the version of core.plugin_api it was written against
    module: str  # dotted name, or a file beside plugin.toml without its ".py"
    name: str  # for people
    kind: Kind
    folder: Path
    version: str = ""

    @property
    def origin(self) -> str:
        return str(self.folder / FILE_NAME)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read one plugin.toml. Raises PluginLoadError naming the file and the key."""
        data = _toml(path)
        _known_keys(path, data)
        return cls(
            id=_matching(path, data, "id", ID, "<kind>.<name> in small letters, as in gateway.acme"),
            api=_whole(path, data, "api"),
            module=_matching(path, data, "module", MODULE, "the name of a Python module"),
            name=_text(path, data, "name"),
            kind=_kind(path, data),
            folder=path.parent.resolve(),
            version=_text(path, data, "version") if "version" in data else "",
        )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginLoadError(f"{path}: can not be read: {error}") from error


def _known_keys(path: Path, data: Mapping[str, Any]) -> None:
    known = {"id", "api", "module", "name", "kind", "version"}
    if unknown := sorted(set(data) - known):
        raise PluginLoadError(f"{path}: unknown key {unknown[0]!r} (known: {', '.join(sorted(known))})")


def _text(path: Path, data: Mapping[str, Any], key: str) -> str:
    if key not in data:
        raise PluginLoadError(f"{path}: the key {key!r} is missing")
    value = data[key]
    if not isinstance(value, str) or not value.strip():
        raise PluginLoadError(f"{path}: {key}: must be a text that is not empty")
    return value


def _matching(path: Path, data: Mapping[str, Any], key: str, pattern: re.Pattern[str], what: str) -> str:
    value = _text(path, data, key)
    if not pattern.fullmatch(value):
        raise PluginLoadError(f"{path}: {key}: {value!r} is not {what}")
    return value


def _whole(path: Path, data: Mapping[str, Any], key: str) -> int:
    if key not in data:
        raise PluginLoadError(f"{path}: the key {key!r} is missing")
    if type(data[key]) is not int:
        raise PluginLoadError(f"{path}: {key}: must be a whole number")
    return int(data[key])


def _kind(path: Path, data: Mapping[str, Any]) -> Kind:
    value = _text(path, data, "kind")
    try:
        return Kind(value)
    except ValueError:
        raise PluginLoadError(f"{path}: kind: {value!r} is not one of {', '.join(Kind)}") from None
