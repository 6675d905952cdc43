"""The plugins of one process: found, loaded, checked, and ready to be asked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from core.kernel.clock import Clock
from core.plugin_api.context import PluginConfig
from core.plugin_api.events import Subscription
from core.plugin_api.gateway import Gateway, GatewaySpec
from core.plugin_api.provisioner import Provisioner, ProvisionerSpec
from core.plugin_api.register import Register
from core.plugin_api.registrar import Registrar, RegistrarSpec
from core.plugin_host import themes
from core.plugin_host.building import Builder, Connect, settings_for
from core.plugin_host.checks import nearest
from core.plugin_host.discovery import Found, discover
from core.plugin_host.errors import PluginLoadError, PluginMissing
from core.plugin_host.http import guarded_session
from core.plugin_host.loading import Offer, load_one, new_manager
from core.plugin_host.manifest import Manifest
from core.plugin_host.values import (
    GatewayEntry,
    PluginSettings,
    PluginState,
    ProvisionerEntry,
    RegisterEntry,
    RegistrarEntry,
    SlotEntry,
    ThemeEntry,
)

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Frozen. Mappings are keyed by spec id ("sandbox_card"), which is what orders store."""

    gateways: Mapping[str, GatewayEntry]
    provisioners: Mapping[str, ProvisionerEntry]
    registrars: Mapping[str, RegistrarEntry]
    registers: Mapping[str, RegisterEntry]
    themes: Mapping[str, ThemeEntry]
    slots: Mapping[str, tuple[SlotEntry, ...]]  # slot name -> fragments in order
    subscriptions: tuple[Subscription, ...]  # names are complete: "<plugin id>:<name>"
    plugins: tuple[PluginState, ...]
    _folders: Mapping[str, Path] = field(repr=False)
    _built: Mapping[str, Gateway[Any]] = field(repr=False)
    _builder: Builder = field(repr=False)

    def build_gateway(self, spec_id: str) -> Gateway[Any]:
        """The configured gateway, one per process. Raises PluginMissing."""
        return _get(self._built, "gateway", spec_id)

    def build_provisioner(self, spec_id: str, config: Mapping[str, Any] | PluginConfig) -> Provisioner[Any]:
        """A provisioner for one server's settings. Raises PluginMissing or Misconfigured."""
        return self._builder.provisioner(_get(self.provisioners, "provisioner", spec_id), config)

    def build_registrar(self, spec_id: str, config: Mapping[str, Any] | PluginConfig) -> Registrar[Any]:
        """A registrar for one account's settings. Raises PluginMissing or Misconfigured."""
        return self._builder.registrar(_get(self.registrars, "registrar", spec_id), config)

    def build_register(self, spec_id: str) -> Register[Any]:
        """A register of tax numbers. Raises PluginMissing or Misconfigured."""
        return self._builder.register(_get(self.registers, "register", spec_id))

    def server_settings(self, spec_id: str, config: Mapping[str, Any]) -> PluginConfig:
        """Check a server's settings before they are stored. Raises PluginMissing or Misconfigured."""
        entries: dict[str, ProvisionerEntry | RegistrarEntry] = {**self.provisioners, **self.registrars}
        return settings_for(_get(entries, "provisioner", spec_id), config)

    def gateway_spec(self, spec_id: str) -> GatewaySpec:
        """Raises PluginMissing."""
        return _get(self.gateways, "gateway", spec_id).spec

    def provisioner_spec(self, spec_id: str) -> ProvisionerSpec:
        """Raises PluginMissing."""
        return _get(self.provisioners, "provisioner", spec_id).spec

    def registrar_spec(self, spec_id: str) -> RegistrarSpec:
        """Raises PluginMissing."""
        return _get(self.registrars, "registrar", spec_id).spec

    def static_folder(self, plugin_id: str) -> Path | None:
        """``static/`` of an enabled plugin; None when it has none or is not enabled."""
        return _subfolder(self._folders, plugin_id, "static")

    def template_folder(self, plugin_id: str) -> Path | None:
        """``templates/`` of an enabled plugin; None when it has none or is not enabled."""
        return _subfolder(self._folders, plugin_id, "templates")

    def locale_folders(self) -> tuple[Path, ...]:
        """``locales/`` of each enabled plugin that has one, in the order of ``enabled``."""
        found = (_subfolder(self._folders, plugin_id, "locales") for plugin_id in self._folders)
        return tuple(folder for folder in found if folder)

    def state(self, plugin_id: str) -> PluginState | None:
        """One plugin as admin lists it, enabled or not."""
        return next((one for one in self.plugins if one.id == plugin_id), None)


def load_plugins(
    settings: PluginSettings, clock: Clock, *, strict: bool, connect: Connect = guarded_session
) -> Registry:
    """Find all plugins, import the enabled ones, check what they offer.

    A plugin that fails is recorded with one line; with ``strict`` PluginLoadError is raised with all of them.
    ``connect`` makes the HTTP session of each plugin and is replaced in tests.
    """
    found = discover(settings.plugin_path, bundled=settings.bundled)
    loader = _Loader(
        settings=settings, found=found, builder=Builder(clock, settings.mode, connect), strict=strict
    )
    for broken in found.broken:
        loader.fail(broken.id, broken.error)
    for plugin_id in dict.fromkeys(settings.enabled):
        loader.load(plugin_id)
    loader.check_themes()
    loader.check_tables()
    loader.end()
    return loader.registry()


class _Loader:
    """Collects while loading; thrown away afterwards."""

    def __init__(self, *, settings: PluginSettings, found: Found, builder: Builder, strict: bool) -> None:
        self._settings = settings
        self._found = found
        self._builder = builder
        self._strict = strict
        self._manager = new_manager()
        self._offers: dict[str, Offer] = {}
        self._built: dict[str, Gateway[Any]] = {}
        self._errors: dict[str, str] = {}
        self._first: PluginLoadError | None = None

    def fail(self, plugin_id: str, error: str, cause: PluginLoadError | None = None) -> None:
        self._first = self._first or cause
        if plugin_id not in self._errors and not self._strict:
            log.error("plugin failed: %s", error)
        self._errors.setdefault(plugin_id, error)

    def end(self) -> None:
        """With ``strict``, raise PluginLoadError with every fault, a line each."""
        if self._strict and self._errors:
            raise PluginLoadError("\n".join(self._errors.values())) from self._first

    def load(self, plugin_id: str) -> None:
        manifest = self._found.manifests.get(plugin_id)
        if manifest is None:
            if plugin_id not in self._errors:
                self.fail(plugin_id, self._not_found(plugin_id))
            return
        try:
            offer = load_one(self._manager, manifest, self._settings)
            self._accept(manifest, offer)
        except PluginLoadError as error:
            log.debug("plugin %s failed", plugin_id, exc_info=True)
            self.fail(plugin_id, str(error), error)

    def _not_found(self, plugin_id: str) -> str:
        hint = nearest(plugin_id, self._found.manifests)
        return f"{self._settings.config_file}: [plugins] enabled: {plugin_id} is not installed{hint}"

    def _accept(self, manifest: Manifest, offer: Offer) -> None:
        """Take in what a plugin offers, unless another offers it already."""
        for known, other in self._offers.items():
            if both := sorted(set(offer.spec_ids) & set(other.spec_ids)):
                self._manager.unregister(name=manifest.id)
                raise PluginLoadError(f"{manifest.id}: {both[0]} is offered by {known} already")
        try:
            built = {entry.spec.id: self._builder.gateway(entry) for entry in offer.gateways}
        except (Exception, SystemExit) as error:
            self._manager.unregister(name=manifest.id)
            raise PluginLoadError(f"{manifest.id}: {type(error).__name__}: {error}") from error
        self._built |= built
        self._offers[manifest.id] = offer

    def check_tables(self) -> None:
        """A table that no plugin could own is most often a typing mistake."""
        known = {f"{kind}.{spec_id}" for kind, spec_id in self._offered()}
        for table in sorted(set(self._settings.configs) - known):
            if not any(_may_own(plugin_id, table) for plugin_id in self._unloaded()):
                hint = nearest(table, known)
                self.fail(table, f"{self._settings.config_file}: [{table}]: no plugin has this name{hint}")

    def check_themes(self) -> None:
        """A theme that lacks a page is left out with its plugin, and so is who stands on it."""
        while broken := tuple(themes.faults(_by_id(self._themes()))):
            for entry, fault in broken:
                self._leave_out(entry.plugin_id)
                self.fail(entry.plugin_id, f"{entry.plugin_id}: {fault}")

    def _themes(self) -> Iterable[ThemeEntry]:
        return (entry for offer in self._offers.values() for entry in offer.themes)

    def _leave_out(self, plugin_id: str) -> None:
        offer = self._offers.pop(plugin_id, None)
        for entry in offer.gateways if offer else ():
            del self._built[entry.spec.id]
        if self._manager.has_plugin(plugin_id):
            self._manager.unregister(name=plugin_id)

    def _unloaded(self) -> set[str]:
        return (set(self._found.manifests) | set(self._errors)) - set(self._offers)

    def _offered(self) -> Iterable[tuple[str, str]]:
        for offer in self._offers.values():
            yield from (("gateways", entry.spec.id) for entry in offer.gateways)
            yield from (("provisioners", entry.spec.id) for entry in offer.provisioners)
            yield from (("registrars", entry.spec.id) for entry in offer.registrars)
            yield from (("registers", entry.spec.id) for entry in offer.registers)
            yield from (("themes", entry.spec.id) for entry in offer.themes)

    def registry(self) -> Registry:
        offers = list(self._offers.values())
        return Registry(
            gateways=_by_id(entry for offer in offers for entry in offer.gateways),
            provisioners=_by_id(entry for offer in offers for entry in offer.provisioners),
            registrars=_by_id(entry for offer in offers for entry in offer.registrars),
            registers=_by_id(entry for offer in offers for entry in offer.registers),
            themes=_by_id(self._themes()),
            slots=_by_slot(entry for offer in offers for entry in offer.slots),
            subscriptions=tuple(one for offer in offers for one in offer.subscriptions),
            plugins=self._states(),
            _folders={plugin_id: self._found.manifests[plugin_id].folder for plugin_id in self._offers},
            _built=MappingProxyType(dict(self._built)),
            _builder=self._builder,
        )

    def _states(self) -> tuple[PluginState, ...]:
        manifests = self._found.manifests
        states = [self._state(manifests[plugin_id]) for plugin_id in sorted(manifests)]
        origins = {broken.id: broken.origin for broken in self._found.broken}
        for name in sorted(set(self._errors) - set(manifests)):
            origin = origins.get(name, self._settings.config_file)
            kind = name.partition(".")[0] if "." in name else ""
            error = self._errors[name]
            states.append(
                PluginState(id=name, name=name, kind=kind, origin=origin, state="failed", error=error)
            )
        return tuple(states)

    def _state(self, manifest: Manifest) -> PluginState:
        offer = self._offers.get(manifest.id)
        error = self._errors.get(manifest.id, "")
        return PluginState(
            id=manifest.id,
            name=manifest.name,
            kind=manifest.kind,
            origin=manifest.origin,
            state="failed" if error else "enabled" if offer else "available",
            error=error,
            mode=offer.mode if offer else None,
            version=manifest.version,
            offers=offer.spec_ids if offer else (),
        )


def _may_own(plugin_id: str, table: str) -> bool:
    """Spec ids of a plugin that is not imported are unknown; by custom they begin with its name."""
    name, spec_id = plugin_id.rpartition(".")[2], table.partition(".")[2]
    return spec_id == name or spec_id.startswith(f"{name}_")


def _get(entries: Mapping[str, Entry], kind: str, spec_id: str) -> Entry:
    try:
        return entries[spec_id]
    except KeyError:
        raise PluginMissing(kind, spec_id) from None


def _by_id(entries: Iterable[Any]) -> Mapping[str, Any]:
    return MappingProxyType({entry.spec.id: entry for entry in entries})


def _by_slot(entries: Iterable[SlotEntry]) -> Mapping[str, tuple[SlotEntry, ...]]:
    slots: dict[str, list[SlotEntry]] = {}
    for entry in entries:
        slots.setdefault(entry.fragment.slot, []).append(entry)
    ordered = {name: sorted(found, key=lambda entry: entry.fragment.order) for name, found in slots.items()}
    return MappingProxyType({name: tuple(found) for name, found in ordered.items()})


def _subfolder(folders: Mapping[str, Path], plugin_id: str, name: str) -> Path | None:
    folder = folders.get(plugin_id)
    return folder / name if folder is not None and (folder / name).is_dir() else None
