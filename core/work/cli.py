"""Commands of the engine room. ``core.cli`` hands the application in as click's object."""

from __future__ import annotations

from typing import Any

import click

from core.kernel.db import Database
from core.settings import Settings, load
from core.testing.sandbox.serve import main as run_sandbox
from core.work import processes
from core.work.application import Application
from core.work.engine import ClientEngine
from core.work.serving import leave

MIGRATED = "The database is at this version."


@click.command()
@click.pass_obj
def serve(application: Application[Any]) -> None:
    """Web and worker in one process."""
    processes.run_serve(application, load())
    leave()


@click.command()
@click.option("--processes", "count", type=click.IntRange(1, 64), help="Web processes. Default: `workers`.")
@click.option("--threads", type=click.IntRange(1, 64), default=processes.WEB_THREADS, show_default=True)
@click.pass_obj
def web(application: Application[Any], count: int | None, threads: int) -> None:
    """The web side in production: asks for work, does none."""
    settings = load()
    if count:
        settings = settings.model_copy(update={"workers": count})
    processes.run_web(application, settings, threads=threads)


@click.command()
@click.option("--name", default="", help="Unique, and the same after a restart. Default: INNKEEPER_WORKER.")
@click.pass_obj
def worker(application: Application[Any], name: str) -> None:
    """The work that must finish. Any number on PostgreSQL."""
    processes.run_worker(application, load(), name)
    leave()


@click.command()
def migrate() -> None:
    """Bring the database to this version."""
    processes.migrate(load())
    click.echo(MIGRATED)


@click.command()
@click.pass_obj
def demo(application: Application[Any]) -> None:
    """A demo shop with its catalogue and the pretend world."""
    processes.run_demo(application, load().model_copy(update={"mode": "demo"}))
    leave()


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Default: `sandbox_port`.")
def sandbox(port: int | None) -> None:
    """The pretend world alone: a card processor, a wallet, a bank, a panel, a registrar."""
    settings: Settings = load()
    run_sandbox(settings.sandbox_port if port is None else port, settings.data / "sandbox")


@click.group()
def work() -> None:
    """Runs that nobody tries again by itself."""


@work.command("dead")
def dead() -> None:
    """List them, newest first."""
    db = Database(load().database)
    engine = ClientEngine(db)
    for run in engine.dead_letters():
        click.echo(f"{run.updated_at:%Y-%m-%d %H:%M:%S}Z  {run.id}  {run.state}  {run.error}")
    engine.shutdown()
    db.dispose()


@work.command("retry")
@click.argument("run_id")
def retry(run_id: str) -> None:
    """Start one again from the beginning."""
    db = Database(load().database)
    engine = ClientEngine(db)
    try:
        engine.retry(run_id)
    except LookupError as error:
        raise click.ClickException(str(error)) from None
    finally:
        engine.shutdown()
        db.dispose()


commands: tuple[click.Command, ...] = (serve, web, worker, migrate, demo, sandbox, work)
