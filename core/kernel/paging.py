"""Lists at any size: one page at a time by keyset, never by counting or skipping rows.

Rows are ordered by their key (UUIDv7, or a running number), which is the order they were made in,
newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

PAGE_SIZE = 50
LARGEST = 2**63 - 1
ItemT = TypeVar("ItemT")
Cursor: TypeAlias = UUID | int
AnySelect: TypeAlias = "Select[*tuple[Any, ...]]"
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which page: the rows older than ``after``, or newer than ``before``, or the newest."""

    after: Cursor | None = None
    before: Cursor | None = None
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[ItemT]):
    """One page, newest first. ``newer`` and ``older`` are cursors, None where the list ends."""

    items: tuple[ItemT, ...]
    newer: Cursor | None = None
    older: Cursor | None = None


def either(text: str) -> Cursor:
    """A cursor of a list that may be searched: a place, or an id. Raises ValueError."""
    return int(text) if text.isascii() and text.isdigit() else UUID(text)


def window(
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE_SIZE,
    read: Callable[[str], Cursor] = UUID,
) -> Window:
    """Read cursors as they come in an address. What is no cursor gives the newest page.

    ``read`` is ``int`` for lists by running number, ``either`` for those that may be searched.
    """
    return Window(after=_cursor(after, read), before=_cursor(before, read), size=size)


def _cursor(text: str | None, read: Callable[[str], Cursor]) -> Cursor | None:
    try:
        cursor = read(text) if text else None
    except ValueError:
        return None
    return cursor if not isinstance(cursor, int) or 0 <= cursor <= LARGEST else None


def fetch_page(
    session: Session,
    statement: AnySelect,
    key: InstrumentedAttribute[Any],
    window: Window,
    build: Callable[[AnyRow], ItemT],
) -> Page[ItemT]:
    """Run ``statement`` for one page. It must select ``key`` and carry no order of its own."""
    if window.before is not None and window.after is None:
        newer = _newer_page(session, statement, key, window, build)
        if newer is not None:
            return newer
    if window.after is not None:
        statement = statement.where(key < window.after)
    rows = session.execute(statement.order_by(key.desc()).limit(window.size + 1)).all()
    shown = rows[: window.size]
    return Page(
        items=tuple(build(row) for row in shown),
        newer=getattr(shown[0], key.key) if shown and window.after else None,
        older=getattr(shown[-1], key.key) if len(rows) > window.size else None,
    )


def _newer_page(
    session: Session,
    statement: AnySelect,
    key: InstrumentedAttribute[Any],
    window: Window,
    build: Callable[[AnyRow], ItemT],
) -> Page[ItemT] | None:
    """None when the newest rows are reached: they are better shown as a whole page."""
    newer = statement.where(key > window.before).order_by(key.asc())
    rows = session.execute(newer.limit(window.size + 1)).all()
    if len(rows) <= window.size:
        return None
    shown: Sequence[AnyRow] = rows[: window.size][::-1]
    return Page(
        items=tuple(build(row) for row in shown),
        newer=getattr(shown[0], key.key),
        older=getattr(shown[-1], key.key),
    )


def number_in(text: str, letter: str = "") -> int | None:
    """The short number that was typed: "20418", or "J-80001" where ``letter`` is "J". None for other text."""
    digits = text[2:] if letter and text[:2].upper() == f"{letter}-" else text
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None


def narrowest(session: Session, statement: AnySelect, conditions: Sequence[ColumnElement[bool]]) -> AnySelect:
    """``statement`` under the first condition that any row meets, or else under the last.

    Put first what an index answers (a whole number, email or domain) and last what reads through rows.
    """
    for condition in conditions[:-1]:
        narrowed = statement.where(condition)
        if session.execute(narrowed.limit(1)).first() is not None:
            return narrowed
    return statement.where(conditions[-1])
