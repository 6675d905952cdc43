"""Import one plugin, ask what it offers, and check it. All or nothing: a failure leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy

from core.plugin_api import hookspecs
from core.plugin_api.context import Mode, PluginConfig
from core.plugin_api.events import Subscription
from core.plugin_api.gateway import GatewaySpec
from core.plugin_api.provisioner import ProvisionerSpec
from core.plugin_api.register import RegisterSpec
from core.plugin_api.registrar import RegistrarSpec
from core.plugin_host import checks
from core.plugin_host.configs import read_config, refuse_unknown
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.importing import import_plugin
from core.plugin_host.manifest import Manifest
from core.plugin_host.redaction import Redactor
from core.plugin_host.values import (
    GatewayEntry,
    PluginSettings,
    ProvisionerEntry,
    RegisterEntry,
    RegistrarEntry,
    SlotEntry,
    ThemeEntry,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Everything one plugin brings, checked."""

    gateways: tuple[GatewayEntry, ...]
    provisioners: tuple[ProvisionerEntry, ...]
    registrars: tuple[RegistrarEntry, ...]
    registers: tuple[RegisterEntry, ...]
    themes: tuple[ThemeEntry, ...]
    slots: tuple[SlotEntry, ...]
    subscriptions: tuple[Subscription, ...]

    @property
    def spec_ids(self) -> tuple[str, ...]:
        entries: tuple[GatewayEntry | ProvisionerEntry | RegistrarEntry | RegisterEntry | ThemeEntry, ...]
        entries = (
            *self.gateways, *self.provisioners, *self.registrars, *self.registers, *self.themes,
        )  # fmt: skip
        return tuple(entry.spec.id for entry in entries)

    @property
    def mode(self) -> Mode:
        """TEST as soon as one part is: it is marked rather once too often."""
        parts = [entry.mode for entry in self.gateways]
        parts += [entry.spec.mode for entry in self.provisioners]
        parts += [entry.spec.mode for entry in self.registrars]
        parts += [entry.mode for entry in self.registers]
        return Mode.TEST if Mode.TEST in parts else Mode.LIVE


def new_manager() -> pluggy.PluginManager:
    """One per registry, never a module global."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def load_one(manager: pluggy.PluginManager, manifest: Manifest, settings: PluginSettings) -> Offer:
    """Import, register and check one plugin. Raises PluginLoadError and leaves the manager as it was.

    Whatever the plugin's own code raises, SystemExit included, becomes that one error.
    """
    try:
        _check_api(manifest)
        module = import_plugin(manifest)
        _register(manager, manifest, module)
        return _offer(manager, manifest, settings)
    except (Exception, SystemExit) as error:
        if manager.has_plugin(manifest.id):
            manager.unregister(name=manifest.id)
        raise PluginLoadError(_line(manifest, error)) from error


def load_specs(manager: pluggy.PluginManager, manifest: Manifest) -> tuple[Any, ...]:
    """What a plugin offers without any settings: gateways, provisioners, registrars, registers and
    themes.

    For tools and tests. Raises PluginLoadError as ``load_one`` does.
    """
    try:
        _check_api(manifest)
        _register(manager, manifest, import_plugin(manifest))
        items = {hook: _ask(manager, manifest, hook) for hook in checks.HOOKS}
        _check_kind(manifest, items)
        acting = [hook for hook, (item, _) in checks.HOOKS.items() if item in checks.ROOTS]
        specs = tuple(spec for hook in acting for spec in items[hook])
        for spec in specs:
            checks.check_spec(spec)
        for theme in items["register_themes"]:
            _theme(manifest, theme)
        return (*specs, *items["register_themes"])
    except (Exception, SystemExit) as error:
        raise PluginLoadError(_line(manifest, error)) from error


def _check_api(manifest: Manifest) -> None:
    if manifest.api != hookspecs.API_VERSION:
        raise PluginLoadError(
            f"{manifest.origin}: api: it was written for version {manifest.api}, "
            f"this Innkeeper has {hookspecs.API_VERSION}"
        )


def _register(manager: pluggy.PluginManager, manifest: Manifest, module: ModuleType) -> None:
    name = manager.register(module, name=manifest.id)
    if name is None:
        raise PluginLoadError("it is registered already")
    for caller in manager.get_hookcallers(module) or ():
        if not caller.has_spec():
            hint = checks.nearest(caller.name, checks.HOOKS)
            raise PluginLoadError(f"{module.__file__}: unknown hook {caller.name}{hint}")
    manager.check_pending()


def _offer(manager: pluggy.PluginManager, manifest: Manifest, settings: PluginSettings) -> Offer:
    items = {hook: _ask(manager, manifest, hook) for hook in checks.HOOKS}
    _check_kind(manifest, items)
    return Offer(
        gateways=tuple(_gateway(manifest, spec, settings) for spec in items["register_gateways"]),
        provisioners=tuple(_provisioner(manifest, spec, settings) for spec in items["register_provisioners"]),
        registrars=tuple(_registrar(manifest, spec, settings) for spec in items["register_registrars"]),
        registers=tuple(_register_of(manifest, spec, settings) for spec in items["register_tax_registers"]),
        themes=tuple(_theme(manifest, spec) for spec in items["register_themes"]),
        slots=tuple(_slot(manifest, fragment) for fragment in items["register_slots"]),
        subscriptions=tuple(_subscription(manifest, one) for one in items["register_subscriptions"]),
    )


def _ask(manager: pluggy.PluginManager, manifest: Manifest, hook: str) -> tuple[Any, ...]:
    """Call one hook of this plugin alone."""
    others = [plugin for name, plugin in manager.list_name_plugin() if name != manifest.id and plugin]
    call: Callable[[], list[object]] = manager.subset_hook_caller(hook, remove_plugins=others)
    return tuple(item for answer in call() for item in checks.check_items(hook, answer))


def _check_kind(manifest: Manifest, items: Mapping[str, tuple[Any, ...]]) -> None:
    hooks = [hook for hook, (_, kind) in checks.HOOKS.items() if kind is manifest.kind]
    if not any(items[hook] for hook in hooks):
        wanted = " or ".join(hooks)
        raise PluginLoadError(f"{manifest.origin}: kind {manifest.kind}: {wanted} offers nothing")


def _source(settings: PluginSettings, table: str) -> str:
    return f"{settings.config_file}: [{table}]"


def _gateway(manifest: Manifest, spec: GatewaySpec, settings: PluginSettings) -> GatewayEntry:
    checks.check_spec(spec)
    table = f"gateways.{spec.id}"
    config = read_config(spec.config, settings.configs.get(table, {}), source=_source(settings, table))
    return GatewayEntry(plugin_id=manifest.id, spec=spec, config=config, mode=mode_of(spec, config))


def mode_of(spec: checks.Spec, config: PluginConfig) -> Mode:
    """The settings decide where their model has a property ``mode`` (a test key), else the spec."""
    mode = getattr(config, "mode", spec.mode)
    return mode if isinstance(mode, Mode) else spec.mode


def _provisioner(manifest: Manifest, spec: ProvisionerSpec, settings: PluginSettings) -> ProvisionerEntry:
    checks.check_spec(spec)
    defaults = _defaults(spec, f"provisioners.{spec.id}", settings)
    return ProvisionerEntry(plugin_id=manifest.id, spec=spec, defaults=defaults)


def _registrar(manifest: Manifest, spec: RegistrarSpec, settings: PluginSettings) -> RegistrarEntry:
    checks.check_spec(spec)
    defaults = _defaults(spec, f"registrars.{spec.id}", settings)
    return RegistrarEntry(plugin_id=manifest.id, spec=spec, defaults=defaults)


def _register_of(manifest: Manifest, spec: RegisterSpec, settings: PluginSettings) -> RegisterEntry:
    checks.check_spec(spec)
    table = f"registers.{spec.id}"
    config = read_config(spec.config, settings.configs.get(table, {}), source=_source(settings, table))
    return RegisterEntry(plugin_id=manifest.id, spec=spec, config=config, mode=mode_of(spec, config))


def _defaults(spec: checks.Spec, table: str, settings: PluginSettings) -> Mapping[str, Any]:
    """Each server completes these, so only their names can be judged here."""
    values = dict(settings.configs.get(table, {}))
    refuse_unknown(spec.config, values, source=_source(settings, table))
    return values


def _theme(manifest: Manifest, spec: Any) -> ThemeEntry:
    checks.check_theme(spec, manifest.folder)
    return ThemeEntry(plugin_id=manifest.id, spec=spec, folder=manifest.folder)


def _slot(manifest: Manifest, fragment: Any) -> SlotEntry:
    checks.check_slot(fragment, manifest.folder)
    return SlotEntry(plugin_id=manifest.id, fragment=fragment)


def _subscription(manifest: Manifest, subscription: Subscription) -> Subscription:
    """The name is completed by the plugin's id: it is what the outbox keeps for ever."""
    checks.check_subscription(subscription)
    return Subscription(
        event=subscription.event,
        name=f"{manifest.id}:{subscription.name}",
        handler=subscription.handler,
    )


def _line(manifest: Manifest, error: BaseException) -> str:
    """One line that names the plugin and the cause."""
    if isinstance(error, PluginLoadError):
        text = str(error)
        return text if manifest.id in text else f"{manifest.id}: {text}"
    words = " ".join(Redactor().text(str(error)).split()) or "no reason given"
    return f"{manifest.id}: {type(error).__name__} while it was loaded: {words} ({_place(manifest, error)})"


def _place(manifest: Manifest, error: BaseException) -> str:
    """The plugin's own line that the error came from, else its manifest."""
    place = manifest.origin
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if str(manifest.folder) in name:
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
