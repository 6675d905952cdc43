"""Search over everything that has a name: one text per thing, found by any part of its words.

The slices write the texts inside their own transactions. SQLite answers from an FTS5 table of trigrams that
triggers keep, PostgreSQL from ``pg_trgm``; both give the same answers (docs/decisions/0020-search.md).

What is typed is taken apart at spaces, and each word must be there. A word of three characters and more is
found anywhere within the words of a text; a shorter one where a word begins, and anywhere in Chinese,
Japanese and Korean, whose words have no spaces between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Insert,
    Select,
    UniqueConstraint,
    delete,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.kernel.db import Base, insert_many
from core.kernel.paging import LARGEST

# Each kind has its own range of ids, so that one kind is read newest first without meeting the others.
KINDS: Mapping[str, int] = {"client": 1, "service": 2, "invoice": 3, "order": 4}
RANGE_BITS = 48
SEQUENCE = "search_entry_place"
NEWEST_PAGE = LARGEST  # the cursor of the first page: nothing lies above it
LONGEST_TEXT = 4000
LONGEST_QUERY = 200
MOST_WORDS = 8
SHORT = 3  # a word below this has no trigram of its own
NEWEST = 2000  # entries that are read before an index is asked: a common word is found among them
RARE = 10  # matches among those, below which looking at ten times as many costs more than asking the index
LONG = 11  # characters before the @ of an address from which on they are rare by themselves
COMMON = 20_000  # matches from which on reading in order is cheaper than sorting
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
_VOICED = "\u3099\u309a"  # が is another letter than か, not か with an accent
_NO_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff"
_LETTERS = re.compile(r"[^\W_]+")
_BEGINS = re.compile(rf"(?<=[\W_])[^\W_]|[{_NO_SPACES}]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


class SearchEntry(Base):
    """The searchable text of one thing, in the order things were made. ``text`` is prepared, not for people.

    On SQLite the table ``search_text`` (FTS5) mirrors it by triggers.
    """

    __tablename__ = "search_entry"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]  # one of KINDS
    subject_id: Mapped[UUID]
    client_id: Mapped[UUID | None] = mapped_column(index=True)
    text: Mapped[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A thing that was found. ``place`` is the cursor: what is older lies below it."""

    place: int
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What a thing is found by. ``texts`` are its fields as people read them."""

    subject_id: UUID
    texts: tuple[str, ...]
    client_id: UUID | None = None


def fold(text: str) -> str:
    """The text as it is compared: without case and accents, its words one space apart.

    Repeating it changes nothing. What cannot be seen (control characters, marks of direction) is left out.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())  # the usual case, twenty times as fast
    for _ in range(3):  # folding may bring forth what folds again
        text, before = _folded(text), text
        if text == before:
            break
    return " ".join(text.split())


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", _UNSEEN.sub("", _CONTROLS.sub(" ", text)).casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char) or char in _VOICED)
    return unicodedata.normalize("NFC", plain.translate(_ALIKE)).casefold()


def words(q: str) -> tuple[str, ...]:
    """The words of a question, folded: at most eight of at most 200 characters in all. What holds neither a
    letter nor a digit is no word: ``pg_trgm`` has no trigrams of it."""
    found = dict.fromkeys(fold(q[:LONGEST_QUERY]).split())
    return tuple(word for word in found if _LETTERS.search(word))[:MOST_WORDS]


def prepared(texts: Iterable[str]) -> str:
    """What is kept of a thing's fields: folded words two spaces apart, and what begins within them. Two
    spaces and a letter make a trigram, so that one letter is found too."""
    kept: dict[str, None] = {}
    for word in " ".join(fold(text) for text in texts).split():
        kept.update(dict.fromkeys((word, *_beginnings(word))))
    return f"  {'  '.join(kept)}  "[:LONGEST_TEXT]


def _beginnings(word: str) -> Iterable[str]:
    """Two characters from wherever a person sees a word begin within this one: ``ex`` of ``a@ex.org``."""
    if word.isascii() and word.isalnum():
        return ()
    return (word[at : at + SHORT - 1] for at in (found.start() for found in _BEGINS.finditer(word, 1)))


def matches(q: str, texts: Iterable[str]) -> bool:
    """Whether the fields of a thing meet a question: what the database answers, for a thing in hand."""
    kept = prepared(texts)
    return all(part in kept for part in _parts(q))


def _parts(q: str) -> list[str]:
    return [word if _has_trigram(word) else f"  {word}" for word in words(q)]


def _has_trigram(word: str) -> bool:
    """Whether the index of either database can be asked for the word wherever it stands. ``pg_trgm`` takes
    trigrams of letters and digits only, and knows where they begin and end beside anything else."""
    if len(word) < SHORT:
        return False
    runs = ((run.start(), run.end()) for run in _LETTERS.finditer(word))
    return any(
        end - start >= SHORT or start > 0 or (end - start == SHORT - 1 and end < len(word))
        for start, end in runs
    )


def put(
    session: Session, kind: str, subject_id: UUID, *texts: str, client_id: UUID | None = None
) -> None:  # fmt: skip
    """Write what a thing is found by, in the caller's transaction; again with other texts: replaced.

    Raises ValueError for a kind there is none of.
    """
    put_many(session, kind, [NewEntry(subject_id=subject_id, texts=texts, client_id=client_id)])


def put_many(session: Session, kind: str, entries: Sequence[NewEntry], *, fresh: bool = False) -> None:
    """``put`` for many things of one kind, which are told apart by their ids, oldest first.

    ``fresh``: none of them has been put before, which saves looking.
    """
    base = _base(kind)
    if not entries:
        return
    rows: list[dict[str, Any]] = [
        {
            "kind": kind, "subject_id": one.subject_id, "client_id": one.client_id,
            "text": prepared(one.texts), "id": place,
        }
        for one, place in zip(entries, _places(session, base, len(entries)), strict=True)
    ]  # fmt: skip
    if fresh:
        insert_many(session, SearchEntry.__table__, rows)  # type: ignore[arg-type]
        return
    dialect: Any = sqlite if _is_sqlite(session) else postgresql
    session.execute(_replacing(dialect.insert(SearchEntry)), rows)


def _places(session: Session, base: int, count: int) -> Iterable[int]:
    session.flush()
    if _is_sqlite(session):  # one writer at a time: nobody takes these meanwhile
        last = session.scalar(select(func.max(SearchEntry.id)).where(_within(base))) or base
        return range(last + 1, last + 1 + count)
    taken = select(func.nextval(SEQUENCE)).select_from(func.generate_series(1, count).alias())
    return [base + place for place in session.scalars(taken)]


def _replacing(insert: Any) -> Insert:
    new = insert.excluded
    values = {"text": new.text, "client_id": new.client_id}
    same = (SearchEntry.text == new.text) & (SearchEntry.client_id.is_not_distinct_from(new.client_id))
    statement: Insert = insert.on_conflict_do_update(
        index_elements=["kind", "subject_id"], set_=values, where=~same
    )
    return statement


def drop(session: Session, kind: str, subject_id: UUID) -> None:
    """Find it no more. Repeating it changes nothing."""
    _base(kind)
    session.execute(delete(SearchEntry).where(SearchEntry.kind == kind, SearchEntry.subject_id == subject_id))


def drop_client(session: Session, client_id: UUID) -> None:
    """Find nothing of a client any more: neither the client nor what is theirs."""
    session.execute(delete(SearchEntry).where(SearchEntry.client_id == client_id))
    drop(session, "client", client_id)


def find(
    session: Session, q: str, kind: str, *, limit: int, below: int | None = None
) -> tuple[Hit, ...]:  # fmt: skip
    """At most ``limit`` things of a kind that meet the question, newest first, older than ``below``.

    Nothing for a question without any word. Raises ValueError for a kind there is none of.
    """
    base = _base(kind)
    parts = _parts(q)
    if not parts:
        return ()
    top = min(below, base + (1 << RANGE_BITS)) if below is not None else base + (1 << RANGE_BITS)
    if top <= base:
        return ()
    find_rows = _find_sqlite if _is_sqlite(session) else _find_postgresql
    rows = find_rows(session, kind, parts, base, top, limit)
    return tuple(Hit(place=row.id, subject_id=row.subject_id) for row in rows)


def _find_sqlite(
    session: Session, kind: str, parts: Sequence[str], base: int, top: int, limit: int
) -> Sequence[Any]:  # fmt: skip
    """FTS5 walks its lists of rowids backwards from ``top`` and stops at the limit."""
    question = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    found = (
        sql("SELECT rowid AS id FROM search_text WHERE search_text MATCH :question"
            " AND rowid > :base AND rowid < :top ORDER BY rowid DESC LIMIT :limit")
        .bindparams(question=question, base=base, top=top, limit=limit)
        .columns(SearchEntry.id)
        .subquery()
    )  # fmt: skip
    statement = select(SearchEntry.id, SearchEntry.subject_id).join(found, found.c.id == SearchEntry.id)
    return session.execute(statement.order_by(SearchEntry.id.desc())).all()


def _find_postgresql(
    session: Session, kind: str, parts: Sequence[str], base: int, top: int, limit: int
) -> Sequence[Any]:  # fmt: skip
    """A common word is met among the newest entries; for a rare one the index has few answers to sort.

    The planner only guesses which of the two a word is, so it is not left to choose.
    """
    columns = (SearchEntry.id, SearchEntry.subject_id)
    inside = (SearchEntry.id > base) & (SearchEntry.id < top)
    found: Sequence[Any] = ()
    for newest in (NEWEST, 10 * NEWEST):
        found = session.execute(_among_newest(newest, inside, parts, limit)).all()
        if len(found) == limit:
            return found
        if len(found) < RARE:
            break
    # The kind is written out, not bound: the index is partial.
    of_kind = literal_column(f"search_entry.kind = '{kind}'", type_=Boolean())
    some = select(*columns).where(of_kind, *_by_index(SearchEntry.text, parts)).limit(COMMON).cte("some")
    rows = session.execute(_newest_of(some, base, top, limit)).all()
    if rows[0].total < COMMON:
        return [row for row in rows if row.id is not None]
    common = select(*columns).where(inside, *_like(SearchEntry.text, parts))
    return session.execute(common.order_by(SearchEntry.id.desc()).limit(limit)).all()


def _among_newest(
    count: int, inside: ColumnElement[bool], parts: Sequence[str], limit: int
) -> Select[Any]:  # fmt: skip
    entries = select(SearchEntry.id, SearchEntry.subject_id, SearchEntry.text).where(inside)
    newest = entries.order_by(SearchEntry.id.desc()).limit(count).subquery()
    met = select(newest.c.id, newest.c.subject_id).where(*_like(newest.c.text, parts))
    return met.order_by(newest.c.id.desc()).limit(limit)


def _newest_of(some: CTE, base: int, top: int, limit: int) -> Select[Any]:
    """One page of what the index gave, and how much that was; one row without an id for an empty page."""
    some = some.prefix_with("MATERIALIZED", dialect="postgresql")
    total = select(func.count().label("total")).select_from(some).subquery()
    inside = (some.c.id > base) & (some.c.id < top)
    page = select(some.c.id, some.c.subject_id).where(inside).order_by(some.c.id.desc()).limit(limit)
    rows = page.subquery()
    return (
        select(total.c.total, rows.c.id, rows.c.subject_id)
        .select_from(total.outerjoin(rows, true()))
        .order_by(rows.c.id.desc())
    )


def _like(column: ColumnElement[str] | Any, parts: Sequence[str]) -> list[ColumnElement[bool]]:
    return [column.contains(part, autoescape=True) for part in parts]


def _by_index(column: ColumnElement[str] | Any, parts: Sequence[str]) -> list[ColumnElement[bool]]:
    """The same as ``_like``, without asking the index for what stands after the @ of an address: half of all
    clients share it, and its trigrams cost most of the time. ``strpos`` is not answered by an index."""
    conditions: list[ColumnElement[bool]] = []
    for part in parts:
        local, at, _domain = part.partition("@")
        if at and len(local) >= LONG and _has_trigram(local):
            conditions += [column.contains(local, autoescape=True), func.strpos(column, part) > 0]
        else:
            conditions.append(column.contains(part, autoescape=True))
    return conditions


def _within(base: int) -> ColumnElement[bool]:
    return (SearchEntry.id > base) & (SearchEntry.id < base + (1 << RANGE_BITS))


def _base(kind: str) -> int:
    """Where the ids of a kind begin. Raises ValueError for a kind there is none of."""
    if kind not in KINDS:
        raise ValueError(f"nothing is searched as {kind!r}")
    return KINDS[kind] << RANGE_BITS


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
