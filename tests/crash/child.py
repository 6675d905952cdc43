"""A whole process that places one order and works until it is done, or dies where it is told to."""

from __future__ import annotations

import dataclasses
import os
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from core import app
from core.kernel.clock import SystemClock
from core.kernel.problems import Conflict
from core.orders import checkout, placing, status
from core.settings import Settings, load
from core.testing.sandbox.client import SandboxProcess
from core.testing.sandbox.world import SECRET_KEY
from core.work import outbox_task
from core.work.engine import DurableEngine
from core.work.janitor import Janitor
from core.work.schedules import Schedule, Scheduler
from tests.crash.points import Points

PATIENCE_SECONDS = 30.0
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
DONE = 0
NOT_DONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the child is to do. ``die_at`` 0: live."""

    database_url: str
    data: Path
    sandbox_port: int
    cart_token: str
    method: str
    die_at: int

    @property
    def trouble(self) -> Path:
        """Where the process writes what ended it."""
        return self.data / f"trouble-{self.die_at}.txt"


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
        errand.trouble.parent.mkdir(parents=True, exist_ok=True)
        errand.trouble.write_text(traceback.format_exc())
        raise


def _run(errand: Errand) -> None:
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
    timed = [Schedule(name=name, every_seconds=0.3, run=call) for name, _, call in app.schedules(house)]
    scheduler = Scheduler([outbox_task.schedule(house), *timed])
    scheduler.start()
    finished = _order(house, errand, points)
    scheduler.stop()
    os._exit(DONE if finished else NOT_DONE)


def _order(house: app.Innkeeper, errand: Errand, points: Points) -> bool:
    token = _place(house, errand.cart_token, points)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        view = status.view_order(house, token)
        if view.state == "completed" and _quiet(house):
            return True
        if view.approve_url:
            _approve(house, errand, token, points)
        if view.settles:
            _world(errand).advance(days=4)
        time.sleep(0.05)
    return False


def _place(house: app.Innkeeper, cart_token: str, points: Points) -> str:
    """As a buyer who clicks again after the shop was away: the same cart is the same order."""
    with points.watching():
        try:
            found = checkout.review(house, cart_token)
            quote_id = str(found.quote_id)
        except Conflict:
            quote_id = ""  # placed before the process died
        return placing.place(house, cart_token, quote_id=quote_id, accepted=True, ip="127.0.0.1").token


def _approve(house: app.Innkeeper, errand: Errand, token: str, points: Points) -> None:
    with points.watching(), suppress(Conflict):  # a worker may have found it approved already
        page = status.begin_redirect(house, token, "http://127.0.0.1:8000")
        _world(errand).press(page, "approve")
        status.returned(house, token)


def _world(errand: Errand) -> SandboxProcess:
    """The pretend world that runs already."""
    return SandboxProcess(
        errand.data, port=errand.sandbox_port, key=SECRET_KEY, webhook_url="", webhook_secret=""
    )


def _quiet(house: app.Innkeeper) -> bool:
    """Nothing is due now. A mail whose sender died waits for its lease, minutes from now."""
    with house.db.read() as session:
        open_work = session.execute(
            text(
                "SELECT (SELECT COUNT(*) FROM outbox_delivery WHERE state = 'due')"
                " + (SELECT COUNT(*) FROM mail_message WHERE state = 'queued' AND attempts = 0)"
            )
        ).scalar_one()
    return bool(open_work == 0)
