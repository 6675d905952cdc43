"""Reading what an address asks a list for. What makes no sense narrows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window, either, window
from core.kernel.slots import midnight
from core.web import shown
from core.web.admin import page
from core.web.admin.listing.spec import Asked, Choices, Listing, Span

CURSORS = ("after", "before")
DAYS = ("from", "to")


def asked(listing: Listing, choices: Mapping[str, Choices], args: Mapping[str, str]) -> Asked:
    """``choices`` are those of each filter; any other value narrows nothing."""
    values = {
        one.name: args[one.name]
        for one in listing.filters
        if args.get(one.name) in {value for value, _ in choices[one.name]}
    }
    return Asked(
        q=args.get("q", "").replace("\x00", "").strip()[: page.LONGEST_SEARCH],
        values=values,
        since=_day(args.get("from", "")),
        until=_day(args.get("to", "")),
        client_id=_id(args.get("client", "")) if listing.by_client else None,
    )


def choices(session: DbSession, listing: Listing) -> dict[str, Choices]:
    return {one.name: one.choices(session) for one in listing.filters}


def query(listing: Listing, wish: Asked) -> str:
    """The address of what is asked for, in one order: how a saved filter is kept and known again."""
    pairs = [("q", wish.q), *((one.name, wish.values.get(one.name, "")) for one in listing.filters)]
    pairs += [("from", wish.since.isoformat() if wish.since else "")]
    pairs += [("to", wish.until.isoformat() if wish.until else "")]
    pairs += [("client", str(wish.client_id) if wish.client_id else "")]
    return urlencode([(name, value) for name, value in pairs if value])


def parsed(text: str) -> dict[str, str]:
    """A query of ``query`` as the arguments of an address. Other text gives what of it can be read."""
    return dict(parse_qsl(text[:2000], max_num_fields=50))


def span(wish: Asked) -> Span:
    zone = str(shown.zone())
    return Span(
        since=midnight(wish.since, zone) if wish.since else None,
        until=midnight(wish.until + timedelta(days=1), zone) if wish.until else None,
    )


def asked_window(args: Mapping[str, str]) -> Window:
    return window(args.get("after"), args.get("before"), page.PER_PAGE, either)


def cursors(found: Page[object]) -> tuple[str, str]:
    """(newer, older) as they stand in an address, "" where the list ends."""
    return ("" if found.newer is None else str(found.newer), "" if found.older is None else str(found.older))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is None or 1970 <= day.year < 9000 else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
