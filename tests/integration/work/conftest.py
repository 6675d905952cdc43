"""What the tests of work stand on: a house of three rooms, engines, and worker processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.kernel.clock import Clock, FixedClock
from core.kernel.crypto import KeyRing
from core.kernel.db import Database
from core.kernel.outbox import Outbox
from core.work.engine import ClientEngine, DurableEngine

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0


@dataclass(kw_only=True)
class SmallHouse:
    """Implements ``core.kernel.work.House``."""

    db: Database
    engine: Any
    clock: Clock = field(default_factory=lambda: FixedClock(datetime(2026, 11, 24, 12, tzinfo=UTC)))
    keys: KeyRing = field(default_factory=lambda: KeyRing.single(b"a key for tests"))
    outbox: Outbox = field(default_factory=Outbox)


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for it; fails the test when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def client(db: Database) -> Iterator[ClientEngine]:
    """An engine that only asks. Its tables exist."""
    engine = ClientEngine(db)
    engine.migrate()
    yield engine
    engine.shutdown()


@pytest.fixture
def durable(db: Database, client: ClientEngine) -> Iterator[DurableEngine]:
    """An engine that also works, not launched yet."""
    engine = DurableEngine(db, executor_id="tests")
    yield engine
    engine.shutdown()


@dataclass(kw_only=True)
class Probe:
    """The tables in which the worker processes of ``process.py`` note their steps and effects."""

    db: Database

    def create(self) -> None:
        with self.db.transaction() as session:
            session.execute(text("CREATE TABLE probe_step (subject TEXT, step INTEGER, executor TEXT)"))
            session.execute(text("CREATE TABLE probe_effect (subject TEXT, step INTEGER, executor TEXT)"))

    def steps(self, subject: UUID) -> list[int]:
        return [step for step, _executor in self._rows("probe_step", subject)]

    def effects(self, subject: UUID) -> list[int]:
        return [step for step, _executor in self._rows("probe_effect", subject)]

    def executors(self, subject: UUID) -> set[str]:
        return {executor for _step, executor in self._rows("probe_step", subject)}

    def _rows(self, table: str, subject: UUID) -> list[tuple[int, str]]:
        with self.db.read() as session:
            rows = session.execute(
                text(f"SELECT step, executor FROM {table} WHERE subject = :subject ORDER BY step"),  # noqa: S608
                {"subject": str(subject)},
            )
            return [(row.step, row.executor) for row in rows]


@pytest.fixture
def probe(db: Database) -> Probe:
    tables = Probe(db=db)
    tables.create()
    return tables


class WorkerProcess:
    """``python -m tests.integration.work.process``, killed at the end if need be."""

    def __init__(
        self, url: str, executor: str, *, die_at: int = 0, hang_at: int = 0, hang_for: float = 3
    ) -> None:
        options = [f"--die-at={die_at}", f"--hang-at={hang_at}", f"--hang-for={hang_for}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.work.process", url, executor, *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def wait(self) -> int:
        return self.process.wait(timeout=PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def terminate(self) -> int:
        self.process.terminate()
        return self.wait()


@pytest.fixture
def start_worker(database_url: str) -> Iterator[Callable[..., WorkerProcess]]:
    started: list[WorkerProcess] = []

    def start(executor: str, **options: int) -> WorkerProcess:
        started.append(WorkerProcess(database_url, executor, **options))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()
