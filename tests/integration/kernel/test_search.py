"""Search gives the same answers on both databases, and those of a plain comparison of texts."""

from __future__ import annotations

from uuid import UUID

from core.kernel import search
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.search import NewEntry


def put(db: Database, *texts: str, kind: str = "client") -> list[UUID]:
    """One thing per text, in this order."""
    ids = [new_id() for _ in texts]
    with db.transaction() as session:
        entries = [NewEntry(subject_id=one, texts=(text,)) for one, text in zip(ids, texts, strict=True)]
        search.put_many(session, kind, entries)
    return ids


def found(
    db: Database, q: str, kind: str = "client", limit: int = 50, below: int | None = None
) -> list[UUID]:
    with db.read() as session:
        return [one.subject_id for one in search.find(session, q, kind, limit=limit, below=below)]


TEXT = 'Müller GmbH info@example.de 100% a_b say "hi" \\ * STRASSE 王伟 株式会社山田 김철수 がんばる'
MET = (
    "müller", "MULLER", "ülle", "mu", "m", "gmbh müller", "ller gmb", "@example.de", "100%", "a_b", "a_",
    'say "hi"', "hi", "ex", "de", "\\", "*", "\u017ftra\u017f\u017fe", "Straße", "hi\x00", "\u202emüller",
    "伟", "王伟", "株式", "山田", "式会社山", "山", "김", "がん",
)  # fmt: skip
UNMET = (
    "le", "müller ag", "ller gmbx", "1%0", "aXb", "'; DROP TABLE client; --", "%", "_b", "AND", "OR müller",
    "NEAR(", "text:müller", 'müller"', "\x00", "", "   ", "田山", "か", "-müller", "müller*", "^mu",
)  # fmt: skip


def test_what_is_found(db: Database) -> None:
    [one] = put(db, TEXT)
    assert [q for q in MET if found(db, q) != [one]] == []
    assert [q for q in UNMET if found(db, q) != []] == []
    assert [q for q in MET if not search.matches(q, [TEXT])] == []
    assert [q for q in UNMET if search.words(q) and search.matches(q, [TEXT])] == []


def test_newest_first_page_by_page_and_each_kind_for_itself(db: Database) -> None:
    ids = put(db, *(f"example {number}" for number in range(7)))
    put(db, "example of another kind", kind="service")
    assert found(db, "example") == ids[::-1]
    with db.read() as session:
        page = search.find(session, "example", "client", limit=3)
        rest = search.find(session, "example", "client", limit=10, below=page[-1].place)
    assert [one.subject_id for one in (*page, *rest)] == ids[::-1]


def test_a_text_that_changes_is_found_by_the_new_one_at_the_old_place(db: Database) -> None:
    first, second = put(db, "alpha", "beta")
    with db.transaction() as session:
        search.put(session, "client", first, "gamma beta")
    assert found(db, "alpha") == []
    assert found(db, "beta") == [second, first]
    with db.transaction() as session:
        search.drop(session, "client", first)
        search.drop(session, "client", first)
    assert found(db, "gamma") == []
