"""Hooks declare; objects act; the outbox delivers. No hook here moves money or touches a server."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from core.plugin_api.events import Subscription
from core.plugin_api.gateway import GatewaySpec
from core.plugin_api.provisioner import ProvisionerSpec
from core.plugin_api.register import RegisterSpec
from core.plugin_api.registrar import RegistrarSpec
from core.plugin_api.theme import SlotFragment, ThemeSpec

PROJECT = "innkeeper"
API_VERSION = 1

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_gateways() -> Iterable[GatewaySpec]:
    """Return the payment gateways this plugin offers."""
    return ()


@hookspec
def register_provisioners() -> Iterable[ProvisionerSpec]:
    """Return the provisioners this plugin offers."""
    return ()


@hookspec
def register_registrars() -> Iterable[RegistrarSpec]:
    """Return the registrars this plugin offers."""
    return ()


@hookspec
def register_tax_registers() -> Iterable[RegisterSpec]:
    """Return the registers of tax numbers this plugin can ask."""
    return ()


@hookspec
def register_themes() -> Iterable[ThemeSpec]:
    """Return the themes this plugin offers."""
    return ()


@hookspec
def register_slots() -> Iterable[SlotFragment]:
    """Return page fragments for the named slots that core's templates open."""
    return ()


@hookspec
def register_subscriptions() -> Iterable[Subscription]:
    """Return handlers for committed events. Each delivery is retried alone, at least once."""
    return ()
