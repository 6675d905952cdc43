"""``innkeeper demo-data``: fill a database with made-up clients."""

from __future__ import annotations

from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as Remaining

from core.brands import service as brands
from core.brands.queries import ids as brand_ids
from core.demo_data import loading
from core.settings import load
from core.work.application import Application
from core.work.processes import migrate
from core.work.worker import client_engine


@click.command("demo-data")
@click.option(
    "--clients",
    "count",
    type=click.IntRange(1, 10_000_000),
    default=1000,
    show_default=True,
    help="How many there are to be in the end. Run again to go on after a stop.",
)
@click.option("--yes", is_flag=True, help="Also outside demo mode, into the real database.")
@click.pass_obj
def demo_data(application: Application[Any], count: int, yes: bool) -> None:
    """Made-up clients with contacts, services and invoices, spread over five years."""
    settings = load()
    if not settings.is_demo and not yes:
        raise click.ClickException(
            "this is not a demo (INNKEEPER_MODE=demo). Made-up clients can not be taken out again; "
            "--yes puts them in all the same."
        )
    migrate(settings)
    house = application.build(settings, client_engine)
    with house.db.read() as session:
        is_new = not brand_ids(session)
    if is_new:  # what runs already keeps the address of its pretend world
        application.set_up_demo(house)
    with house.db.read() as session:
        brand, done = brands.default_brand(session), loading.made(session)
    if done >= count:
        click.echo(f"There are {done:,} made-up clients already.")
    else:
        _load(house, brand, count)
    house.db.dispose()


def _load(house: Any, brand: Any, count: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, Remaining()) as progress:
        task = progress.add_task("Clients", total=count)

        def tell(done: int) -> None:
            words = "Indexing, some minutes at a million" if done >= count else "Clients"
            progress.update(task, completed=done, description=words)

        loading.fill(house.db, brand, count, house.clock.now(), tell)


commands: tuple[click.Command, ...] = (demo_data,)
