"""Make the objects that act: a plugin's class with its settings, a guarded session, clock and logger."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.kernel.clock import Clock
from core.plugin_api.context import Mode, PluginConfig, PluginContext, Session
from core.plugin_api.errors import Misconfigured
from core.plugin_api.gateway import Gateway
from core.plugin_api.provisioner import Provisioner
from core.plugin_api.register import Register
from core.plugin_api.registrar import Registrar
from core.plugin_host.checks import Spec
from core.plugin_host.configs import read_config
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.hosts import HostPolicy, policy_for
from core.plugin_host.http import guarded_session
from core.plugin_host.loading import mode_of
from core.plugin_host.redaction import RedactingFilter, Redactor, secrets_of
from core.plugin_host.values import GatewayEntry, ProvisionerEntry, RegisterEntry, RegistrarEntry

LOGGER = "innkeeper.plugin"
Connect = Callable[[HostPolicy], Session]


@dataclass(frozen=True, slots=True)
class Builder:
    """``mode`` TEST opens loopback to all; ``connect`` makes the session and is replaced in tests."""

    clock: Clock
    mode: Mode = Mode.LIVE
    connect: Connect = field(default=guarded_session)

    def gateway(self, entry: GatewayEntry) -> Gateway[Any]:
        """Raises Misconfigured when an address in the settings is none."""
        return entry.spec.implementation(self.context(entry.spec, entry.config))

    def provisioner(
        self, entry: ProvisionerEntry, config: Mapping[str, Any] | PluginConfig
    ) -> Provisioner[Any]:
        """Raises Misconfigured, in one line that names the setting."""
        checked = settings_for(entry, config)
        return entry.spec.implementation(self.context(entry.spec, checked))

    def registrar(self, entry: RegistrarEntry, config: Mapping[str, Any] | PluginConfig) -> Registrar[Any]:
        """Raises Misconfigured, in one line that names the setting."""
        checked = settings_for(entry, config)
        return entry.spec.implementation(self.context(entry.spec, checked))

    def register(self, entry: RegisterEntry) -> Register[Any]:
        """Raises Misconfigured when an address in the settings is none."""
        return entry.spec.implementation(self.context(entry.spec, entry.config))

    def context(self, spec: Spec, config: PluginConfig) -> PluginContext[Any]:
        """The context of one configured plugin."""
        mode = mode_of(spec, config)
        policy = policy_for(
            spec.hosts,
            spec.host_settings,
            config,
            mode=Mode.TEST if Mode.TEST in (mode, self.mode) else Mode.LIVE,
            private_hosts=_private(spec, config),
        )
        return PluginContext(
            config=config,
            mode=mode,
            http=self.connect(policy),
            clock=self.clock,
            log=_logger(spec.id, config),
        )


def settings_for(
    entry: ProvisionerEntry | RegistrarEntry, config: Mapping[str, Any] | PluginConfig
) -> PluginConfig:
    """A server's own settings over the defaults of its kind. Raises Misconfigured."""
    if isinstance(config, PluginConfig):
        return config
    try:
        values = {**entry.defaults, **config}
        return read_config(entry.spec.config, values, source=f"the settings of a {entry.spec.id} server:")
    except PluginLoadError as error:
        raise Misconfigured(str(error)) from None


def _private(spec: Spec, config: PluginConfig) -> bool:
    """Opened by the plugin, or by whoever configures it through a setting ``allow_private_hosts``."""
    return bool(getattr(spec, "private_hosts", False) or getattr(config, "allow_private_hosts", False))


def _logger(spec_id: str, config: PluginConfig) -> logging.Logger:
    """A logger of its own for each configured plugin: two servers do not share their masks."""
    logger = logging.Logger(f"{LOGGER}.{spec_id}")
    logger.parent = logging.getLogger(LOGGER)
    logger.addFilter(RedactingFilter(Redactor(secrets_of(config))))
    return logger
