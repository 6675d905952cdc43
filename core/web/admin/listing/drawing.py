"""Drawing a list: tabs, filters, chips, the table, and the bar of what may be done to chosen rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from core.clients import queries as clients
from core.clients.queries import ClientRow
from core.identity import views
from core.identity.views import ListWishes, SavedView
from core.kernel.db import DbSession
from core.kernel.paging import Page
from core.web import shown
from core.web.admin import access, page
from core.web.admin.listing import asking
from core.web.admin.listing.spec import Asked, Bulk, Choices, Column, Listing
from core.web.current import house
from core.web.forms import Form

MOST_IN_FILE = 200_000
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One thing that narrows the list, in words, and the list without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    label: str
    url: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """All that a list's page reads, in one snapshot."""

    choices: Mapping[str, Choices]
    wish: Asked
    found: Page[Any]
    beside: Mapping[str, Any]
    views: ListWishes
    client: ClientRow | None


def show(listing: Listing, status: int = 200, form: Form | None = None, args: str | None = None) -> Response:
    """The list as its address asks for it. ``args``: another query, where a form is drawn again."""
    arguments = asking.parsed(args) if args is not None else request.args.to_dict()
    read = _read(listing, arguments)
    wish, query = read.wish, asking.query(listing, read.wish)
    columns = listing.shown(read.views.columns)
    return page.draw(
        "list.html", status, section=listing.name, listing=listing, wish=wish, query=query,
        page=read.found, beside=read.beside, choices=read.choices, columns=columns, cells=_cells(columns),
        chips=_chips(listing, read), tabs=_tabs(listing, read, query), saved=_saved(read.views.saved, query),
        pager=_pager(listing, wish, read.found), bulk=_allowed(listing), form=form or Form(),
        most_at_once=MOST_AT_ONCE, most_in_file=MOST_IN_FILE,
        at=lambda name, **more: at(listing, name, **more),
    )  # fmt: skip


def _cells(columns: Sequence[Column]) -> list[tuple[str, Markup, Markup]]:
    """What a cell of each column is called, and how it opens and closes: the same in every row."""
    first, *others = columns
    plain, narrow = Markup("<td>"), Markup('<td class="{}">')
    opened = [narrow.format(one.classes) if one.classes else plain for one in others]
    return [
        (first.key, Markup('<th scope="row">'), Markup("</th>")),
        *((one.key, opens, Markup("</td>")) for one, opens in zip(others, opened, strict=True)),
    ]


def at(listing: Listing, name: str = "", **more: Any) -> str:
    """The address of the list, or of something of it ("csv", "bulk")."""
    return url_for(f"admin.{listing.name}{'_' + name if name else ''}", **more)


def _read(listing: Listing, arguments: Mapping[str, str]) -> _Read:
    me = access.person().user_id
    with house().db.read() as session:
        choices = asking.choices(session, listing)
        wish = asking.asked(listing, choices, arguments)
        found = listing.read(session, asking.asked_window(arguments), wish, asking.span(wish))
        return _Read(
            choices=choices, wish=wish, found=found, beside=listing.beside(session, found.items),
            views=views.wishes(session, me, listing.name), client=_client(session, wish.client_id),
        )  # fmt: skip


def _client(session: DbSession, client_id: UUID | None) -> ClientRow | None:
    found = clients.client_page(session, client_id) if client_id else None
    return found.client if found else None


def _allowed(listing: Listing) -> tuple[Bulk, ...]:
    if not access.may("lists.bulk"):
        return ()
    return tuple(one for one in listing.bulk if access.may(one.permission))


def _url(listing: Listing, wish: Asked) -> str:
    query = asking.query(listing, wish)
    return f"{at(listing)}?{query}" if query else at(listing)


def _chips(listing: Listing, read: _Read) -> list[Chip]:
    wish, found = read.wish, []
    for one in listing.filters:
        value = wish.values.get(one.name)
        if value is not None and not one.as_tabs:
            without = replace(wish, values={k: v for k, v in wish.values.items() if k != one.name})
            label = dict(read.choices[one.name])[value]
            found.append(Chip(label=one.label, value=label, without=_url(listing, without)))
    if wish.since:
        without = replace(wish, since=None)
        found.append(Chip(label="From", value=shown.day(wish.since), without=_url(listing, without)))
    if wish.until:
        without = replace(wish, until=None)
        found.append(Chip(label="Until", value=shown.day(wish.until), without=_url(listing, without)))
    if wish.client_id:
        name = read.client.name if read.client else "nobody"
        found.append(Chip(label="Only of", value=name, without=_url(listing, replace(wish, client_id=None))))
    return found


def _tabs(listing: Listing, read: _Read, query: str) -> list[Tab]:
    """All, the states of the list, what is saved, and lists that stand beside it."""
    is_saved = query in {one.query for one in read.views.saved}
    tabs = [Tab(label="All", url=at(listing), is_shown=not query)]
    for one in listing.filters:
        if one.as_tabs:
            asked_for = read.wish.values.get(one.name)
            tabs += [
                Tab(label=label, url=f"{at(listing)}?{urlencode({one.name: value})}",
                    is_shown=value == asked_for and not is_saved)
                for value, label in read.choices[one.name]
            ]  # fmt: skip
    tabs += [
        Tab(label=one.label, url=f"{at(listing)}?{one.query}", is_shown=one.query == query)
        for one in read.views.saved
    ]
    return [*tabs, *(Tab(label=label, url=url, is_shown=False) for label, url in listing.extra_tabs())]


def _saved(saved: Sequence[SavedView], query: str) -> SavedView | None:
    """The saved filter that is shown."""
    return next((one for one in saved if one.query == query), None)


def _pager(listing: Listing, wish: Asked, found: Page[Any]) -> page.Pager:
    kept = dict(parse_qsl(asking.query(listing, wish)))
    newer, older = asking.cursors(found)
    return page.Pager(
        newer=at(listing, **kept, before=newer) if newer else None,
        older=at(listing, **kept, after=older) if older else None,
        is_filtered=bool(kept), newest=at(listing, **kept),
    )  # fmt: skip
