"""A whole process that places one order and works until it is done, or dies where it is told to."""

from __future__ import annotations

import dataclasses
import gc
import os
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.orm import configure_mappers

from core import app
from core.kernel.clock import SystemClock
from core.kernel.problems import Conflict
from core.mail.samples import preview
from core.mail.types import TYPES
from core.orders import checkout, placing, status
from core.plugin_host.registry import load_plugins
from core.settings import Settings, load
from core.work import outbox_task
from core.work.engine import DurableEngine
from core.work.janitor import Janitor
from core.work.schedules import Schedule, Scheduler
from tests.crash.points import Points
from tests.fixtures.brand import WAYSIDE

PATIENCE_SECONDS = 90.0  # an order takes two; a machine that is busy with other tests has taken thirty
LOOK_SECONDS = 0.1
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
DONE = 0
NOT_DONE = 3


def warm_up() -> None:
    """In the fork server, not once more in each process: mappers, modules of plugins, templates of mails and
    how the country writes its days."""
    configure_mappers()
    load_plugins(app.plugin_settings(load(environment={})), SystemClock(), strict=True)
    for one in TYPES:
        preview(one.name, dataclasses.replace(WAYSIDE, locale="en_US"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the child is to do. ``die_at`` 0: live."""

    database_url: str
    data: Path
    sandbox_port: int
    cart_token: str
    die_at: int

    @property
    def trouble(self) -> Path:
        """Where the process writes what ended it."""
        return self.data / f"trouble-{self.die_at}.txt"

    def tell(self, trouble: str) -> None:
        self.trouble.parent.mkdir(parents=True, exist_ok=True)
        self.trouble.write_text(trouble)


def settings_of(errand: Errand) -> Settings:
    loaded = load(environment={})
    return loaded.model_copy(
        update={
            "database_url": SecretStr(errand.database_url),
            "secret_key": SecretStr(SECRET),
            "data": errand.data,
        }
        | _tables(loaded, errand)
    )


def _tables(loaded: Settings, errand: Errand) -> dict[str, object]:
    url = f"http://127.0.0.1:{errand.sandbox_port}"
    return {
        "gateways": {
            name: {key: url if key == "url" else value for key, value in table.items()}
            for name, table in loaded.gateways.items()
        },
        "sandbox_port": errand.sandbox_port,
    }


def run(errand: Errand) -> None:
    """Place (again), work, leave: exit code DONE when the order is complete. A fault is written down."""
    try:
        _run(errand)
    except BaseException:
        errand.tell(traceback.format_exc())
        raise


def _run(errand: Errand) -> None:
    gc.freeze()  # what the fork server has loaded stays
    points = Points(errand.die_at)
    points.plant()
    house = app.build(
        settings_of(errand),
        lambda db, _plugins, _settings: DurableEngine(db, executor_id="crash"),
        clock=SystemClock(),
    )
    assert isinstance(house.engine, DurableEngine)
    tasks = [outbox_task.task(house), *app.tasks(house)]
    house.engine.register(dataclasses.replace(task, run=points.watch(task.run)) for task in tasks)
    janitor = Janitor(house.db, house.clock, house.engine)
    janitor.beat()
    house.engine.launch()
    timed = [Schedule(name=name, every_seconds=1.0, run=call) for name, _, call in app.schedules(house)]
    scheduler = Scheduler([outbox_task.schedule(house), *timed])
    scheduler.start()
    left = _order(house, errand, points)
    scheduler.stop()
    if left is not None:
        errand.tell(f"not done after {PATIENCE_SECONDS:.0f} s: {left}")
    os._exit(DONE if left is None else NOT_DONE)


def _order(house: app.Innkeeper, errand: Errand, points: Points) -> str | None:
    """None once the order is complete; otherwise where it stood when patience ended."""
    token = _place(house, errand.cart_token, points)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _is_complete(house):
        if time.monotonic() > deadline:
            return _standing(house, token)
        time.sleep(LOOK_SECONDS)
    return None


def _place(house: app.Innkeeper, cart_token: str, points: Points) -> str:
    """As a buyer who clicks again after the shop was away: the same cart is the same order."""
    with points.watching():
        try:
            found = checkout.review(house, cart_token)
            quote_id = str(found.quote_id)
        except Conflict:
            quote_id = ""  # placed before the process died
        return placing.place(house, cart_token, quote_id=quote_id, accepted=True, ip="127.0.0.1").token


def _is_complete(house: app.Innkeeper) -> bool:
    """Whether the one order is done, with nothing due. A mail whose sender died waits for its lease,
    minutes from now."""
    with house.db.read() as session:
        still_to_do = session.execute(
            text(
                """SELECT (SELECT COUNT(*) FROM "order" WHERE state <> 'completed')"""
                " + (SELECT COUNT(*) FROM outbox_delivery WHERE state = 'due')"
                " + (SELECT COUNT(*) FROM mail_message WHERE state = 'queued' AND attempts = 0)"
            )
        ).scalar_one()
    return bool(still_to_do == 0)


def _standing(house: app.Innkeeper, token: str) -> str:
    """For the report of a failure: how far it came, and what still waits in the engine."""
    view = status.view_order(house, token)
    assert isinstance(house.engine, DurableEngine)
    with house.db.read() as session:
        jobs = session.execute(text("SELECT state, attempts, error_code, staff_note FROM job")).all()
        due = session.execute(
            text("SELECT subscriber, attempts FROM outbox_delivery WHERE state = 'due'")
        ).all()
    running = sorted(house.engine.running)
    return f"order {view.state}, invoice {view.invoice_status}, {jobs=}, {due=}, {running=}"
