"""Find plugins in three places without importing any of them.

1. ``plugins/*/*/plugin.toml`` beside the package ``core``: the bundled ones;
2. installed distributions with an entry point in the group ``innkeeper.plugins``;
3. every folder of the setting ``plugin_path``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from core.plugin_host.errors import PluginLoadError
from core.plugin_host.manifest import FILE_NAME, Manifest

ENTRY_POINT_GROUP = "innkeeper.plugins"
PACKAGE = "core"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A plugin that can not even be described. ``id`` is its own where known, else where it was found."""

    id: str
    origin: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that could be enabled, by id, and what is in the way of the rest."""

    manifests: dict[str, Manifest]
    broken: tuple[Broken, ...]


def bundled_folder() -> Path | None:
    """The folder of bundled plugins: it stands beside ``core``. None in an installation without it."""
    found = importlib.util.find_spec(PACKAGE)
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place).resolve().parent / "plugins"
        if folder.is_dir():
            return folder
    return None


def discover(plugin_path: Sequence[Path] = (), *, bundled: Path | None = None) -> Found:
    """Look in all three places. Nothing is imported and nothing raised: faults are in ``broken``."""
    home = bundled or bundled_folder()
    files = [*(_bundled(home) if home else ()), *_installed(), *_outside(plugin_path)]
    manifests: list[Manifest] = []
    broken: list[Broken] = [
        Broken(id=str(folder), origin=str(folder), error=f"plugin_path: {folder} is not a folder")
        for folder in plugin_path
        if not folder.is_dir()
    ]
    for file in dict.fromkeys(path.resolve() for path in files):
        try:
            manifests.append(Manifest.read(file))
        except PluginLoadError as error:
            broken.append(Broken(id=file.parent.name, origin=str(file), error=str(error)))
    return _without_duplicates(manifests, broken)


def _bundled(home: Path) -> Iterator[Path]:
    yield from sorted(home.glob(f"*/*/{FILE_NAME}"))


def _outside(plugin_path: Iterable[Path]) -> Iterator[Path]:
    """A folder may be a plugin, hold plugins, or hold them by kind as ``plugins/`` does."""
    for folder in plugin_path:
        for pattern in (FILE_NAME, f"*/{FILE_NAME}", f"*/*/{FILE_NAME}"):
            yield from sorted(folder.glob(pattern))


def _installed() -> Iterator[Path]:
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        yield _entry_folder(entry) / FILE_NAME


def _entry_folder(entry: EntryPoint) -> Path:
    """Where the package of an entry point lies. find_spec on a top-level name does not run it."""
    top, *parts = entry.module.split(".")
    found = importlib.util.find_spec(top)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0] if places else f"entry point {entry.name}").joinpath(*parts)


def _without_duplicates(manifests: Iterable[Manifest], broken: list[Broken]) -> Found:
    known: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        known.setdefault(manifest.id, []).append(manifest)
    for plugin_id, offers in known.items():
        if len(offers) > 1:
            places = " and ".join(offer.origin for offer in offers)
            text = f"{plugin_id} is offered twice, by {places}: remove one of them"
            broken.append(Broken(id=plugin_id, origin=offers[0].origin, error=text))
    unique = {plugin_id: offers[0] for plugin_id, offers in known.items() if len(offers) == 1}
    return Found(manifests=unique, broken=tuple(broken))
