"""The janitor: who counts as dead, whose runs are given back, by whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from core.kernel.clock import FixedClock
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.work.engine import DurableEngine
from core.work.janitor import BEAT_SECONDS, DEAD_AFTER_SECONDS, Janitor
from core.work.models import Worker


class Watch:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def janitor(db: Database, durable: DurableEngine, clock: FixedClock, watch: Watch) -> Janitor:
    """Belongs to the executor "tests"."""
    return Janitor(db, clock, durable, seconds=watch)


def other_worker(db: Database, name: str, at: datetime, *, stopped: bool = False) -> None:
    with db.transaction() as session:
        session.add(Worker(executor_id=name, started_at=at, seen_at=at, stopped_at=at if stopped else None))


def begun_by(db: Database, engine: DurableEngine, kind: str, name: str, *, minutes_ago: int = 5) -> str:
    """A run that this process has begun and not ended, as a death leaves it behind."""
    subject = new_id()
    with db.transaction() as session:
        engine.enqueue(session, "note", subject, queue="server:one")
    run_id = f"note:{subject}:0"
    prefix = "dbos." if kind == "postgresql" else ""
    began = int((datetime.now(UTC) - timedelta(minutes=minutes_ago)).timestamp() * 1000)
    with db.transaction() as session:
        session.execute(
            text(
                f"UPDATE {prefix}workflow_status SET status = 'PENDING', executor_id = :name, "  # noqa: S608
                "started_at_epoch_ms = :began WHERE workflow_uuid = :id"
            ),
            {"name": name, "began": began, "id": run_id},
        )
    return run_id


def row(db: Database, name: str) -> Worker:
    with db.read() as session:
        found = session.get_one(Worker, name)
        session.expunge(found)
        return found


def test_beats_and_the_end_are_written_down(db: Database, janitor: Janitor, clock: FixedClock) -> None:
    started = clock.now()
    janitor.beat()
    clock.advance(seconds=5)
    janitor.beat()
    assert (row(db, "tests").started_at, row(db, "tests").seen_at) == (started, clock.now())
    janitor.leave()
    assert row(db, "tests").stopped_at == clock.now()
    clock.advance(seconds=60)
    janitor.beat()
    assert (row(db, "tests").started_at, row(db, "tests").stopped_at) == (clock.now(), None)


def test_a_silent_workers_runs_are_given_back(
    db: Database,
    durable: DurableEngine,
    janitor: Janitor,
    clock: FixedClock,
    watch: Watch,
    database_kind: str,
) -> None:
    other_worker(db, "w1", clock.now())
    begun_by(db, durable, database_kind, "w1")
    assert janitor.look_round() == 0  # seen for the first time
    watch.seconds += DEAD_AFTER_SECONDS - 1
    assert janitor.look_round() == 0
    watch.seconds += 1
    assert janitor.look_round() == 1
    assert durable.held_by("w1") == []
    assert durable.waiting() == 1
    assert row(db, "w1").stopped_at is not None
    assert janitor.look_round() == 0


def test_a_beating_worker_is_left_alone_whatever_its_clock_says(
    db: Database,
    durable: DurableEngine,
    janitor: Janitor,
    clock: FixedClock,
    watch: Watch,
    database_kind: str,
) -> None:
    other_worker(db, "w1", clock.now() - timedelta(hours=5))
    begun_by(db, durable, database_kind, "w1")
    for _beat in range(10):
        watch.seconds += BEAT_SECONDS * 2
        with db.transaction() as session:
            session.get_one(Worker, "w1").seen_at += timedelta(seconds=1)
        assert janitor.look_round() == 0
    assert len(durable.held_by("w1")) == 1


def test_one_of_two_janitors_takes_over(
    db: Database, durable: DurableEngine, clock: FixedClock, watch: Watch, database_kind: str
) -> None:
    other_worker(db, "w1", clock.now())
    begun_by(db, durable, database_kind, "w1")
    janitors = [Janitor(db, clock, durable, seconds=watch) for _worker in range(2)]
    assert [one.look_round() for one in janitors] == [0, 0]
    watch.seconds += DEAD_AFTER_SECONDS
    assert sorted(one.look_round() for one in janitors) == [0, 1]


def test_a_worker_that_stopped_and_left_work_behind_is_relieved_at_once(
    db: Database, durable: DurableEngine, janitor: Janitor, clock: FixedClock, database_kind: str
) -> None:
    other_worker(db, "w1", clock.now(), stopped=True)
    begun_by(db, durable, database_kind, "w1")
    assert janitor.look_round() == 1


def test_a_holder_that_never_beat_gets_the_usual_time(
    db: Database, durable: DurableEngine, janitor: Janitor, watch: Watch, database_kind: str
) -> None:
    begun_by(db, durable, database_kind, "stranger")
    assert janitor.look_round() == 0
    assert janitor.look_round() == 0
    watch.seconds += DEAD_AFTER_SECONDS
    assert janitor.look_round() == 1


def test_a_run_stranded_here_is_given_back_when_seen_twice(
    db: Database, durable: DurableEngine, janitor: Janitor, clock: FixedClock, database_kind: str
) -> None:
    clock.advance(seconds=(datetime.now(UTC) - clock.now()).total_seconds())
    begun_by(db, durable, database_kind, "tests")
    begun_by(db, durable, database_kind, "tests", minutes_ago=0)
    assert janitor.look_round() == 0
    assert janitor.look_round() == 1
    assert len(durable.held_by("tests")) == 1


def test_what_is_under_way_here_is_not_stranded(
    db: Database, durable: DurableEngine, janitor: Janitor, clock: FixedClock, database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    clock.advance(seconds=(datetime.now(UTC) - clock.now()).total_seconds())
    run_id = begun_by(db, durable, database_kind, "tests")
    monkeypatch.setattr(DurableEngine, "running", frozenset({run_id}))
    assert [janitor.look_round() for _time in range(3)] == [0, 0, 0]


def test_the_sweep_forgets_workers_that_stopped_long_ago(
    db: Database, janitor: Janitor, clock: FixedClock
) -> None:
    other_worker(db, "old", clock.now() - timedelta(days=8), stopped=True)
    other_worker(db, "recent", clock.now() - timedelta(days=1), stopped=True)
    other_worker(db, "alive", clock.now() - timedelta(days=8))
    janitor.sweep()
    with db.read() as session:
        assert set(session.scalars(select(Worker.executor_id))) == {"recent", "alive"}


def test_its_duties_are_schedules(janitor: Janitor) -> None:
    assert {one.name for one in janitor.schedules()} == {"heartbeat", "take-over", "retention"}
    assert BEAT_SECONDS * 3 < DEAD_AFTER_SECONDS
