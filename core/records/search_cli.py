"""``innkeeper search``: the texts that things are found by."""

from __future__ import annotations

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.kernel.db import Database
from core.records.searching import rebuild
from core.settings import load


@click.group("search")
def search_group() -> None:
    """What everything is found by."""


@search_group.command("rebuild")
def rebuild_command() -> None:
    """Write every text anew and index it. The house may go on working."""
    db = Database(load().database)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        tasks = {kind: progress.add_task(label, total=None) for kind, label in _LABELS.items()}
        for step in rebuild(db):
            progress.update(tasks[step.kind], completed=step.done, total=step.total)
    db.dispose()
    click.echo("Everything is found by what it is called now.")


_LABELS = {"client": "Clients", "service": "Services", "invoice": "Invoices", "order": "Orders"}
commands: tuple[click.Command, ...] = (search_group,)
