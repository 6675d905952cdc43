"""What a plugin's specs must hold to. Pure; every fault is one line."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.context import Mode, PluginConfig
from core.plugin_api.events import EVENTS, Subscription
from core.plugin_api.gateway import Gateway, GatewaySpec
from core.plugin_api.provisioner import Provisioner, ProvisionerSpec
from core.plugin_api.register import Register, RegisterSpec
from core.plugin_api.registrar import Registrar, RegistrarSpec
from core.plugin_api.theme import COMPONENTS, PAGES, SLOTS, SlotFragment, ThemeSpec
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.manifest import Kind

DRAWN = PAGES | COMPONENTS
SPEC_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
Spec = GatewaySpec | ProvisionerSpec | RegistrarSpec | RegisterSpec

# hook -> (type of each item, the kind of plugin that must offer at least one)
HOOKS: Mapping[str, tuple[type, Kind]] = {
    "register_gateways": (GatewaySpec, Kind.GATEWAY),
    "register_provisioners": (ProvisionerSpec, Kind.PROVISIONER),
    "register_registrars": (RegistrarSpec, Kind.REGISTRAR),
    "register_tax_registers": (RegisterSpec, Kind.REGISTER),
    "register_themes": (ThemeSpec, Kind.THEME),
    "register_slots": (SlotFragment, Kind.EXTENSION),
    "register_subscriptions": (Subscription, Kind.EXTENSION),
}
ROOTS: Mapping[type, type] = {
    GatewaySpec: Gateway, ProvisionerSpec: Provisioner, RegistrarSpec: Registrar, RegisterSpec: Register,
}  # fmt: skip


def nearest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean x?"`` or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def check_items(hook: str, items: object) -> tuple[Any, ...]:
    """What a hook returned, as a tuple of the right type. Raises PluginLoadError."""
    wanted, _ = HOOKS[hook]
    if items is None or isinstance(items, str) or not isinstance(items, Iterable):
        raise PluginLoadError(f"{hook} returned {type(items).__name__}, not a list of {wanted.__name__}")
    found = tuple(items)
    for item in found:
        if not isinstance(item, wanted):
            raise PluginLoadError(f"{hook} returned a {type(item).__name__} among its {wanted.__name__}s")
    return found


def check_spec(spec: Spec) -> None:
    """Names, classes and hosts of one gateway, provisioner, registrar or register. Raises PluginLoadError."""
    check_id(spec.id)
    _check_config(spec.id, "config", spec.config)
    if isinstance(spec, ProvisionerSpec):
        _check_config(spec.id, "options", spec.options)
    _check_class(spec, ROOTS[type(spec)])
    _check_hosts(spec)
    if not isinstance(spec.mode, Mode):
        raise PluginLoadError(f"{spec.id}: mode must be Mode.TEST or Mode.LIVE")


def check_id(spec_id: object) -> None:
    if not isinstance(spec_id, str) or not SPEC_ID.fullmatch(spec_id):
        raise PluginLoadError(f"the id {spec_id!r} must be small letters, digits and _, as in acme_card")


def _check_config(spec_id: str, what: str, model: object) -> None:
    if not (isinstance(model, type) and issubclass(model, PluginConfig)):
        raise PluginLoadError(f"{spec_id}: {what} must be a class derived from PluginConfig")


def _check_class(spec: Spec, root: type) -> None:
    implementation: object = spec.implementation
    if not (isinstance(implementation, type) and issubclass(implementation, root)):
        raise PluginLoadError(f"{spec.id}: implementation must be a class derived from {root.__name__}")
    if inspect.isabstract(implementation):
        missing = ", ".join(sorted(getattr(implementation, "__abstractmethods__", ())))
        raise PluginLoadError(f"{spec.id}: {implementation.__name__} does not define: {missing}")


def _check_hosts(spec: Spec) -> None:
    if spec.hosts is not None:
        for host in spec.hosts:
            if "/" in host or ":" in host or not host:
                raise PluginLoadError(f"{spec.id}: hosts: {host!r} must be a bare host name")
        return
    for name in spec.host_settings:
        if name not in spec.config.model_fields:
            hint = nearest(name, spec.config.model_fields)
            raise PluginLoadError(f"{spec.id}: host_settings names {name!r}, which is no setting{hint}")


def check_theme(spec: ThemeSpec, folder: Path) -> None:
    """The files a theme names must be there, and be drawn by core. Raises PluginLoadError with all faults."""
    check_id(spec.id)
    faults = []
    if spec.stylesheet and not (folder / "static" / spec.stylesheet).is_file():
        faults.append(f"stylesheet: static/{spec.stylesheet} is missing")
    for name in sorted(spec.overrides):
        if name not in DRAWN:
            faults.append(f"overrides: core draws no template {name}{nearest(name, DRAWN)}")
        elif not (folder / "templates" / name).is_file():
            faults.append(f"overrides: templates/{name} is missing")
    if faults:
        raise PluginLoadError(f"{spec.id}: {'; '.join(faults)}")


def check_slot(fragment: SlotFragment, folder: Path) -> None:
    if fragment.slot not in SLOTS:
        hint = nearest(fragment.slot, SLOTS)
        raise PluginLoadError(f"there is no slot {fragment.slot!r}{hint}")
    if not (folder / "templates" / fragment.template).is_file():
        raise PluginLoadError(f"slot {fragment.slot}: templates/{fragment.template} is missing")


def check_subscription(subscription: Subscription) -> None:
    if subscription.event not in EVENTS:
        hint = nearest(subscription.event, EVENTS)
        raise PluginLoadError(f"there is no event {subscription.event!r}{hint}")
    if not subscription.name.strip() or not callable(subscription.handler):
        raise PluginLoadError(f"the subscription to {subscription.event} needs a name and a handler")
