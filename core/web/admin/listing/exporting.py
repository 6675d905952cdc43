"""Lists as files that any program of tables opens: CSV after RFC 4180, written while it is read.

UTF-8 with a byte order mark: without it the most used of those programs takes every accent for rubbish, and
all others know to pass over it. A cell that a program would take for a formula is written with an apostrophe
before it (OWASP, "CSV Injection"); plain negative numbers are let alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any
from uuid import UUID

from flask import Response as FlaskResponse
from flask import request, stream_with_context
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from core.identity import views
from core.kernel import audit
from core.kernel.db import Database, DbSession
from core.kernel.paging import Page, Window
from core.web.admin import access, page
from core.web.admin.listing import asking
from core.web.admin.listing.drawing import MOST_IN_FILE
from core.web.admin.listing.spec import Asked, Column, Listing
from core.web.current import house, now, visitor_ip

PER_READ = 500
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # the byte order mark
MORE = "There is more: this file holds the first {limit:,} lines. Narrow the list to get the others."
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
_NUMBER = re.compile(r"-\d+([.,]\d+)?")


def safe(text: str) -> str:
    """The text as a cell that is no formula."""
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def lines(columns: Sequence[Column], rows: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """The file, line by line. ``rows`` are pairs of a row and what is known beside it."""
    yield MARK + _line([one.label for one in columns])
    for row, beside in rows:
        yield _line([one.text(row, beside) for one in columns])


def _line(cells: Sequence[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def export(listing: Listing) -> Response:
    """All that the address asks for, in the columns that are shown, up to a limit said in the last line."""
    if not access.may(listing.permission):
        raise Forbidden
    with house().db.read() as session:
        wish = asking.asked(listing, asking.choices(session, listing), request.args.to_dict())
        chosen = views.wishes(session, access.person().user_id, listing.name).columns
    _record(listing, asking.query(listing, wish))
    span = asking.span(wish)

    def read(session: DbSession, window: Window) -> Page[Any]:
        return listing.read(session, window, wish, span)

    rows = everything(house().db, listing, read)
    return file(listing, limited(lines(listing.in_file(chosen), rows), MOST_IN_FILE))


def export_chosen(listing: Listing, ids: Sequence[UUID]) -> Response:
    """Only these rows, in the order of the list."""
    with house().db.read() as session:
        chosen = views.wishes(session, access.person().user_id, listing.name).columns
        rows = rows_of(session, listing, ids)
        beside = listing.beside(session, rows)
    _record(listing, f"{len(rows)} chosen")
    return file(listing, lines(listing.in_file(chosen), [(row, beside) for row in rows]))


def rows_of(session: DbSession, listing: Listing, ids: Sequence[UUID]) -> list[Any]:
    """The rows with these ids as the list shows them, newest first; those that are gone are left out."""
    whole = Asked()
    rows = []
    for one in sorted(set(ids), reverse=True):
        window = Window(after=UUID(int=min(one.int + 1, 2**128 - 1)), size=1)
        rows += [
            row for row in listing.read(session, window, whole, asking.span(whole)).items if row.id == one
        ]
    return rows


def everything(
    db: Database, listing: Listing, read: Callable[[DbSession, Window], Page[Any]]
) -> Iterator[tuple[Any, Any]]:
    """Every row with what is known beside it, read a chunk at a time: no transaction stays open meanwhile."""
    window = Window(size=PER_READ)
    while True:
        with db.read() as session:
            found = read(session, window)
            beside = listing.beside(session, found.items)
        yield from ((row, beside) for row in found.items)
        if found.older is None:
            return
        window = replace(window, after=found.older)


def limited(found: Iterator[str], limit: int) -> Iterator[str]:
    """The head and ``limit`` lines; where there are more, one that says so."""
    for number, line in enumerate(found):
        if number > limit:
            yield _line([MORE.format(limit=limit)])
            return
        yield line


def file(listing: Listing, found: Iterator[str]) -> Response:
    response = FlaskResponse(stream_with_context(found), mimetype="text/csv")
    name = f"{listing.name}-{page.today().isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _record(listing: Listing, query: str) -> None:
    with house().db.transaction() as session:
        audit.record(
            session, actor=access.actor(), action="list.export", target=f"list:{listing.name}",
            after={"filter": query}, ip=visitor_ip(), now=now(),
        )  # fmt: skip
