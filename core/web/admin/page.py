"""Drawing a page of the admin: the shell around it, and lists that all work alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import get_timezone_name
from flask import request, url_for
from werkzeug.wrappers import Response

from core.kernel.clock import local_date
from core.kernel.money import Money
from core.kernel.paging import Cursor, Page, Window, window
from core.kernel.problems import Conflict, InvalidFields
from core.web import forms, shown
from core.web.admin import access, notices, words
from core.web.admin.counts import counts
from core.web.current import brand, house, now
from core.web.render import render_admin
from core.web.security import is_safe_path

LONGEST_REMARK = 400
LONGEST_SEARCH = 200
PER_PAGE = 50
LISTED_BESIDE = 10  # rows of each kind on a client's page


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu. ``count`` says how much there needs a person."""

    section: str
    label: str
    icon: str
    url: str
    count: int = 0


_MENU = (
    ("dashboard", "Dashboard", "layout-dashboard", access.SIGNED_IN),
    ("clients", "Clients", "users", "clients.view"),
    ("contacts", "Contacts", "user", "clients.view"),
    ("orders", "Orders", "shopping-bag", "orders.view"),
    ("services", "Services", "package", "services.view"),
    ("invoices", "Invoices", "file-invoice", "invoices.view"),
    ("payments", "Payments", "cash", "payments.view"),
    ("jobs", "Jobs", "subtask", "jobs.view"),
    ("mails", "Mails", "mail", "mails.view"),
)
_SET_UP = (
    ("imports", "Imports", "upload", "imports.run"),
    ("groups", "Groups", "tags", "settings.view"),
    ("statuses", "Statuses", "circle-dashed", "settings.view"),
    ("custom_fields", "Custom fields", "columns-3", "settings.view"),
    ("tax_zones", "Tax zones", "receipt-tax", "taxes.view"),
    ("servers", "Servers", "server-2", "servers.view"),
    ("plugins", "Plugins", "plug", "plugins.view"),
    ("staff", "Staff", "user-shield", "staff.view"),
    ("audit", "Audit log", "history", "audit.view"),
)


def draw(template: str, status: int = 200, /, *, section: str = "", **context: Any) -> Response:
    """A page inside the shell. ``section`` marks its line of the menu."""
    return render_admin(
        f"admin/{template}", status, section=section, me=access.person(), may=access.may, words=words,
        menu=_entries(_MENU, counts()), set_up=_entries(_SET_UP, {}), notice=notices.take(),
        today=today(), gateway_name=gateway_name, zero=Money.zero(brand().currency), **context,
    )  # fmt: skip


def _entries(menu: tuple[tuple[str, str, str, str], ...], counts: dict[str, int]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            section=section, label=label, icon=icon, url=url_for(f"admin.{section}"),
            count=counts.get(section, 0),
        )
        for section, label, icon, permission in menu
        if access.may(permission)
    )  # fmt: skip


def today() -> date:
    """The day in the zone that times are shown in."""
    return local_date(now(), brand().timezone)


def zone_name() -> str:
    """``Central Time``: said beside every story, since its clock times mean nothing without it."""
    return get_timezone_name(shown.zone(), width="long", zone_variant="generic", locale=shown.locale())


def gateway_name(gateway: str) -> str:
    """What staff call a gateway: its name while it is enabled, its id afterwards."""
    entry = house().plugins.gateways.get(gateway)
    return entry.spec.name if entry else gateway


def asked_window(read: Callable[[str], Cursor] = UUID) -> Window:
    """The page of a list that the address asks for."""
    return window(request.args.get("after"), request.args.get("before"), PER_PAGE, read)


def searched() -> str:
    """What was typed into the search of a list."""
    return request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]


def remark(name: str = "note") -> str:
    """What staff say of something they do: as long as its field, and without NUL, which no database keeps."""
    return request.form.get(name, "").replace("\x00", "").strip()[:LONGEST_REMARK]


def chosen(name: str, known: tuple[str, ...] | frozenset[str]) -> str:
    """A filter of the address, "" for one that does not exist."""
    value = request.args.get(name, "")
    return value if value in known else ""


def state_tabs(
    section: str, name: str, states: Sequence[str], table: Mapping[str, words.Word], *, marked: bool = True
) -> list[tuple[str, str, bool]]:
    """Tabs above a list: all, then each state, the one shown marked (or none)."""
    asked = request.args.get(name, "") if marked else None
    tabs = [(table[one].text, _narrowed(section, name, one), asked == one) for one in states]
    is_all = asked is not None and asked not in states
    return [("All", url_for(f"admin.{section}"), is_all), *tabs]


def _narrowed(section: str, name: str, value: str) -> str:
    return f"{url_for(f'admin.{section}')}?{urlencode({name: value})}"


def asked_client() -> UUID | None:
    """The client that a list is narrowed to."""
    try:
        return UUID(request.args.get("client", ""))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Addresses of the neighbouring pages, None where the list ends."""

    newer: str | None
    older: str | None
    is_filtered: bool
    newest: str


def pager(page: Page[Any]) -> Pager:
    """Keep what the list is narrowed by, and move the window."""
    kept = {name: value for name, value in request.args.items() if name not in ("after", "before") and value}

    def at(**cursor: object) -> str:
        return url_for(str(request.endpoint), **{**(request.view_args or {}), **kept, **cursor})

    return Pager(
        newer=at(before=page.newer) if page.newer is not None else None,
        older=at(after=page.older) if page.older is not None else None,
        is_filtered=bool(set(kept) - {"tab"}),
        newest=at(),
    )


def back_to(otherwise: str) -> str:
    """The page a form was sent from, where it says so: a page of the admin and nothing else."""
    path = request.form.get("back", "")
    return path if is_safe_path(path) and path.startswith("/admin/") else otherwise


def attempted(do: Callable[[], Response], draw_again: Callable[[int, str, forms.Form], Response]) -> Response:
    """Run what a form asks for. What is wrong with it is shown in the page the form stands on."""
    try:
        return do()
    except InvalidFields as problem:
        return draw_again(422, "", forms.posted(problem.messages))
    except Conflict as problem:
        return draw_again(409, str(problem), forms.posted())
