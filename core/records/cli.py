"""What ends or moves a whole client, from the shell: ``innkeeper client close|export|merge|erase``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TextIO

import click

from core.clients.cli import find_client, told
from core.plugin_host.house import PluginHouse
from core.records import closing, erasing, export, merging
from core.records.importing.values import DataHouse

ACTOR = "system"


class RecordsHouse(DataHouse, PluginHouse, Protocol):
    """Files of clients lie in the data folder, and panels end their services."""


OpenHouse = Callable[[], AbstractContextManager[RecordsHouse]]


def commands(open_house: OpenHouse) -> tuple[click.Command, ...]:
    """For the group ``client``. ``open_house`` is called when one runs."""
    return _close(open_house), _export(open_house), _merge(open_house), _erase(open_house)


def _close(open_house: OpenHouse) -> click.Command:
    @click.command("close")
    @click.argument("client")
    @click.option("--reason", required=True, help="Kept in the history.")
    @click.option("--end-services", is_flag=True, help="Terminate what runs and cancel what waits first.")
    def command(client: str, reason: str, end_services: bool) -> None:
        """Close a client. Refused, with what to do first, while services live or money is owed or moves."""
        with open_house() as house, told():
            with house.db.read() as session:
                client_id = find_client(session, client)
            if end_services:
                done = closing.end_services(house, client_id, reason=reason, actor=ACTOR)
                click.echo(f"Services: {done.ended} ended, {done.asked} asked of their panels.")
                for sentence in done.refused:
                    click.echo(sentence, err=True)
            closing.close(house, client_id, reason=reason, actor=ACTOR)
            click.echo("Closed.")

    return command


def _export(open_house: OpenHouse) -> click.Command:
    @click.command("export")
    @click.argument("client")
    @click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
    def command(client: str, path: Path | None) -> None:
        """Everything that is kept of a client, as JSON: to client-NUMBER.json here, or to `-`.

        The file is made for its owner alone; one that is there is not overwritten.
        """
        with open_house() as house:
            with house.db.read() as session:
                client_id = find_client(session, client)
            name = export.begin(house, client_id, actor=ACTOR)
            pieces = export.write(house, house.settings.data, client_id)
            if path == Path("-"):
                sys.stdout.writelines(pieces)
                return
            with _new(path or Path(name)) as file:
                file.writelines(pieces)
            click.echo(f"wrote {path or name}")

    return command


def _new(path: Path) -> TextIO:
    """A file that only its owner may read. Raises BadParameter where there is one, or it can not be made."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}.") from None


def _merge(open_house: OpenHouse) -> click.Command:
    @click.command("merge")
    @click.argument("source")
    @click.argument("target")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def command(source: str, target: str, yes: bool) -> None:
        """Make everything of SOURCE the TARGET's; SOURCE is closed and says where it went."""
        with open_house() as house:
            with house.db.read() as session:
                ids = find_client(session, source), find_client(session, target)
                seen = merging.preview(session, *ids)
            click.echo(f"{seen.source_name} becomes part of {seen.target_name} ({seen.target_number}):")
            for words, count in seen.moves:
                click.echo(f"  {count} {words}")
            click.echo(f"  owed {seen.owed}, credit {seen.credit}")
            for hint in seen.hints:
                click.echo(hint)
            if not seen.obstacles and not yes:
                click.confirm("It cannot be undone. Go on?", abort=True)
            merging.merge(house, *ids, actor=ACTOR)
            click.echo("Joined.")

    return command


def _erase(open_house: OpenHouse) -> click.Command:
    @click.command("erase")
    @click.argument("client")
    @click.option("--reason", required=True, help="Who asked for it, and when: for the audit log.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def command(client: str, reason: str, yes: bool) -> None:
        """Replace what is personal of a closed client, for good. Invoices stay as the law demands."""
        with open_house() as house, told():
            with house.db.read() as session:
                client_id = find_client(session, client)
                still_open = erasing.open_still(session, client_id)
            if not still_open and not yes:
                click.confirm(f"Erase client {client}? It cannot be undone.", abort=True)
            erasing.erase(house, house.settings.data, client_id, reason=reason, actor=ACTOR)
            click.echo("Erased.")

    return command
