"""Import a plugin's modules: by name when it is installed, by place when it lies in a folder.

A plugin in a folder becomes a package of its own under a private name, so that its relative imports
work and two plugins may both have a ``client.py``.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from core.plugin_host.errors import PluginLoadError
from core.plugin_host.manifest import Manifest

PRIVATE = "innkeeper_plugin"


def import_plugin(manifest: Manifest) -> ModuleType:
    """The plugin's own module. Whatever its code raises comes through, SystemExit included."""
    if _lies_in_folder(manifest, manifest.module):
        return _import_by_place(manifest, manifest.module)
    _check_place(manifest)
    return importlib.import_module(manifest.module)


def import_sibling(manifest: Manifest, name: str) -> ModuleType:
    """Another module of the same plugin (``harness``). Raises PluginLoadError when there is none."""
    if not (manifest.folder / f"{name}.py").is_file():
        raise PluginLoadError(f"{manifest.id}: {manifest.folder / name}.py is missing")
    if _lies_in_folder(manifest, manifest.module):
        return _import_by_place(manifest, name)
    return importlib.import_module(f"{manifest.module.rpartition('.')[0]}.{name}")


def _lies_in_folder(manifest: Manifest, module: str) -> bool:
    path = manifest.folder.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _check_place(manifest: Manifest) -> None:
    """A name that leads to another file than the plugin's would run a stranger's code."""
    try:
        found = importlib.util.find_spec(manifest.module)
    except ImportError:
        found = None
    if found is None or found.origin is None:
        raise PluginLoadError(f"{manifest.origin}: module: {manifest.module} does not exist")
    if manifest.folder not in Path(found.origin).resolve().parents:
        raise PluginLoadError(f"{manifest.origin}: module: {manifest.module} lies in {found.origin}")


def _import_by_place(manifest: Manifest, module: str) -> ModuleType:
    package = _package_name(manifest)
    fresh = package not in sys.modules
    try:
        if fresh:
            _make_package(package, manifest.folder)
        return importlib.import_module(f"{package}.{module}")
    except BaseException:
        if fresh:
            _forget(package)
        raise


def _package_name(manifest: Manifest) -> str:
    place = hashlib.sha256(str(manifest.folder).encode()).hexdigest()[:8]
    return f"{PRIVATE}_{manifest.id.replace('.', '_')}_{place}"


def _make_package(name: str, folder: Path) -> None:
    init = folder / "__init__.py"
    if not init.is_file():
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
        return
    spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise PluginLoadError(f"{init}: can not be imported")
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
