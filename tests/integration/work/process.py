"""A worker process for crash tests: one task of three steps, each an outside effect and a note of it.

The effect is committed apart from the note, as a call to a gateway is: a death between the two repeats
it. The note carries the step, so the task goes on where it stands.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import threading
import time
from uuid import UUID

from sqlalchemy import text

from core.kernel.clock import SystemClock
from core.kernel.db import Database
from core.kernel.work import Task
from core.work.engine import DurableEngine
from core.work.janitor import Janitor
from core.work.schedules import Schedule, Scheduler
from core.work.serving import leave

STEPS = 3
DEAD_AFTER_SECONDS = 1.5
SAY_AFTER_SECONDS = 40  # before whoever waits for it loses patience


class ThreeSteps:
    def __init__(self, db: Database, given: argparse.Namespace) -> None:
        self.db = db
        self.executor, self.die_at = given.executor, given.die_at
        self.hang_at, self.hang_for = given.hang_at, given.hang_for

    def run(self, subject: UUID) -> None:
        for step in range(self._done(subject) + 1, STEPS + 1):
            self._note("probe_effect", subject, step)
            if step == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if step == self.hang_at:
                time.sleep(self.hang_for)
            self._once(subject, step)

    def _done(self, subject: UUID) -> int:
        with self.db.read() as session:
            count = session.scalar(
                text("SELECT count(*) FROM probe_step WHERE subject = :subject"), {"subject": str(subject)}
            )
        return int(count or 0)

    def _once(self, subject: UUID, step: int) -> None:
        """The fence: a process that was overtaken notes nothing."""
        with self.db.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO probe_step (subject, step, executor) SELECT :subject, :step, :executor "
                    "WHERE NOT EXISTS (SELECT 1 FROM probe_step WHERE subject = :subject AND step = :step)"
                ),
                {"subject": str(subject), "step": step, "executor": self.executor},
            )

    def _note(self, table: str, subject: UUID, step: int) -> None:
        with self.db.transaction() as session:
            session.execute(
                text(f"INSERT INTO {table} (subject, step, executor) VALUES (:subject, :step, :executor)"),  # noqa: S608
                {"subject": str(subject), "step": step, "executor": self.executor},
            )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("executor")
    options.add_argument("--die-at", type=int)
    options.add_argument("--hang-at", type=int)
    options.add_argument("--hang-for", type=float)
    given = options.parse_args()
    db = Database(given.url)
    engine = DurableEngine(db, executor_id=given.executor)
    engine.register([Task(name="three-steps", run=ThreeSteps(db, given).run)])
    janitor = Janitor(db, SystemClock(), engine, dead_after_seconds=DEAD_AFTER_SECONDS)
    janitor.beat()
    engine.launch()
    scheduler = Scheduler(
        [
            Schedule(name="beat", every_seconds=0.3, run=janitor.beat),
            Schedule(name="look", every_seconds=0.3, run=janitor.look_round),
        ]
    )
    scheduler.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    faulthandler.dump_traceback_later(SAY_AFTER_SECONDS)  # where it stands, should it not end
    scheduler.stop()
    engine.shutdown()
    janitor.leave()
    db.dispose()
    leave()


if __name__ == "__main__":
    main()
