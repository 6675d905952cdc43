"""The ``innkeeper`` command: one door, each room brings its own commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from core import app, demo
from core.billing.cli import commands as billing_commands
from core.clients.cli import client_group
from core.demo_data.cli import commands as demo_data_commands
from core.identity.cli import audit_group, user_group
from core.kernel.problems import Problem
from core.plugin_host.cli import new_command, plugins_group
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.values import PluginSettings
from core.records import closing
from core.records.cli import commands as records_commands
from core.records.importing.cli import import_group
from core.records.search_cli import commands as search_commands
from core.settings import SettingsError, load
from core.tax.zones import taxed_now
from core.work.application import Application
from core.work.cli import commands as work_commands
from core.work.processes import check_migrated
from core.work.worker import client_engine

APPLICATION = Application(
    build=app.build,
    tasks=app.tasks,
    schedules=app.schedules,
    create_app=app.create_app,
    set_up_demo=demo.set_up,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="innkeeper")
@click.pass_context
def innkeeper(context: click.Context) -> None:
    """Orders, billing and provisioning for people who sell web hosting."""
    context.obj = APPLICATION


def _plugin_settings() -> PluginSettings:
    return app.plugin_settings(load())


@contextmanager
def _house() -> Iterator[app.Innkeeper]:
    """The application for one command: it asks for work and does none of the workers'."""
    settings = load()
    check_migrated(settings)
    house = app.build(settings, client_engine)
    try:
        yield house
    finally:
        house.db.dispose()


PLUGIN_COMMANDS = (plugins_group(_plugin_settings), new_command())
CLIENT_COMMANDS = client_group(_house, taxed_now, closing.check)
for command in records_commands(_house):
    CLIENT_COMMANDS.add_command(command)
HOUSE_COMMANDS = (import_group(_house), CLIENT_COMMANDS, user_group(_house), audit_group(_house))
for command in (
    *work_commands,
    *billing_commands,
    *demo_data_commands,
    *search_commands,
    *PLUGIN_COMMANDS,
    *HOUSE_COMMANDS,
):
    innkeeper.add_command(command)


def main() -> None:
    """Run the command; what a person can mend is a line for each fault, never a trace."""
    try:
        innkeeper.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (SettingsError, PluginLoadError, Problem) as error:
        for line in (str(error) or type(error).__name__).splitlines():
            click.echo(f"innkeeper: {line}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
