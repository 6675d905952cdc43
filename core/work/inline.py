"""An engine without durability, for tests and tools: work waits in memory until ``drain`` runs it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from core.kernel.work import Task

DRAIN_LIMIT = 10_000  # runs; a task that enqueues itself for ever is a mistake, not a long queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a task on a row, as it was asked for."""

    task: str
    subject: UUID
    turn: int
    queue: str


@dataclass(slots=True)
class _Asked:
    """Asked for, not committed yet. ``inside`` is the innermost transaction it stands or falls with."""

    inside: SessionTransaction | None
    run: Run


class InlineEngine:
    """Implements ``core.kernel.work.Engine``: same identity rule as the durable one, same rollbacks."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._tasks: dict[str, Task] = {}
        self._known: set[tuple[str, UUID, int]] = set()
        self._ready: deque[Run] = deque()
        self._lock = threading.Lock()
        self.register(tasks)

    def register(self, tasks: Iterable[Task]) -> None:
        """Raises ValueError when two tasks have one name."""
        for task in tasks:
            if task.name in self._tasks:
                raise ValueError(f"two tasks are called {task.name!r}")
            self._tasks[task.name] = task

    def enqueue(
        self, session: Session, task: str, subject: UUID, *, queue: str = "default", turn: int = 0
    ) -> None:
        """See ``core.kernel.work.Engine.enqueue``. The run is ready once the transaction commits."""
        session.connection()  # as a written row would: without it there is nothing to roll back
        asked = _Asked(_innermost(session), Run(task=task, subject=subject, turn=turn, queue=queue))
        self._waiting(session).append(asked)

    @property
    def ready(self) -> tuple[Run, ...]:
        """What is committed and has not run, in order."""
        with self._lock:
            return tuple(self._ready)

    def drain(self, *, only: Callable[[Run], bool] = lambda _run: True) -> int:
        """Run what is ready, in order, and what that enqueues in turn; returns how many ran.

        ``only`` leaves the others where they are. What a task raises is raised here; that run counts as
        done, the others stay ready. Raises LookupError for a task nobody registered, RuntimeError after
        DRAIN_LIMIT runs.
        """
        count = 0
        while (run := self._take(only)) is not None:
            count += 1
            if count > DRAIN_LIMIT:
                raise RuntimeError(f"still not done after {DRAIN_LIMIT} runs; the last one was {run}")
            self._find(run.task).run(run.subject)
        return count

    def launch(self) -> None:
        """Nothing to start."""

    def shutdown(self) -> None:
        """Nothing to stop: what is ready stays."""

    def _find(self, name: str) -> Task:
        if name not in self._tasks:
            raise LookupError(f"no task is called {name!r}")
        return self._tasks[name]

    def _take(self, only: Callable[[Run], bool]) -> Run | None:
        with self._lock:
            run = next((one for one in self._ready if only(one)), None)
            if run is not None:
                self._ready.remove(run)
            return run

    def _waiting(self, session: Session) -> list[_Asked]:
        """What this session has asked for; listening to its fate from the first request on."""
        waiting: Any = session.info.get(self)
        if waiting is None:
            waiting = session.info[self] = []
            event.listen(session, "after_commit", self._committed)
            event.listen(session, "after_soft_rollback", self._rolled_back)
        asked: list[_Asked] = waiting
        return asked

    def _committed(self, session: Session) -> None:
        waiting = self._waiting(session)
        nested = session.get_nested_transaction()
        if nested is not None:  # a savepoint was released: its requests now hang on what is around it
            for asked in waiting:
                asked.inside = nested.parent if asked.inside is nested else asked.inside
            return
        with self._lock:
            for asked in waiting:
                self._admit(asked.run)
        waiting.clear()

    def _admit(self, run: Run) -> None:
        identity = (run.task, run.subject, run.turn)
        if identity not in self._known:
            self._known.add(identity)
            self._ready.append(run)

    def _rolled_back(self, session: Session, ended: SessionTransaction) -> None:
        waiting = self._waiting(session)
        waiting[:] = [asked for asked in waiting if ended.nested and asked.inside is not ended]


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()
