"""The seal of the audit log: who may write to the database, and has not the key, can not make it hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.kernel import audit, audit_seal
from core.kernel.audit import AuditEntry, AuditHead
from core.kernel.audit_seal import FORGED, NO_SEAL, OTHER_KEY, UNSEALED, KeysMissing
from core.kernel.crypto import KeyRing
from core.kernel.db import Database
from tests.fixtures.race import race
from tests.integration.kernel.test_audit import BEFORE, CUT, MISSING, actions, write

OURS, NEXT = b"the key of this house", b"the key after it"
Found = list[tuple[int, str]]


@pytest.fixture
def sealed(db: Database) -> Database:
    """A log that was sealed when it was made, with three entries."""
    audit_seal.seal_with(db, KeyRing.single(OURS))
    seal(db)
    write(db, "one", "two")
    write(db, "three")
    return db


def seal(db: Database) -> None:
    keys = db.info[audit_seal.KEYS]
    with db.transaction() as session:
        audit.seal_end(session, keys)


def found_in(session: Session) -> Found:
    return [(one.sequence, one.reason) for one in audit.verify(session)]


def problems(db: Database) -> Found:
    with db.read() as session:
        return found_in(session)


def forge(db: Database, *work: Callable[[Session], object], keep: bool = False) -> Found:
    """What is found after somebody with the database's own password was at work; undone unless kept."""
    with db.transaction() if keep else db.read() as session:
        if db.is_sqlite:
            triggers = session.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            ).all()
            own = [one for one in triggers if one.name.startswith("audit_entry_no_")]
            for one in own:
                session.execute(text(f"DROP TRIGGER {one.name}"))
        else:
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for one in work:
            one(session)
        session.expire_all()
        found = found_in(session)
        if keep:
            for one in own if db.is_sqlite else ():
                session.execute(text(one.sql))
            if not db.is_sqlite:
                session.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER ALL"))
    return found


def sql(statement: str) -> Callable[[Session], object]:
    return lambda session: session.execute(text(statement))


def chain_anew(session: Session) -> None:
    """Number and hash every entry that is left as the code does, and move the end there."""
    previous, sequence = audit.GENESIS, 0
    columns = AuditEntry.__table__.columns
    for row in session.execute(select(*columns).order_by(AuditEntry.sequence)).mappings().all():
        new: dict[str, Any] = dict(row) | {"sequence": (sequence := sequence + 1), "previous_hash": previous}
        new["hash"] = previous = audit.digest(new)
        values = {name: new[name] for name in ("sequence", "previous_hash", "hash")}
        session.execute(update(AuditEntry).where(AuditEntry.id == row["id"]).values(**values))
    session.execute(update(AuditHead).values(sequence=sequence, hash=previous))


DELETED = sql("DELETE FROM audit_entry WHERE sequence = 2")
CHANGED = sql("UPDATE audit_entry SET actor = 'staff:9' WHERE sequence = 2")
LAST_GONE = sql("DELETE FROM audit_entry WHERE sequence = 3")
ALL_GONE = sql("DELETE FROM audit_entry")
PLAIN = sql("UPDATE audit_entry SET seal = ''")
UNMARKED = sql("UPDATE audit_head SET seal = '', sealed_from = 0")
FROM_LATER = sql("UPDATE audit_head SET sealed_from = 4")
OWN_SEALS = sql("UPDATE audit_head SET seal = (SELECT seal FROM audit_entry WHERE sequence = 2)")
FORGERIES: tuple[tuple[str, tuple[Callable[[Session], object], ...], Found], ...] = (
    ("nothing", (), []),
    ("changed, and chained anew", (CHANGED, chain_anew), [(2, NO_SEAL), (3, FORGED)]),
    ("one in the middle goes", (DELETED,), [(2, MISSING), (3, BEFORE)]),
    ("it goes, and the rest is chained anew", (DELETED, chain_anew), [(2, NO_SEAL), (2, FORGED)]),
    ("the last goes", (LAST_GONE,), [(3, CUT)]),
    ("the last goes, and the end is moved", (LAST_GONE, chain_anew), [(2, FORGED)]),
    ("and it takes the seal of the entry", (LAST_GONE, chain_anew, OWN_SEALS), [(2, FORGED)]),
    ("all of it goes", (ALL_GONE, chain_anew), [(0, FORGED)]),
    ("all goes as if it was new", (ALL_GONE, chain_anew, UNMARKED), [(0, UNSEALED)]),
    ("as it was before there were seals", (CHANGED, chain_anew, PLAIN, UNMARKED), [(3, UNSEALED)]),
    ("the end is kept", (CHANGED, chain_anew, PLAIN), [(3, FORGED)]),
    ("seals begin later", (CHANGED, chain_anew, PLAIN, FROM_LATER), [(3, FORGED)]),
    ("entries lose their seals only", (PLAIN,), [(1, NO_SEAL)]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("work", "expected"), [one[1:] for one in FORGERIES], ids=[one[0] for one in FORGERIES]
)
def test_forging_shows(
    sealed: Database, work: tuple[Callable[[Session], object], ...], expected: Found
) -> None:
    assert forge(sealed, *work) == expected
    assert problems(sealed) == []


@pytest.mark.breaks_the_books  # that is what it is about
def test_what_was_forged_is_not_made_good_by_going_on(sealed: Database) -> None:
    forge(sealed, CHANGED, chain_anew, keep=True)
    write(sealed, "four")
    assert problems(sealed) == [(2, NO_SEAL), (4, FORGED)]
    assert actions(sealed) == ["one", "two", "three", "four"]


@pytest.mark.breaks_the_books
def test_a_seal_that_was_taken_away_does_not_come_back_by_itself(sealed: Database) -> None:
    forge(sealed, CHANGED, chain_anew, PLAIN, UNMARKED, keep=True)
    write(sealed, "four")
    assert (4, UNSEALED) in problems(sealed)
    seal(sealed)  # somebody has looked at it, and goes on from here
    assert problems(sealed) == []
    write(sealed, "five")
    assert problems(sealed) == []
    assert forge(sealed, DELETED, chain_anew)[-1] == (4, FORGED)


def test_entries_from_before_the_seals_are_proven_by_the_end(db: Database) -> None:
    write(db, "one", "two")  # an installation of an earlier version
    audit_seal.seal_with(db, KeyRing.single(OURS))
    assert problems(db) == [(2, UNSEALED)]
    seal(db)
    write(db, "three")
    assert problems(db) == []
    assert forge(db, sql("UPDATE audit_entry SET actor = 'staff:9' WHERE sequence = 1"), chain_anew) == [
        (3, NO_SEAL), (3, FORGED),
    ]  # fmt: skip


def test_after_the_key_was_changed_the_end_is_sealed_anew(sealed: Database) -> None:
    audit_seal.seal_with(sealed, KeyRing.ring(NEXT, [OURS]))
    write(sealed, "four")
    assert problems(sealed) == [(4, OTHER_KEY)], "a former key may be in other hands"
    seal(sealed)
    write(sealed, "five")
    assert problems(sealed) == []
    assert forge(sealed, CHANGED, chain_anew) == [(2, NO_SEAL), (5, FORGED)]
    audit_seal.seal_with(sealed, KeyRing.single(NEXT))  # the former one is thrown away
    assert problems(sealed) == [], "the end proves what it sealed"


def test_with_a_former_key_nothing_can_be_forged(sealed: Database) -> None:
    audit_seal.seal_with(sealed, KeyRing.ring(NEXT, [OURS]))
    seal(sealed)
    stolen = KeyRing.single(OURS)

    def seal_all(session: Session) -> None:
        for row in session.scalars(select(AuditEntry)).all():
            session.execute(
                update(AuditEntry)
                .where(AuditEntry.id == row.id)
                .values(seal=audit_seal.of_entry(stolen, row.sequence, row.hash))
            )
        session.expire_all()
        audit.seal_end(session, stolen)

    assert forge(sealed, CHANGED, chain_anew, seal_all) == [(3, OTHER_KEY)]


def test_without_the_keys_the_chain_can_still_be_read_and_not_written(sealed: Database) -> None:
    """A backup on another machine."""
    keys = sealed.info.pop(audit_seal.KEYS)
    assert problems(sealed) == []
    with pytest.raises(KeysMissing):
        write(sealed, "four")
    audit_seal.seal_with(sealed, KeyRing.single(b"another house"))
    assert problems(sealed) == [(3, OTHER_KEY)]
    audit_seal.seal_with(sealed, keys)
    assert problems(sealed) == []
    assert actions(sealed) == ["one", "two", "three"]


def test_many_at_once_leave_one_sealed_chain(sealed: Database) -> None:
    race(8, lambda number: write(sealed, f"of {number}", f"of {number} too"))
    with sealed.read() as session:
        assert session.get_one(AuditHead, 1).sequence == 19
    assert problems(sealed) == []
