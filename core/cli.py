"""The ``innkeeper`` command: one door, each room brings its own commands."""

from __future__ import annotations

import sys

import click

from core import app, demo
from core.billing.cli import commands as billing_commands
from core.demo_data.cli import commands as demo_data_commands
from core.kernel.problems import Problem
from core.plugin_host.cli import new_command, plugins_group
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.values import PluginSettings
from core.settings import SettingsError, load
from core.work.application import Application
from core.work.cli import commands as work_commands

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


PLUGIN_COMMANDS = (plugins_group(_plugin_settings), new_command())
for command in (*work_commands, *billing_commands, *demo_data_commands, *PLUGIN_COMMANDS):
    innkeeper.add_command(command)


def main() -> None:
    """Run the command; what a person can mend is one line, never a trace."""
    try:
        innkeeper.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (SettingsError, PluginLoadError, Problem) as error:
        click.echo(f"innkeeper: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
