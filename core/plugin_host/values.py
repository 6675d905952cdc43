"""What the rest of core sees of plugins: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.plugin_api.context import HealthReport, Mode, PluginConfig
from core.plugin_api.gateway import GatewaySpec
from core.plugin_api.provisioner import ProvisionerSpec
from core.plugin_api.register import RegisterSpec
from core.plugin_api.registrar import RegistrarSpec
from core.plugin_api.theme import SlotFragment, ThemeSpec

DEFAULT_CONFIG_FILE = "config/innkeeper.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """What config/innkeeper.toml says of plugins.

    ``configs`` maps the name of a table to its values: ``{"gateways.manual": {...}}``.
    ``mode`` TEST (the demo) opens loopback to every plugin. ``bundled`` replaces the folder of the
    bundled plugins; None looks for ``plugins/`` beside ``core``.
    """

    enabled: tuple[str, ...] = ()
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    plugin_path: tuple[Path, ...] = ()
    config_file: str = DEFAULT_CONFIG_FILE
    mode: Mode = Mode.LIVE
    bundled: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """One plugin as admin lists it. ``error`` is one line; ``mode`` is known once it is imported."""

    id: str
    name: str
    kind: str
    origin: str
    state: Literal["enabled", "available", "failed"]
    error: str = ""
    mode: Mode | None = None
    version: str = ""
    offers: tuple[str, ...] = ()  # ids of its specs


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """An enabled gateway with its checked settings. ``mode`` is the settings' word where they have one."""

    plugin_id: str
    spec: GatewaySpec
    config: PluginConfig = field(repr=False)
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerEntry:
    """``defaults`` are the settings that every server of this kind starts from."""

    plugin_id: str
    spec: ProvisionerSpec
    defaults: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarEntry:
    plugin_id: str
    spec: RegistrarSpec
    defaults: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """An enabled register of tax numbers with its checked settings, as a gateway's."""

    plugin_id: str
    spec: RegisterSpec
    config: PluginConfig = field(repr=False)
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeEntry:
    plugin_id: str
    spec: ThemeSpec
    folder: Path  # with templates/ and static/


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotEntry:
    plugin_id: str
    fragment: SlotFragment


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginHealth:
    """What one gateway answered when it was asked whether its settings work."""

    plugin_id: str
    spec_id: str
    report: HealthReport
