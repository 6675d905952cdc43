"""All ids in one parameter: the answer of ``in_``, on both databases, by the column's index."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.kernel import search
from core.kernel.among import among
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.search import NewEntry, SearchEntry

MANY = 3000


@pytest.fixture
def ids(db: Database) -> list[UUID]:
    """Of things that are there."""
    made = [new_id() for _ in range(MANY)]
    with db.transaction() as session:
        entries = [NewEntry(subject_id=one, texts=("x",), client_id=one) for one in made]
        search.put_many(session, "client", entries)
    return made


def found(db: Database, wanted: list[UUID]) -> set[UUID]:
    with db.read() as session:
        by_hand = set(
            session.scalars(select(SearchEntry.subject_id).where(among(SearchEntry.client_id, wanted)))
        )
        given = select(SearchEntry.subject_id).where(among(SearchEntry.client_id))
        assert set(session.scalars(given, {"ids": wanted})) == by_hand
    return by_hand


def test_none_one_all_and_strangers(db: Database, ids: list[UUID]) -> None:
    assert found(db, []) == set()
    assert found(db, [new_id()]) == set()
    assert found(db, [ids[7], ids[7], new_id()]) == {ids[7]}
    assert found(db, ids) == set(ids)


def test_the_statement_is_the_same_for_any_number(db: Database) -> None:
    texts = {
        str(select(SearchEntry.id).where(among(SearchEntry.client_id, [new_id()] * count)).compile(db.engine))
        for count in (0, 1, 50)
    }
    assert len(texts) == 1


def test_the_index_of_the_column_answers(db: Database, ids: list[UUID]) -> None:
    statement = select(SearchEntry.id).where(
        among(SearchEntry.client_id, ids[:3]), SearchEntry.text.not_in(("a", "b")), SearchEntry.id > 0
    )
    written = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    written = written.replace("])", "]::UUID[])")  # a parameter has its type, a literal has none
    explain = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
    with db.transaction() as session:
        session.execute(text("ANALYZE"))
        plan = [str(row) for row in session.execute(text(f"{explain} {written}"))]
    assert "ix_search_entry_client_id" in " ".join(plan)
    assert "SCAN search_entry" not in " ".join(plan)
