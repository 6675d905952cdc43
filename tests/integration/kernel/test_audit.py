"""The audit log: chained, append-only, and part of the transaction it tells of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from core.kernel import audit
from core.kernel.audit import AuditEntry, AuditHead, Problem
from core.kernel.db import Database
from core.kernel.numbers import Counter
from tests.fixtures.race import race

NOW = datetime(2026, 11, 20, 18, 0, 0, 123456, tzinfo=UTC)


def record(session: Session, action: str, **facts: Any) -> None:
    values: dict[str, Any] = {"actor": "staff:1", "target": "invoice:7", "now": NOW} | facts
    audit.record(session, action=action, **values)


def write(db: Database, *actions: str) -> None:
    with db.transaction() as session:
        for action in actions:
            record(session, action)


def actions(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def problems(db: Database) -> list[Problem]:
    with db.read() as session:
        return list(audit.verify(session))


def test_entries_are_numbered_and_chained(db: Database) -> None:
    write(db, "one", "two")
    write(db, "three")
    with db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        head = session.get_one(AuditHead, 1)
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert rows[0].previous_hash == audit.GENESIS
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert (head.sequence, head.hash) == (3, rows[-1].hash)
    assert problems(db) == []


def test_an_empty_log_is_sound(db: Database) -> None:
    assert problems(db) == []


def test_facts_read_back_with_secrets_masked(db: Database) -> None:
    with db.transaction() as session:
        record(
            session,
            "client.change",
            before={
                "email": "a@example.com",
                "password": "hunter2",
                "rate": 0.5,
                "tags": {"x"},
                "none": None,
            },
            after={"Card_Token": "tok_1", "bank_account_number": "123", "count": 3, "on": True, "at": NOW},
            ip="203.0.113.7",
            acting_for="client:9",
            request_id="r-1",
        )
    with db.read() as session:
        row = session.scalars(select(AuditEntry)).one()
    assert row.before == {
        "email": "a@example.com", "password": "****", "rate": "0.5", "tags": ["x"], "none": None,
    }  # fmt: skip
    assert row.after == {
        "Card_Token": "****", "bank_account_number": "****", "count": 3, "on": True, "at": str(NOW),
    }  # fmt: skip
    assert (row.at, row.ip, row.acting_for, row.request_id) == (NOW, "203.0.113.7", "client:9", "r-1")
    assert problems(db) == []


def test_any_zone_and_any_letter_verify(db: Database) -> None:
    local = NOW.astimezone(ZoneInfo("America/Chicago"))
    with db.transaction() as session:
        record(session, "caf\u00e9 \U0001f600", now=local, after={"\u00fc": "\u4e2d\n\"'\\"})
    assert problems(db) == []


def test_what_is_rolled_back_was_never_said(db: Database) -> None:
    write(db, "kept")
    with pytest.raises(RuntimeError):
        _fail_after_recording(db)
    write(db, "kept too")
    assert actions(db) == ["kept", "kept too"]
    assert problems(db) == []


def _fail_after_recording(db: Database) -> None:
    with db.transaction() as session:
        record(session, "never")
        raise RuntimeError


def test_a_savepoint_that_fails_takes_only_its_own_entries(db: Database) -> None:
    with db.transaction() as session:
        record(session, "before")
        _savepoint(session, "inside", fails=True)
        _savepoint(session, "inside another", fails=False)
        record(session, "after")
    assert actions(db) == ["before", "inside another", "after"]
    assert problems(db) == []


def _savepoint(session: Session, action: str, *, fails: bool) -> None:
    try:
        with session.begin_nested():
            session.execute(insert(Counter).values(scope=action, next_value=1))
            record(session, action)
            if fails:
                session.execute(insert(Counter).values(scope=action, next_value=1))
    except IntegrityError:
        assert fails


def test_a_savepoint_within_one_that_fails_goes_with_it(db: Database) -> None:
    with db.transaction() as session:
        record(session, "before")
        outer = session.begin_nested()
        _savepoint(session, "deep", fails=False)
        record(session, "in the outer one")
        outer.rollback()
        _savepoint(session, "deep again", fails=True)
    assert actions(db) == ["before"]
    assert problems(db) == []


def test_many_writers_make_one_chain(db: Database) -> None:
    race(16, lambda number: write(db, f"a{number}", f"b{number}"))
    assert len(actions(db)) == 32
    assert problems(db) == []


CHANGED, MISSING, CUT = "the entry was changed", "an entry is missing", "the end of the chain was cut off"
BEFORE = "the entry before it was changed or removed"
FORGERIES: tuple[tuple[str, list[tuple[int, str]]], ...] = (
    ("UPDATE audit_entry SET actor = 'staff:2' WHERE sequence = 2", [(2, CHANGED)]),
    ("UPDATE audit_entry SET ip = '' WHERE sequence = 2", []),  # as it was
    ("DELETE FROM audit_entry WHERE sequence = 2", [(2, MISSING), (3, BEFORE)]),
    ("DELETE FROM audit_entry WHERE sequence = 3", [(3, CUT)]),
    ("DELETE FROM audit_entry", [(1, CUT)]),
    ("UPDATE audit_entry SET hash = 'x' WHERE sequence = 1", [(1, CHANGED), (2, BEFORE)]),
    ("UPDATE audit_entry SET previous_hash = 'x' WHERE sequence = 2", [(2, BEFORE), (2, CHANGED)]),
    ("UPDATE audit_entry SET at = '2026-11-20 18:00:00.123457' WHERE sequence = 2", [(2, CHANGED)]),
    ("UPDATE audit_entry SET before = 'null', after = '{}' WHERE sequence = 1", [(1, CHANGED)]),
    ("UPDATE audit_entry SET target = 'invoice:8', request_id = 'r' WHERE sequence = 3", [(3, CHANGED)]),
    (
        "UPDATE audit_entry SET sequence = CASE sequence WHEN 1 THEN -2 ELSE -1 END WHERE sequence < 3;"
        "UPDATE audit_entry SET sequence = -sequence WHERE sequence < 0",
        [(1, BEFORE), (1, CHANGED), (2, BEFORE), (2, CHANGED), (3, BEFORE)],
    ),  # two change places
    (
        "INSERT INTO audit_entry SELECT 4, 'f0000000-0000-0000-0000-000000000000', at, actor, acting_for, ip,"
        " request_id, action, target, before, after, previous_hash, hash, seal"
        " FROM audit_entry WHERE sequence = 3",
        [(4, BEFORE), (4, CHANGED), (5, CUT)],
    ),  # one is put at the end
    (
        "DELETE FROM audit_entry WHERE sequence = 3;UPDATE audit_head SET sequence = 2",
        [(3, CUT)],
    ),  # the last one goes, and the count with it
    ("UPDATE audit_head SET sequence = 2", [(4, CUT)]),
    ("DELETE FROM audit_head", [(4, CUT)]),
)


def test_tampering_shows(db: Database) -> None:  # A111
    write(db, "one", "two", "three")
    for statement, expected in FORGERIES:
        assert forged(db, statement) == expected, statement
    assert problems(db) == []


def forged(db: Database, statement: str) -> list[tuple[int, str]]:
    """What is found after somebody with the database's own password took the triggers off and changed
    rows; undone at the end."""
    with db.read() as session:
        if db.is_sqlite:
            for verb in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER audit_entry_no_{verb}"))
        else:
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for one in statement.split(";"):
            session.execute(text(one))
        return [(found.sequence, found.reason) for found in audit.verify(session)]


def test_the_database_refuses_to_change_an_entry(db: Database) -> None:  # A111
    write(db, "one")
    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DatabaseError, match="append-only"), db.transaction() as session:
            session.execute(text(statement))
    assert actions(db) == ["one"]
