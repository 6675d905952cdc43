"""The inline engine keeps the durable engine's promises: after commit, in order, once per identity."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.work import Task
from core.work.inline import InlineEngine


class Diary:
    """A task that writes down whom it saw."""

    def __init__(self) -> None:
        self.seen: list[UUID] = []
        self.engine = InlineEngine([Task(name="note", run=self.seen.append)])

    def ask(self, session: Session, subject: UUID, turn: int = 0) -> None:
        self.engine.enqueue(session, "note", subject, turn=turn)


@pytest.fixture
def diary() -> Diary:
    return Diary()


def test_work_waits_for_the_commit_and_runs_in_order(db: Database, diary: Diary) -> None:
    first, second = new_id(), new_id()
    with db.transaction() as session:
        diary.ask(session, first)
        diary.ask(session, second)
        assert diary.engine.ready == ()
    assert diary.engine.drain() == 2
    assert diary.seen == [first, second]


def test_a_rollback_leaves_nothing(db: Database, diary: Diary) -> None:
    with db.transaction() as session:
        diary.ask(session, new_id())
        session.rollback()
    assert diary.engine.drain() == 0


def test_one_identity_is_one_run_and_a_turn_is_another(db: Database, diary: Diary) -> None:
    subject = new_id()
    for turn in (0, 0, 1):
        with db.transaction() as session:
            diary.ask(session, subject, turn)
            diary.ask(session, subject, turn)
    diary.engine.drain()
    with db.transaction() as session:
        diary.ask(session, subject)
    diary.engine.drain()
    assert diary.seen == [subject, subject]


def test_a_savepoint_that_is_rolled_back_takes_its_own_requests_only(db: Database, diary: Diary) -> None:
    before, inside, inner, kept = new_id(), new_id(), new_id(), new_id()
    with db.transaction() as session:
        diary.ask(session, before)
        savepoint = session.begin_nested()
        diary.ask(session, inside)
        with session.begin_nested():
            diary.ask(session, inner)
        savepoint.rollback()
        with session.begin_nested():
            diary.ask(session, kept)
        assert diary.engine.ready == ()
    diary.engine.drain()
    assert diary.seen == [before, kept]


def test_drain_runs_what_the_tasks_enqueue(db: Database) -> None:
    seen: list[UUID] = []
    engine = InlineEngine([Task(name="leaf", run=seen.append)])

    def branch(subject: UUID) -> None:
        with db.transaction() as session:
            engine.enqueue(session, "leaf", subject, queue="mail")

    engine.register([Task(name="branch", run=branch)])
    subject = new_id()
    with db.transaction() as session:
        engine.enqueue(session, "branch", subject)
    assert engine.drain(only=lambda run: run.queue == "default") == 1
    assert [run.task for run in engine.ready] == ["leaf"]
    assert engine.drain() == 1
    assert seen == [subject]


def test_what_a_task_raises_is_raised_and_the_rest_stays(db: Database) -> None:
    def fail(_subject: UUID) -> None:
        raise ValueError("broken")

    seen: list[UUID] = []
    engine = InlineEngine([Task(name="fail", run=fail), Task(name="note", run=seen.append)])
    with db.transaction() as session:
        engine.enqueue(session, "fail", new_id())
        engine.enqueue(session, "note", new_id())
    with pytest.raises(ValueError, match="broken"):
        engine.drain()
    assert engine.drain() == 1
    assert len(seen) == 1


def test_an_unknown_task_is_a_clear_error(db: Database) -> None:
    engine = InlineEngine()
    with db.transaction() as session:
        engine.enqueue(session, "nobody", new_id())
    with pytest.raises(LookupError, match="nobody"):
        engine.drain()


def test_two_tasks_of_one_name_are_refused() -> None:
    task = Task(name="twice", run=lambda _subject: None)
    with pytest.raises(ValueError, match="twice"):
        InlineEngine([task, task])
