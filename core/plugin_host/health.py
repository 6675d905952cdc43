"""Ask plugins whether their settings work. Nothing here raises, nothing moves money."""

from __future__ import annotations

from collections.abc import Callable

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


def check_configured(
    registry: Registry, *, db: Transactions, plugin_id: str = ""
) -> tuple[PluginHealth, ...]:
    """Every enabled gateway and register, or those of one plugin, in turn: what has its settings in the
    configuration. Servers have their own and are checked one by one."""
    gateway: Callable[[str], Checkable] = registry.build_gateway
    register: Callable[[str], Checkable] = registry.build_register
    offers = [(entry.plugin_id, name, gateway) for name, entry in registry.gateways.items()]
    offers += [(entry.plugin_id, name, register) for name, entry in registry.registers.items()]
    return tuple(
        PluginHealth(plugin_id=owner, spec_id=name, report=_report(build, name, db))
        for owner, name, build in offers
        if plugin_id in ("", owner)
    )


def _report(build: Callable[[str], Checkable], name: str, db: Transactions) -> HealthReport:
    try:
        return check(build(name), db=db)
    except PluginError as error:
        return HealthReport(ok=False, detail=str(error) or error.code)
