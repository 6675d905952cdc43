"""``innkeeper plugins`` and ``innkeeper new``. core.cli mounts both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from core.kernel.clock import SystemClock
from core.plugin_api import gateway, provisioner
from core.plugin_host import configs, health
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.generator import KINDS, write_plugin
from core.plugin_host.manifest import Kind
from core.plugin_host.registry import Registry, load_plugins
from core.plugin_host.values import PluginSettings, PluginState

ReadSettings = Callable[[], PluginSettings]
ABILITIES = (
    gateway.Collects, gateway.Charges, gateway.Refunds, gateway.LooksUp, gateway.Redirects, gateway.Notifies,
    gateway.Settles, gateway.Stores, gateway.TakesManualPayments,
    provisioner.Polls, provisioner.ChangesPlans, provisioner.ResetsPasswords, provisioner.Lists,
    provisioner.NeedsStaff,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoTransaction:
    in_transaction: bool = False


def abilities(implementation: type) -> tuple[str, ...]:
    """What a gateway or provisioner can do, in the words of the contract: "Refunds", "Lists"."""
    return tuple(one.__name__ for one in ABILITIES if issubclass(implementation, one))


def plugins_group(read_settings: ReadSettings) -> click.Group:
    """The group ``plugins``. ``read_settings`` is called when a command runs, never before."""

    @click.group("plugins")
    def group() -> None:
        """List, check and show plugins."""

    @group.command("list")
    def list_() -> None:
        """All plugins that are found, and what became of the enabled ones."""
        for state in _load(read_settings).plugins:
            click.echo(_line(state))

    @group.command()
    @click.option("--offline", is_flag=True, help="Do not ask the providers whether the settings work.")
    def check(offline: bool) -> None:
        """Load every enabled plugin and ask gateways and registers whether they work. Exits with 1 if not."""
        registry = _load(read_settings)
        failed = [state for state in registry.plugins if state.state == "failed"]
        for state in failed:
            click.echo(f"FAILED  {state.error}")
        unhealthy = False if offline else _report_health(registry)
        if failed or unhealthy:
            raise SystemExit(1)
        click.echo(
            f"{sum(state.state == 'enabled' for state in registry.plugins)} enabled plugins are in order."
        )

    @group.command()
    @click.argument("plugin_id")
    def show(plugin_id: str) -> None:
        """What one plugin is, can do, and needs to be told."""
        registry = _load(read_settings)
        state = registry.state(plugin_id)
        if state is None:
            known = ", ".join(one.id for one in registry.plugins)
            raise click.ClickException(f"no plugin is called {plugin_id}. Found: {known}")
        for line in _described(registry, state):
            click.echo(line)

    return group


def new_command() -> click.Command:
    """The command ``new``."""

    @click.command("new")
    @click.argument("kind", type=click.Choice([kind.value for kind in KINDS]))
    @click.argument("name")
    @click.option(
        "--into",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        help="The folder that gets the plugin's folder; the present one by default.",
    )
    def new(kind: str, name: str, into: Path) -> None:
        """Write the beginning of a plugin, with a contract that is red until it is written."""
        try:
            written = write_plugin(Kind(kind), name, into)
        except PluginLoadError as error:
            raise click.ClickException(str(error)) from error
        folder = into.resolve() / name
        for path in written:
            click.echo(f"wrote {path}")
        click.echo(f'\nEnable it: [plugins] enabled = [..., "{kind}.{name}"], path = ["{folder.parent}"]')
        click.echo(f"Run its contract: python -m pytest {folder}")
        click.echo(f"How to go on: {folder / 'README.md'}")

    return new


def _load(read_settings: ReadSettings) -> Registry:
    return load_plugins(read_settings(), SystemClock(), strict=False)


def _line(state: PluginState) -> str:
    mode = " (test mode)" if state.mode == "test" else ""
    line = f"{state.state:<10} {state.id:<34} {state.kind:<12} {state.name}{mode}"
    return f"{line}\n{'':<10} {state.error}" if state.error else line


def _report_health(registry: Registry) -> bool:
    """Say how each gateway and register is; whether one is not well."""
    reports = health.check_configured(registry, db=NoTransaction())
    for one in reports:
        click.echo(f"{'ok' if one.report.ok else 'FAILED':<7} {one.spec_id}: {one.report.detail}")
    return not all(one.report.ok for one in reports)


def _described(registry: Registry, state: PluginState) -> Iterable[str]:
    yield f"{state.id}: {state.name} {state.version}".rstrip()
    yield f"  kind   {state.kind}"
    yield f"  state  {state.state}{' (test mode)' if state.mode == 'test' else ''}"
    yield f"  file   {state.origin}"
    if state.error:
        yield f"  error  {state.error}"
    yield from _offers(registry, state)


def _offers(registry: Registry, state: PluginState) -> Iterable[str]:
    for entry in registry.gateways.values():
        if entry.plugin_id == state.id:
            yield from _spec(entry.spec, f"gateways.{entry.spec.id}", entry.config)
    for kind, entries in (("provisioners", registry.provisioners), ("registrars", registry.registrars)):
        for other in entries.values():
            if other.plugin_id == state.id:
                yield from _spec(other.spec, f"{kind}.{other.spec.id}", None)
    for register in registry.registers.values():
        if register.plugin_id == state.id:
            yield from _spec(register.spec, f"registers.{register.spec.id}", register.config)
    for theme in registry.themes.values():
        if theme.plugin_id == state.id:
            count = len(theme.spec.overrides)
            yield f"  theme {theme.spec.id}: {theme.spec.name}, draws {count} templates itself"


def _spec(spec: Any, table: str, config: Any) -> Iterable[str]:
    yield f"  [{table}] {spec.name}"
    yield f"    can     {', '.join(abilities(spec.implementation)) or 'no more than it must'}"
    for view in configs.describe(spec.config, config):
        need = "required" if view.required else "optional"
        value = "set, not shown" if view.is_secret and view.is_set else view.value
        yield f"    {view.name:<20} {need}, {view.title}: {value or '-'}"
