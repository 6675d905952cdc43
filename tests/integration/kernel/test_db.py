"""Transactions: all or nothing, in turn, never nested; reads see one moment."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from core.kernel.db import Database, changed
from core.kernel.ids import new_id
from core.kernel.numbers import Counter
from core.kernel.outbox import OutboxEvent
from tests.fixtures.race import race

NOW = datetime(2026, 11, 20, 18, 0, 0, 123456, tzinfo=UTC)
HASH = "5f4dcc3b5aa765d6"  # of a password, say


def put(session: Session, value: int, scope: str = "x") -> None:
    session.execute(insert(Counter).values(scope=scope, next_value=value))


def value(session: Session, scope: str = "x") -> int | None:
    return session.scalar(select(Counter.next_value).where(Counter.scope == scope))


def current(db: Database, scope: str = "x") -> int | None:
    with db.read() as session:
        return value(session, scope)


def test_committed_at_the_end(db: Database) -> None:
    with db.transaction() as session:
        put(session, 1)
        assert current(db) is None  # nobody else sees it before
    assert current(db) == 1


def fail_after(db: Database, work: Any) -> None:
    with db.transaction() as session:
        work(session)
        raise RuntimeError


def test_undone_when_anything_is_raised(db: Database) -> None:
    with pytest.raises(RuntimeError):
        fail_after(db, lambda session: put(session, 1))
    assert current(db) is None
    with db.transaction() as session:  # and the next one begins
        put(session, 2)
    assert current(db) == 2


def broken_again(session: Session) -> None:
    put(session, 1, HASH)
    put(session, 2, HASH)


def broken_null(session: Session) -> None:
    session.execute(insert(Counter.__table__).values(scope=HASH, next_value=None))


def broken_text(session: Session) -> None:
    session.execute(text("SELECT nothing FROM nowhere WHERE scope = :scope"), {"scope": HASH})


@pytest.mark.parametrize("work", [broken_again, broken_null, broken_text])
def test_an_error_does_not_say_what_was_written(db: Database, work: Callable[[Session], None]) -> None:
    """Traces go to logs, and errors of deliveries are shown to staff."""
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        work(session)
    said = "".join(traceback.format_exception(caught.value))
    assert HASH not in said
    assert "counter" in said or "nowhere" in said  # what it was about still stands there


def test_never_nested(db: Database) -> None:
    with db.transaction() as session:
        put(session, 1)
        with pytest.raises(RuntimeError, match="open in this thread"):
            fail_after(db, lambda session: put(session, 2, "y"))
        within = db.in_transaction
    assert (within, db.in_transaction) == (True, False)
    assert (current(db), current(db, "y")) == (1, None)


def test_another_thread_may_write_meanwhile_or_after(db: Database) -> None:
    done = race(10, lambda number: _write(db, number))
    assert done == list(range(10))
    assert [current(db, f"row{number}") for number in range(10)] == list(range(10))


def _write(db: Database, number: int) -> int:
    with db.transaction() as session:
        put(session, number, f"row{number}")
    return number


def test_a_crowd_that_reads_and_writes_back_in_one_statement_loses_nothing(db: Database) -> None:
    with db.transaction() as session:
        put(session, 0)

    def add(_: int) -> None:
        with db.transaction() as session:
            session.execute(update(Counter).values(next_value=Counter.next_value + 1))

    race(40, add)
    assert current(db) == 40


def test_reading_sees_one_moment(db: Database) -> None:
    with db.transaction() as session:
        put(session, 1)
    with db.read() as session:
        assert value(session) == 1
        writer = threading.Thread(target=_set, args=(db, 2))
        writer.start()
        writer.join(timeout=20)
        assert not writer.is_alive(), "a reader must not hold a writer up"
        assert value(session) == 1
    assert current(db) == 2


def _set(db: Database, number: int) -> None:
    with db.transaction() as session:
        session.execute(update(Counter).values(next_value=number))


def test_what_a_reader_writes_is_thrown_away(db: Database) -> None:
    with db.read() as session:
        put(session, 1)
    assert current(db) is None


def test_objects_stay_readable_after_the_end(db: Database) -> None:
    with db.transaction() as session:
        session.add(Counter(scope="x", next_value=5))
    with db.read() as session:
        row = session.get_one(Counter, "x")
    assert row.next_value == 5


def test_a_reader_within_a_transaction_sees_what_is_committed(db: Database) -> None:
    with db.transaction() as session:
        put(session, 1)
    with db.transaction() as session:
        session.execute(update(Counter).values(next_value=2))
        assert current(db) == 1


def test_changed_tells_whether_exactly_one_row_was_hit(db: Database) -> None:
    with db.transaction() as session:
        session.add_all([Counter(scope="a", next_value=1), Counter(scope="b", next_value=1)])
        row = session.get_one(Counter, "a")  # flushed first, or there would be nothing to hit
        raised = update(Counter).where(Counter.scope == "a", Counter.next_value == 1).values(next_value=2)
        assert changed(session, raised)
        assert row.next_value == 2  # and what was loaded is fresh
        assert not changed(session, raised)
        assert not changed(session, update(Counter).values(next_value=9))  # two rows are not one


def test_instants_come_back_in_utc(db: Database) -> None:
    local = NOW.astimezone(ZoneInfo("Asia/Kolkata"))
    with db.transaction() as session:
        session.add(OutboxEvent(id=new_id(), name="x", payload={"a": 1}, created_at=local))
    with db.read() as session:
        row = session.scalars(select(OutboxEvent)).one()
    assert row.created_at == NOW
    assert row.created_at.utcoffset() is not None
    assert row.created_at.tzinfo == UTC


def test_instants_without_a_zone_are_refused(db: Database) -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"), db.transaction() as session:
        session.add(OutboxEvent(id=new_id(), name="x", payload={}, created_at=naive))


def test_constraints_hold(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add_all([Counter(scope="x", next_value=1), Counter(scope="x", next_value=1)])
    with pytest.raises(IntegrityError), db.transaction() as session:  # a delivery of no event
        session.execute(
            text(
                "INSERT INTO outbox_delivery (id, event_id, subscriber, state, attempts, next_try_at, error) "
                "VALUES (:id, :event, 'x', 'due', 0, :now, '')"
            ),
            {"id": new_id().hex, "event": new_id().hex, "now": "2026-11-20 00:00:00"},
        )
    assert current(db) is None


def test_the_embedded_database_does_not_lose_commits(make_database_url: Any) -> None:  # F55
    database = Database(make_database_url("sqlite", True))
    with database.read() as session:
        settings = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_transaction_that_lost_a_race_runs_again(db: Database) -> None:  # F51
    """Two that take two rows in opposite order: PostgreSQL throws one out, ``run`` starts it anew."""
    with db.transaction() as session:
        put(session, 0, "a")
        put(session, 0, "b")
    half_way = threading.Barrier(2)
    first_try = [True, True]

    def add(session: Session, number: int) -> int:
        one, other = ("a", "b") if number == 0 else ("b", "a")
        for scope in (one, other):
            session.execute(
                update(Counter).where(Counter.scope == scope).values(next_value=Counter.next_value + 1)
            )
            if scope == one and first_try[number] and not db.is_sqlite:
                first_try[number] = False
                half_way.wait(timeout=20)
        return number

    assert race(2, lambda number: db.run(lambda session: add(session, number))) == [0, 1]
    assert (current(db, "a"), current(db, "b")) == (2, 2)


def test_a_database_that_answers(db: Database) -> None:
    db.ping()
