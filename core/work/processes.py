"""What each long-running command is made of."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from core.identity.service import ensure_admin
from core.kernel import audit
from core.kernel import migrate as schema
from core.kernel.db import Database
from core.settings import Settings, SettingsError, key_ring
from core.work import logs, names
from core.work.application import Application, BuiltHouse, HouseT
from core.work.engine import ClientEngine
from core.work.pretend import PretendWorld
from core.work.serving import GunicornServer, bind, ended_by_signals, freeze_loaded, serve
from core.work.worker import Worker, client_engine, worker_engine

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SEALED_SINCE = "0007"  # the migration that brought the seals of the audit log
ADMIN = "admin"
PASSWORD_BYTES = 15
WEB_THREADS = 8


def migrate(settings: Settings) -> None:
    """Bring our tables and the engine's to this version."""
    db = Database(settings.database)
    try:
        before = schema.current(db)
        schema.upgrade(db)
        _seal_log(db, settings, before)
        engine = ClientEngine(db)
        engine.migrate()
        engine.shutdown()
    finally:
        db.dispose()


def _seal_log(db: Database, settings: Settings, before: str | None) -> None:
    """The audit log is sealed when its seals come into being, and never again by itself: an end without one
    is for people to look at. Without a key it stays as it is; ``innkeeper audit verify`` says what to do."""
    if before is not None and before >= SEALED_SINCE:
        return
    with suppress(SettingsError):
        keys = key_ring(settings)
        with db.transaction() as session:
            audit.seal_end(session, keys)


def check_migrated(settings: Settings) -> None:
    """Raises SettingsError when ``innkeeper migrate`` has to be run first."""
    db = Database(settings.database)
    engine = ClientEngine(db)
    try:
        if not (schema.is_current(db) and engine.is_current()):
            raise SettingsError("the database does not hold this version's tables: run innkeeper migrate.")
    finally:
        engine.shutdown()
        db.dispose()


def run_serve(application: Application[HouseT], settings: Settings) -> None:
    """Web and worker in one process, until a signal."""
    logs.configure(for_people=settings.is_demo)
    check_migrated(settings)
    with _name(settings) as held, ended_by_signals():
        _serve(application, settings, held.name, _say_nothing)


def run_web(application: Application[HouseT], settings: Settings, *, threads: int) -> None:
    """Web processes under gunicorn, until a signal. They ask for work and do none."""
    logs.configure(for_people=settings.is_demo)
    check_migrated(settings)

    def make_app() -> WSGIApplication:
        return application.create_app(application.build(settings, client_engine))

    GunicornServer(settings, make_app, threads=threads).run()


def run_worker(application: Application[HouseT], settings: Settings, name: str) -> None:
    """Work until a signal."""
    logs.configure(for_people=settings.is_demo)
    check_migrated(settings)
    with names.take(settings.data, name or settings.worker) as held, ended_by_signals():
        house = application.build(settings, worker_engine(held.name))
        with _working(application, house):
            freeze_loaded()
            click.echo(f"Worker {held.name} is at work.")
            threading.Event().wait()


def run_demo(application: Application[HouseT], settings: Settings) -> None:
    """A demo shop beside the pretend world, until a signal."""
    logs.configure(for_people=True)
    settings.data.mkdir(parents=True, exist_ok=True)
    with _name(settings) as held, ended_by_signals():
        world = PretendWorld(settings.sandbox_port, settings.data / "sandbox")
        try:
            migrate(settings)

            def before(house: HouseT) -> None:
                application.set_up_demo(house)
                password = _admin(house)
                world.wait()
                _welcome(settings, password)

            _serve(application, settings, held.name, before)
        finally:
            world.stop()


def _serve(
    application: Application[HouseT], settings: Settings, name: str, before: Callable[[HouseT], None]
) -> None:
    with bind(settings) as taken:
        house = application.build(settings, worker_engine(name))
        app = application.create_app(house)
        before(house)
        with _working(application, house):
            serve(app, taken, settings)


@contextmanager
def _working(application: Application[HouseT], house: HouseT) -> Iterator[None]:
    worker = Worker(application, house)
    try:
        worker.start()
        yield
    finally:
        worker.stop()
        house.db.dispose()


def _name(settings: Settings) -> names.HeldName:
    """An embedded database belongs to one process, which is the same one wherever it is started."""
    embedded = not settings.database_url.get_secret_value()
    return names.take(settings.data, settings.worker or (names.EMBEDDED if embedded else ""))


def _admin(house: BuiltHouse) -> str:
    """Make sure that the administrator exists; gives the password when it was made here."""
    given = house.settings.admin_password.get_secret_value()
    if given:
        ensure_admin(house, ADMIN, given, reset=True)
        return ""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    return password if ensure_admin(house, ADMIN, password) else ""


def _welcome(settings: Settings, password: str) -> None:
    url = settings.public_url
    lines = [
        "",
        "  Innkeeper is open. This is a demo: nothing ordered here is real and no money moves.",
        "",
        f"    Shop             {url}/",
        f"    Admin            {url}/admin/    user {ADMIN}",
        f"    Pretend world    {settings.sandbox_url}/",
        f"    Data             {settings.data.resolve()}",
        "",
    ]
    if password:
        lines[5:5] = [
            f"    Admin password   {password}    (shown this once; INNKEEPER_ADMIN_PASSWORD sets one)"
        ]
    click.echo("\n".join([*lines, "  Ctrl-C closes it.", ""]))


def _say_nothing(_house: object) -> None:
    """For commands that run under a supervisor."""
