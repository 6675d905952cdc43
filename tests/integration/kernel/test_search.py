"""Search gives the same answers on both databases, and those of a plain comparison of texts."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from core.kernel import search, search_index
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.search import NewEntry, SearchEntry


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
    'say "hi"', "hi", "ex", "de", "\u017ftra\u017f\u017fe", "Straße", "hi\x00", "\u202emüller",
    "伟", "王伟", "株式", "山田", "式会社山", "山", "김", "がん",
)  # fmt: skip
UNMET = (
    "*", "\\", "le", "müller ag", "ller gmbx", "1%0", "aXb", "'; DROP TABLE client; --", "%", "_b", "AND",
    "OR müller", "NEAR(",
    "text:müller", 'müller"', "\x00", "", "   ", "田山", "か", "-müller", "müller*", "^mu",
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


LETTERS = st.text(
    alphabet="abcABZ\u00e9\u00df\u0130\u0131 \t%_\\\"'*.@-0195\u738b\u4f1f\u5c71\u304c\uac00\u0645\u0301",
    max_size=14,
)


def met(q: str, texts: list[str]) -> bool:
    """The oracle: plain comparison, word by word, of what ``fold`` makes of both."""
    whole = " ".join(search.fold(text) for text in texts).split()
    asked = [word for word in search.fold(q).split() if any(char.isalnum() for char in word)]
    return all(any(_fits(word, one) for one in whole) for word in asked[:8])


def _fits(word: str, text: str) -> bool:
    if len(word) >= 3:
        one_letter = word[0].isalnum() and not any(char.isalnum() for char in word[1:])
        return text.startswith(word) if one_letter else word in text
    begins = (at for at in range(len(text)) if text.startswith(word, at))
    return any(
        at == 0 or "\u3040" <= text[at] <= "\ud7ff" or (_is_letter(text[at]) and not _is_letter(text[at - 1]))
        for at in begins
    )


def _is_letter(char: str) -> bool:
    return char.isalnum()


@given(
    st.lists(st.lists(LETTERS, min_size=1, max_size=3), min_size=1, max_size=6), st.lists(LETTERS, max_size=8)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_answers_as_a_plain_comparison_would(
    db: Database, things: list[list[str]], asked: list[str]
) -> None:
    with db.transaction() as session:
        session.execute(delete(SearchEntry))
        entries = [NewEntry(subject_id=new_id(), texts=tuple(texts)) for texts in things]
        search.put_many(session, "client", entries)
    asked += [text[start:][:4] for texts in things for text in texts[:1] for start in (0, 2)]
    for q in asked:
        expected = [
            one.subject_id for one, texts in zip(entries, things, strict=True) if met(q, texts)
        ] if search.words(q) else []  # fmt: skip
        assert found(db, q) == expected[::-1], q


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = search.fold(text)
    assert search.fold(once) == once
    assert "\x00" not in once


def test_common_words_rare_words_and_misses_by_index(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three ways of PostgreSQL give one answer: newest entries, index, and all in order."""
    ids = put(db, *(f"example {number % 7}{number}" for number in range(60)))
    for newest, common in ((2000, 20_000), (3, 20_000), (3, 5), (1, 1)):
        monkeypatch.setattr(search, "NEWEST", newest)
        monkeypatch.setattr(search, "COMMON", common)
        monkeypatch.setattr(search, "RARE", newest // 200)
        assert found(db, "example") == ids[::-1][:50]
        assert found(db, "example 359") == [ids[59]]
        assert found(db, "nothing") == []


def test_a_long_address_is_found_whole(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its local part alone is asked of PostgreSQL's index; what follows the @ has to be right too."""
    monkeypatch.setattr(search, "NEWEST", 1)
    ids = put(
        db, "sarah.johnson.371310@example.net", "sarah.johnson.371310@example.org",
        "100%.of_something@example.net", "100x.of_something@example.net", "newest", "newer",
    )  # fmt: skip
    assert found(db, "sarah.johnson.371310@example.net") == [ids[0]]
    assert found(db, "SARAH.johnson.371310@exam") == [ids[1], ids[0]]
    assert found(db, "100%.of_something@example") == [ids[2]]
    assert found(db, "sarah.johnson.371310@example.com") == []


def test_a_great_load_is_indexed_at_the_end(db: Database) -> None:
    search_index.put_aside(db)
    search_index.put_aside(db)
    with db.transaction() as session:
        one = new_id()
        search.put_many(session, "order", [NewEntry(subject_id=one, texts=("WH-10001",))], fresh=True)
    search_index.make(db)
    search_index.make(db)
    assert found(db, "h-1000", "order") == [one]
    with db.transaction() as session:
        search.put(session, "order", one, "changed")
    assert found(db, "h-1000", "order") == []
    assert found(db, "change", "order") == [one]
