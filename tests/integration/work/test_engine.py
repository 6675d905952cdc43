"""The durable engine in one process: what is asked for, when it runs, what becomes of failures."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.work import Task
from core.work import engine as engine_module
from core.work.engine import ClientEngine, DurableEngine
from tests.integration.work.conftest import until


def test_a_rollback_leaves_nothing(db: Database, client: ClientEngine) -> None:
    with db.transaction() as session:
        client.enqueue(session, "note", new_id())
        session.rollback()
    assert client.waiting() == 0


def test_a_commit_leaves_one_run_however_often_it_is_asked_for(db: Database, client: ClientEngine) -> None:
    subject = new_id()
    for _time in range(2):
        with db.transaction() as session:
            client.enqueue(session, "note", subject)
            client.enqueue(session, "note", subject)
    assert client.waiting() == 1
    with db.transaction() as session:
        client.enqueue(session, "note", subject, turn=1)
    assert client.waiting() == 2


def test_asking_takes_part_in_a_savepoint(db: Database, client: ClientEngine) -> None:
    with db.transaction() as session:
        savepoint = session.begin_nested()
        client.enqueue(session, "note", new_id())
        savepoint.rollback()
        client.enqueue(session, "note", new_id())
    assert client.waiting() == 1


def test_the_callers_own_statements_go_on_as_before(db: Database, client: ClientEngine) -> None:
    with db.transaction() as session:
        client.enqueue(session, "note", new_id())
        session.execute(text("INSERT INTO counter (scope, next_value) VALUES ('beside', 1)"))
    with db.read() as session:
        assert session.scalar(text("SELECT next_value FROM counter")) == 1


def test_what_is_stored_is_names_and_ids(db: Database, client: ClientEngine, database_kind: str) -> None:
    subject = new_id()
    with db.transaction() as session:
        client.enqueue(session, "note", subject, queue="gateway:card", turn=3)
    prefix = "dbos." if database_kind == "postgresql" else ""
    with db.read() as session:
        (stored,) = session.execute(text(f"SELECT inputs FROM {prefix}workflow_input")).scalars()  # noqa: S608
    arguments = ["note", str(subject), 3, "gateway:card", 0]
    assert json.loads(stored) == {"positionalArgs": arguments, "namedArgs": {}}


def test_work_runs_on_every_kind_of_queue(db: Database, durable: DurableEngine) -> None:
    seen: list[UUID] = []
    durable.register([Task(name="note", run=seen.append)])
    durable.launch()
    queues = ["default", "outbox", "mail", "gateway:card", "server:one", "server:made-later"]
    subjects = [new_id() for _queue in queues]
    for queue, subject in zip(queues, subjects, strict=True):
        with db.transaction() as session:
            durable.enqueue(session, "note", subject, queue=queue)
    until(lambda: len(seen) == len(queues))
    until(lambda: durable.waiting() == 0)
    assert sorted(seen) == sorted(subjects)


def test_a_finished_run_is_not_run_again_by_asking_again(db: Database, durable: DurableEngine) -> None:
    seen: list[UUID] = []
    durable.register([Task(name="note", run=seen.append)])
    durable.launch()
    subject, other = new_id(), new_id()
    for one in (subject, subject, other):
        with db.transaction() as session:
            durable.enqueue(session, "note", one)
        until(lambda: durable.waiting() == 0)
    assert seen == [subject, other]


def test_a_slow_queue_holds_up_nobody_else(db: Database, durable: DurableEngine) -> None:
    release, quick = threading.Event(), threading.Event()
    under_way: list[UUID] = []

    def slow(subject: UUID) -> None:
        under_way.append(subject)
        release.wait(20)

    durable.register([Task(name="slow", run=slow), Task(name="quick", run=lambda _subject: quick.set())])
    durable.launch()
    with db.transaction() as session:
        for _call in range(5):
            durable.enqueue(session, "slow", new_id(), queue="server:slow")
        durable.enqueue(session, "quick", new_id(), queue="server:quick")
    assert quick.wait(20)
    until(lambda: len(under_way) == 2)
    assert len(durable.running) == 2  # what a panel bears at once
    release.set()
    until(lambda: len(under_way) == 5)
    until(lambda: durable.waiting() == 0)


def test_an_unforeseen_failure_is_tried_again(
    db: Database, durable: DurableEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_AFTER", (0.1, 0.1))
    tries: list[UUID] = []

    def fail_twice(subject: UUID) -> None:
        tries.append(subject)
        if len(tries) < 3:
            raise ConnectionError("the database was away")

    durable.register([Task(name="fails", run=fail_twice)])
    durable.launch()
    with db.transaction() as session:
        durable.enqueue(session, "fails", new_id())
    until(lambda: len(tries) == 3)
    until(lambda: durable.waiting() == 0)
    assert durable.dead_letters() == []


def test_what_keeps_failing_is_a_dead_letter_and_others_proceed(
    db: Database, durable: DurableEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_AFTER", (0.1,))
    cured = threading.Event()
    seen: list[UUID] = []

    def poison(_subject: UUID) -> None:
        if not cured.is_set():
            raise ValueError("4242 4242 4242 4242")

    durable.register([Task(name="poison", run=poison), Task(name="note", run=seen.append)])
    durable.launch()
    subject, other = new_id(), new_id()
    with db.transaction() as session:
        durable.enqueue(session, "poison", subject, queue="server:one")
        durable.enqueue(session, "note", other, queue="server:one")
    until(lambda: len(durable.dead_letters()) == 1)
    assert seen == [other]
    (letter,) = durable.dead_letters()
    assert (letter.task, letter.subject, letter.queue) == ("poison", subject, "server:one")
    assert "ValueError" in letter.error
    assert "4242" not in letter.error
    cured.set()
    durable.retry(letter.id)
    until(lambda: durable.dead_letters() == [])
    until(lambda: durable.waiting() == 0)


def test_a_task_nobody_registered_becomes_a_dead_letter(
    db: Database, durable: DurableEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_AFTER", ())
    durable.launch()
    with db.transaction() as session:
        durable.enqueue(session, "nobody", new_id())
    until(lambda: len(durable.dead_letters()) == 1)
    assert "LookupError" in durable.dead_letters()[0].error


def test_retrying_what_does_not_exist_is_an_error(client: ClientEngine) -> None:
    with pytest.raises(LookupError, match="no run"):
        client.retry("never:was:0")


def test_ended_runs_are_forgotten_by_age_and_waiting_ones_never(db: Database, durable: DurableEngine) -> None:
    done = threading.Event()
    durable.register([Task(name="note", run=lambda _subject: done.set())])
    durable.launch()
    with db.transaction() as session:
        durable.enqueue(session, "note", new_id())
    assert done.wait(20)
    until(lambda: durable.waiting() == 0)
    now = datetime.now(UTC)
    assert durable.forget(succeeded_before=now - timedelta(days=1), dead_before=now) == 0
    assert durable.forget(succeeded_before=now + timedelta(minutes=1), dead_before=now) == 1
    assert durable.forget(succeeded_before=now + timedelta(minutes=1), dead_before=now) == 0


def test_a_run_that_keeps_losing_its_process_is_set_aside(
    db: Database, client: ClientEngine, database_kind: str
) -> None:
    subject = new_id()
    with db.transaction() as session:
        client.enqueue(session, "segfault", subject)
    for _death in range(engine_module.DEATHS - 1):
        _pretend_begun(db, database_kind)
        assert len(client.take_over(client.held_by("dead"))) == 1
    _pretend_begun(db, database_kind)
    assert client.holders() == {"dead"}
    assert client.take_over(client.held_by("dead")) == []
    assert [letter.subject for letter in client.dead_letters()] == [subject]
    assert client.holders() == set()


def test_eight_writers_and_a_worker_see_no_locked_database(db: Database, durable: DurableEngine) -> None:
    done: list[UUID] = []
    errors: list[Exception] = []

    def work(subject: UUID) -> None:
        with db.transaction() as session:
            session.execute(
                text("INSERT INTO counter (scope, next_value) VALUES (:scope, 1)"), {"scope": str(subject)}
            )
        done.append(subject)

    def write() -> None:
        try:
            for _order in range(20):
                with db.transaction() as session:
                    durable.enqueue(session, "work", new_id(), queue="outbox")
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    durable.register([Task(name="work", run=work)])
    durable.launch()
    writers = [threading.Thread(target=write) for _writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    until(lambda: len(done) == 160)
    assert durable.dead_letters() == []


def _pretend_begun(db: Database, database_kind: str) -> None:
    prefix = "dbos." if database_kind == "postgresql" else ""
    with db.transaction() as session:
        session.execute(
            text(f"UPDATE {prefix}workflow_status SET status = 'PENDING', executor_id = 'dead'")  # noqa: S608
        )
