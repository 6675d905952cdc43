"""Many rows at once: a preview of what would be done to which, then each by itself, then what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from core.kernel.db import DbSession
from core.kernel.paging import Window
from core.kernel.problems import InvalidFields, Problem
from core.web import forms
from core.web.admin import access, notices, page
from core.web.admin.listing import asking, drawing, exporting
from core.web.admin.listing.drawing import MOST_AT_ONCE
from core.web.admin.listing.spec import Bulk, Listing, Told
from core.web.current import house

NAMED = 100  # rows of the preview that are named one by one


def bulk(listing: Listing) -> Response:
    """A form of the list or of the preview. Raises Forbidden for an action that is not this person's, and
    ProofNeeded for the one that hands out a file."""
    if not access.may(listing.permission):
        raise Forbidden
    action = next((one for one in listing.bulk if one.key == request.form.get("action")), None)
    if action is None or not access.may(action.permission):
        raise Forbidden
    ids, rows = _chosen(listing)
    if not ids:
        return drawing.show(listing, 422, _wrong("Choose at least one row first."), _query())
    if len(ids) > MOST_AT_ONCE:
        text = f"At most {MOST_AT_ONCE} rows at once. Choose fewer."
        return drawing.show(listing, 422, _wrong(text), _query())
    if action.run is None:
        access.ask_for_proof()  # as the route of the whole file does
        return exporting.export_chosen(listing, ids)
    if request.form.get("confirm") != "1":
        return _preview(listing, action, rows)
    return _confirmed(listing, action, rows)


def _wrong(text: str) -> forms.Form:
    return forms.posted({"ids": text})


def _query() -> str:
    return request.form.get("query", "")


def _chosen(listing: Listing) -> tuple[list[UUID], list[Any]]:
    """The ids that were chosen, or all that the filter meets, and those of them that are there."""
    with house().db.read() as session:
        if request.form.get("all") == "1":
            rows = _matching(session, listing)
            return [row.id for row in rows], rows
        ids = _ids(request.form.getlist("ids"))
        return ids, [] if len(ids) > MOST_AT_ONCE else exporting.rows_of(session, listing, ids)


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue  # made up: no row of ours has it
    return list(dict.fromkeys(found))


def _matching(session: DbSession, listing: Listing) -> list[Any]:
    """All that the list's filter meets, one more than may be done at once."""
    wish = asking.asked(listing, asking.choices(session, listing), asking.parsed(_query()))
    rows: list[Any] = []
    window = Window(size=MOST_AT_ONCE + 1)
    while len(rows) <= MOST_AT_ONCE:
        found = listing.read(session, window, wish, asking.span(wish))
        rows += found.items
        if found.older is None:
            break
        window = Window(size=MOST_AT_ONCE + 1, after=found.older)
    return rows[: MOST_AT_ONCE + 1]


def _preview(
    listing: Listing, action: Bulk, rows: Sequence[Any], status: int = 200, form: forms.Form | None = None
) -> Response:
    with house().db.read() as session:
        facts = action.facts(session)
    names = [listing.name_of(row) for row in rows[:NAMED]]
    return page.draw(
        "bulk-preview.html", status, section=listing.name, listing=listing, action=action, names=names,
        count=len(rows), ids=[row.id for row in rows], form=form or forms.Form(), back=_back(listing),
        query=_query(), url=drawing.at(listing, "bulk"), **facts,
    )  # fmt: skip


def _back(listing: Listing) -> str:
    with house().db.read() as session:
        wish = asking.asked(listing, asking.choices(session, listing), asking.parsed(_query()))
    query = asking.query(listing, wish)
    return f"{drawing.at(listing)}?{query}" if query else drawing.at(listing)


def _confirmed(listing: Listing, action: Bulk, rows: Sequence[Any]) -> Response:
    try:
        with house().db.read() as session:
            wanted = action.read(session, forms.values())
    except InvalidFields as problem:
        return _preview(listing, action, rows, 422, forms.posted(problem.messages))
    told = [_one(listing, action, row, wanted) for row in rows]
    failed = [one for one in told if one.trouble]
    done = action.done.format(count=len(told) - len(failed))
    if not failed:
        return notices.go(_back(listing), done)
    return page.draw(
        "bulk-result.html", section=listing.name, listing=listing, action=action, failed=failed,
        done=done if len(failed) < len(told) else "", back=_back(listing),
    )  # fmt: skip


def _one(listing: Listing, action: Bulk, row: Any, wanted: Any) -> Told:
    """One row, by its own use case in its own transaction: what fails here stops no other."""
    assert action.run is not None
    try:
        action.run(row.id, wanted)
    except Problem as problem:
        return Told(id=row.id, name=listing.name_of(row), trouble=str(problem))
    return Told(id=row.id, name=listing.name_of(row))
