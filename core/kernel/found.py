"""Lists that are searched: one page at a time, newest first, whatever else narrows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.kernel import search
from core.kernel.among import among
from core.kernel.ids import first_id_at
from core.kernel.paging import AnyRow, AnySelect, ItemT, Page, Window, fetch_page, narrowest

Key = InstrumentedAttribute[UUID]
# Matches looked at beyond a page's worth, where other filters refuse most of them
CHUNKS = (256, 1000, 1000, 1000, 1000)
BESIDE = 200  # things of another kind that a list is narrowed to


def made_between(key: Key, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Made at or after ``since`` and before ``until``. The ids tell, so the key's index answers."""
    found = [key >= first_id_at(since)] if since else []
    return [*found, key < first_id_at(until)] if until else list(found)


def ids_of(session: Session, q: str, kind: str) -> list[UUID]:
    """The newest things of a kind that meet the question, to narrow a list of other things by."""
    return [one.subject_id for one in search.find(session, q, kind, limit=BESIDE)]


def searched_page(
    session: Session,
    statement: AnySelect,
    key: Key,
    window: Window,
    build: Callable[[AnyRow], ItemT],
    *,
    q: str,
    kind: str,
    exact: ColumnElement[bool] | None = None,
    otherwise: Callable[[], Sequence[ColumnElement[bool]]] = tuple,
) -> Page[ItemT]:
    """One page of what meets ``q``. Cursors are places of the search (whole numbers) as long as it has any.

    ``exact`` (a number as it is printed) stands on top of the first page. When the search finds nothing, the
    first of the conditions of ``otherwise`` under which there is a row narrows the list instead; its cursors
    are ids.
    """
    if not isinstance(window.after, UUID) and not isinstance(window.before, UUID):
        page = _by_search(session, statement, key, window, build, q=q, kind=kind, exact=exact)
        if page.items or page.older is not None or window.after is not None:
            return page
    conditions = list(otherwise()) or [false()]
    by_id = replace(window, before=window.before if isinstance(window.before, UUID) else None)
    return fetch_page(session, narrowest(session, statement, conditions), key, by_id, build)


def _by_search(
    session: Session, statement: AnySelect, key: Key, window: Window, build: Callable[[AnyRow], ItemT], *,
    q: str, kind: str, exact: ColumnElement[bool] | None,
) -> Page[ItemT]:  # fmt: skip
    first = window.after is None
    on_top: Iterable[AnyRow] = ()
    if exact is not None:
        on_top = session.execute(statement.where(exact).order_by(key.desc()).limit(5)).all() if first else ()
        statement = statement.where(exact.is_not(true()))  # unknown is no match
    place = window.after if isinstance(window.after, int) else None
    rows, older = _matching(session, statement, key, replace(window, after=place), q, kind)
    return Page(
        items=tuple(build(row) for row in (*on_top, *rows)), newer=None if first else search.NEWEST_PAGE,
        older=older,
    )  # fmt: skip


def _matching(
    session: Session, statement: AnySelect, key: Key, window: Window, q: str, kind: str
) -> tuple[list[AnyRow], int | None]:
    """A page of rows in the order of the search, and the place to go on from; None at its end.

    Where other filters refuse nearly everything, it stops after some thousand matches: the page is short then
    and the next one goes on.
    """
    rows: list[AnyRow] = []
    place = window.after if isinstance(window.after, int) else None
    for size in (window.size + 1, *CHUNKS):
        hits = search.find(session, q, kind, limit=size, below=place)
        narrowed = statement.where(among(key, [one.subject_id for one in hits]))
        fitting = {getattr(row, key.key): row for row in session.execute(narrowed)} if hits else {}
        for hit in hits:
            if hit.subject_id in fitting:
                if len(rows) == window.size:
                    return rows, place
                rows.append(fitting[hit.subject_id])
            place = hit.place
        if len(hits) < size:
            return rows, None
    return rows, place
