"""Ask plugins whether their settings work. Nothing here raises, nothing moves money."""

from __future__ import annotations

from core.plugin_api.context import HealthReport
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Gateway
from core.plugin_api.provisioner import Provisioner
from core.plugin_api.register import Register
from core.plugin_api.registrar import Registrar
from core.plugin_host.calls import Transactions, ask
from core.plugin_host.registry import Registry
from core.plugin_host.values import PluginHealth

Checkable = Gateway | Provisioner | Registrar | Register  # type: ignore[type-arg]


def check(plugin: Checkable, *, db: Transactions) -> HealthReport:
    """One configured plugin's own check. An exception is a report that says no."""
    try:
        return ask(plugin.check, HealthReport, db=db, plugin=plugin)
    except PluginError as error:
        return HealthReport(ok=False, detail=str(error) or error.code)


def check_gateways(registry: Registry, *, db: Transactions) -> tuple[PluginHealth, ...]:
    """All enabled gateways, in turn. Servers are checked one by one, with their own settings."""
    return tuple(
        PluginHealth(
            plugin_id=entry.plugin_id,
            spec_id=spec_id,
            report=check(registry.build_gateway(spec_id), db=db),
        )
        for spec_id, entry in registry.gateways.items()
    )
