"""What recurs: finding due rows and asking for their work, beats, sweeps.

Every worker runs every schedule; nobody leads. That is safe because each action is one run per (task,
subject, turn), however often and by whomever it is asked for. Each schedule has a thread of its own, so
a slow one is late alone.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from core.kernel.work import House

ASKED_LATELY_SECONDS = 60.0
CHUNK = 100  # requests per transaction: other writers come in between
STAGGER = 0.1  # share of the interval by which processes drift apart

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``run`` is called at the start and then ``every_seconds`` after it last ended.

    It must bear being run by several processes at once. What it raises is logged; the next turn comes.
    """

    name: str
    every_seconds: float
    run: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A row whose time has come. ``turn`` counts its tries, so that each try is one run."""

    subject: UUID
    turn: int
    queue: str = "default"


class DueWork:
    """Finds due rows and asks for their task. What it asked for lately it does not ask for again."""

    def __init__(
        self,
        house: House,
        task: str,
        find: Callable[[Session, datetime], Iterable[Due]],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._house = house
        self._task = task
        self._find = find
        self._seconds = seconds
        self._asked: dict[tuple[UUID, int], float] = {}

    def __call__(self) -> int:
        """Returns how many runs it asked for."""
        with self._house.db.read() as session:
            found = list(self._find(session, self._house.clock.now()))
        fresh = self._fresh(found)
        for start in range(0, len(fresh), CHUNK):
            self._ask(fresh[start : start + CHUNK])
        return len(fresh)

    def _fresh(self, found: Iterable[Due]) -> list[Due]:
        horizon = self._seconds() - ASKED_LATELY_SECONDS
        self._asked = {key: at for key, at in self._asked.items() if at > horizon}
        return [due for due in found if (due.subject, due.turn) not in self._asked]

    def _ask(self, chunk: Sequence[Due]) -> None:
        with self._house.db.transaction() as session:
            for due in chunk:
                self._house.engine.enqueue(session, self._task, due.subject, queue=due.queue, turn=due.turn)
        now = self._seconds()
        self._asked.update({(due.subject, due.turn): now for due in chunk})


class Scheduler:
    """Runs schedules until it is stopped."""

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        """Raises ValueError when two have one name."""
        self._schedules = list(schedules)
        names = [one.name for one in self._schedules]
        if len(set(names)) < len(names):
            raise ValueError(f"two schedules have one name: {sorted(names)}")
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for one in self._schedules:
            thread = threading.Thread(
                target=self._repeat, args=(one,), name=f"schedule-{one.name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self, *, wait_seconds: float = 5) -> None:
        """Ask all to stop and wait for those that are at work."""
        self._stop.set()
        deadline = time.monotonic() + wait_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _repeat(self, schedule: Schedule) -> None:
        while not self._stop.is_set():
            run_once(schedule)
            self._stop.wait(schedule.every_seconds * random.uniform(1 - STAGGER, 1 + STAGGER))  # noqa: S311


def run_once(schedule: Schedule) -> bool:
    """One turn; False when it failed."""
    try:
        schedule.run()
    except Exception:
        log.exception("schedule failed", schedule=schedule.name)
        return False
    return True
