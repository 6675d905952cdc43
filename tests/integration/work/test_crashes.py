"""Real processes, killed with -9, frozen, stopped: every task ends, and notes each step once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from uuid import UUID

import pytest

from core.kernel.db import Database
from core.kernel.ids import new_id
from core.work.engine import ClientEngine
from tests.integration.work.conftest import Probe, WorkerProcess, until
from tests.integration.work.process import STEPS

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

ALL = list(range(1, STEPS + 1))
StartWorker = Callable[..., WorkerProcess]


def ask(db: Database, client: ClientEngine, queue: str = "default") -> UUID:
    subject = new_id()
    with db.transaction() as session:
        client.enqueue(session, "three-steps", subject, queue=queue)
    return subject


def test_killed_at_every_step_it_ends_once(
    db: Database, client: ClientEngine, probe: Probe, start_worker: StartWorker
) -> None:
    """Also a crash during recovery itself: each start but the last dies in what it recovers."""
    subject = ask(db, client)
    for step in ALL:
        assert start_worker("w1", die_at=step).wait() == -signal.SIGKILL
        assert probe.steps(subject) == ALL[: step - 1]
    worker = start_worker("w1")
    until(lambda: client.waiting() == 0)
    assert worker.terminate() == 0
    assert probe.steps(subject) == ALL
    assert probe.effects(subject) == [1, 1, 2, 2, 3, 3]  # at least once, under one key each
    assert client.dead_letters() == []


def test_another_worker_takes_over_from_a_dead_one(
    db: Database, client: ClientEngine, probe: Probe, start_worker: StartWorker
) -> None:
    subjects = [ask(db, client, queue) for queue in ("default", "server:one", "gateway:card")]
    first = start_worker("w1", hang_at=2)
    until(lambda: all(probe.effects(subject) == [1, 2] for subject in subjects))
    first.kill()
    second = start_worker("w2")
    until(lambda: client.waiting() == 0)
    assert second.terminate() == 0
    for subject in subjects:
        assert probe.steps(subject) == ALL
        assert probe.executors(subject) == {"w1", "w2"}


def test_a_frozen_worker_that_wakes_up_finds_its_work_done(
    db: Database, client: ClientEngine, probe: Probe, start_worker: StartWorker
) -> None:
    subject = ask(db, client)
    first = start_worker("w1", hang_at=2)
    until(lambda: probe.effects(subject) == [1, 2])
    first.freeze()
    second = start_worker("w2")
    until(lambda: probe.steps(subject) == ALL)
    first.thaw()
    until(lambda: client.waiting() == 0)
    assert first.terminate() == 0
    assert second.terminate() == 0
    assert probe.steps(subject) == ALL
    assert client.dead_letters() == []


def test_stopping_waits_for_what_is_under_way(
    db: Database, client: ClientEngine, probe: Probe, start_worker: StartWorker
) -> None:
    subject = ask(db, client)
    worker = start_worker("w1", hang_at=2)
    until(lambda: probe.effects(subject) == [1, 2])
    assert worker.terminate() == 0
    assert probe.steps(subject) == ALL
    until(lambda: client.waiting() == 0)


def test_stopping_leaves_behind_what_hangs_and_another_start_takes_it_up(
    db: Database, client: ClientEngine, probe: Probe, start_worker: StartWorker
) -> None:
    subject = ask(db, client)
    worker = start_worker("w1", hang_at=2, hang_for=600)
    until(lambda: probe.effects(subject) == [1, 2])
    assert worker.terminate() == 0
    assert probe.steps(subject) == [1]
    worker = start_worker("w1")
    until(lambda: client.waiting() == 0)
    assert worker.terminate() == 0
    assert probe.steps(subject) == ALL
