"""Who is alive, and whose work has to be taken up by somebody else.

The engine itself resumes only what the same process began. So each worker beats: it writes the time
beside its name. Whoever sees a name unchanged for DEAD_AFTER_SECONDS, by its own monotonic clock (the
clocks of two machines may differ), takes its row by a conditional UPDATE and gives its begun runs back
to their queues. A process that was only frozen finds its work fenced by the rows of our tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.kernel.clock import Clock
from core.kernel.db import Database, changed
from core.work.engine import DurableEngine, StoredRun
from core.work.models import Worker
from core.work.schedules import Schedule

BEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 30.0
STRANDED_AFTER = timedelta(seconds=60)
KEEP_SUCCEEDED = timedelta(days=7)
KEEP_DEAD = timedelta(days=90)
KEEP_STOPPED = timedelta(days=7)
SWEEP_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A worker's last beat, and when we first saw it, by our own monotonic clock."""

    beat: datetime
    at: float


class Janitor:
    """One per worker process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        engine: DurableEngine,
        *,
        dead_after_seconds: float = DEAD_AFTER_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._clock = clock
        self._engine = engine
        self._me = engine.executor_id
        self._dead_after = dead_after_seconds
        self._seconds = seconds
        self._seen: dict[str, _Seen] = {}
        self._suspects: frozenset[str] = frozenset()

    def schedules(self) -> list[Schedule]:
        return [
            Schedule(name="heartbeat", every_seconds=BEAT_SECONDS, run=self.beat),
            Schedule(name="take-over", every_seconds=BEAT_SECONDS, run=self.look_round),
            Schedule(name="retention", every_seconds=SWEEP_SECONDS, run=self.sweep),
        ]

    def beat(self) -> None:
        """Say that this process is alive."""
        now = self._clock.now()
        with self._db.transaction() as session:
            mine = session.get(Worker, self._me)
            if mine is None:
                session.add(Worker(executor_id=self._me, started_at=now, seen_at=now))
                return
            mine.started_at = now if mine.stopped_at else mine.started_at
            mine.seen_at, mine.stopped_at = now, None

    def leave(self) -> None:
        """Say that this process stops on purpose: nobody needs to wait for its silence."""
        with self._db.transaction() as session:
            mine = update(Worker).where(Worker.executor_id == self._me)
            session.execute(mine.values(stopped_at=self._clock.now()))

    def look_round(self) -> int:
        """Take over from workers that are gone, and what is stranded here; returns how many runs."""
        count = sum(self._take_over(name) for name in self._gone())
        return count + self._recover_stranded()

    def sweep(self) -> int:
        """Delete what ended long ago; returns how many runs."""
        now = self._clock.now()
        with self._db.transaction() as session:
            session.execute(delete(Worker).where(Worker.stopped_at < now - KEEP_STOPPED))
        return self._engine.forget(succeeded_before=now - KEEP_SUCCEEDED, dead_before=now - KEEP_DEAD)

    def _gone(self) -> list[str]:
        """Others that fell silent, or that stopped or are unknown and still hold work."""
        holders = self._engine.holders() - {self._me}
        statement = select(Worker.executor_id, Worker.seen_at, Worker.stopped_at)
        with self._db.read() as session:
            rows = list(session.execute(statement.where(Worker.executor_id != self._me)))
        for name in holders - {row.executor_id for row in rows}:
            self._make_known(name)
        beating = [row for row in rows if row.stopped_at is None]
        silent = {row.executor_id for row in beating if self._is_silent(row.executor_id, row.seen_at)}
        stopped = {row.executor_id for row in rows if row.stopped_at is not None}
        return sorted(silent | (stopped & holders))

    def _is_silent(self, name: str, beat: datetime) -> bool:
        seen = self._seen.get(name)
        if seen is None or seen.beat != beat:
            self._seen[name] = _Seen(beat=beat, at=self._seconds())
            return False
        return self._seconds() - seen.at >= self._dead_after

    def _make_known(self, name: str) -> None:
        """A process that holds work and never beat gets a row, and from now on the usual time."""
        now = self._clock.now()
        with self._db.transaction() as session:
            if session.get(Worker, name) is None:
                session.add(Worker(executor_id=name, started_at=now, seen_at=now))

    def _take_over(self, name: str) -> int:
        with self._db.transaction() as session:
            claimed = self._claim(session, name)
        if not claimed:
            return 0
        given_back = self._engine.take_over(self._engine.held_by(name))
        with self._db.transaction() as session:
            mine = update(Worker).where(Worker.executor_id == name, Worker.seen_at == claimed)
            session.execute(mine.values(stopped_at=self._clock.now()))
        log.warning("worker is gone", worker=name, taken_over=len(given_back))
        return len(given_back)

    def _claim(self, session: Session, name: str) -> datetime | None:
        """Only one janitor may give a worker's runs back. Should it die at that, the row falls silent
        again and another claims it."""
        row = session.get(Worker, name)
        if row is None:
            return None
        seen, now = row.seen_at, max(self._clock.now(), row.seen_at + timedelta(microseconds=1))
        if row.stopped_at is None and not self._is_silent(name, seen):
            return None
        claim = update(Worker).where(Worker.executor_id == name, Worker.seen_at == seen)
        return now if changed(session, claim.values(seen_at=now, stopped_at=None)) else None

    def _recover_stranded(self) -> int:
        """Runs that count as begun here and are not under way, seen so twice in a row.

        Two processes under one name for a moment (a rolling restart) can leave such a run behind.
        """
        held = self._engine.held_by(self._me, since_before=self._clock.now() - STRANDED_AFTER)
        idle = [run for run in held if run.id not in self._engine.running]
        again = [run for run in idle if run.id in self._suspects]
        self._suspects = frozenset(run.id for run in idle)
        return len(self._give_back(again))

    def _give_back(self, runs: list[StoredRun]) -> list[StoredRun]:
        given_back = self._engine.take_over(runs)
        for run in given_back:
            log.warning("run was stranded", run=run.id)
        return given_back
