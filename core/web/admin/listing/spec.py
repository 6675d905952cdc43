"""What a list is made of: columns, filters, what may be done to many of its rows at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.web.admin import words

Choices = Sequence[tuple[str, str]]
Beside = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks a list for, checked. Days are in the zone that times are shown in."""

    q: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # filter -> one of its choices
    since: date | None = None
    until: date | None = None  # the last day that counts
    client_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days of ``Asked`` as instants: made at or after ``since`` and before ``until``."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``text`` is what stands in a file; the page draws it by the list's own ``cells`` macro.

    ``shown_from``: a breakpoint below which it is left out ("md"); ``usual``: shown to who chose nothing.
    """

    key: str
    label: str
    text: Callable[[Any, Beside], str]
    shown_from: str = ""
    is_number: bool = False
    usual: bool = True
    file_only: bool = False  # in every file, on no page

    @property
    def classes(self) -> str:
        hidden = f"d-none d-{self.shown_from}-table-cell" if self.shown_from else ""
        return " ".join(filter(None, ("ik-end" if self.is_number else "", hidden)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One way to narrow a list: a drop-down, answered by an index. ``any_label`` stands for all."""

    name: str
    label: str
    any_label: str
    choices: Callable[[DbSession], Choices]
    as_tabs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Something done to many rows: each by its own service, so that one that fails stops no other.

    ``read`` turns the preview's form into what ``run`` needs and raises InvalidFields; ``run`` does one row
    and raises a Problem that is told beside it. ``run`` None: the rows are given as a file.
    """

    key: str
    label: str
    icon: str
    permission: str
    done: str  # "{count} clients are in the group now."
    run: Callable[[UUID, Any], object] | None = None
    read: Callable[[DbSession, Mapping[str, str]], Any] = lambda _session, _form: None
    fields: str = ""  # the template of the preview's fields
    facts: Callable[[DbSession], Mapping[str, Any]] = lambda _session: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list. ``name`` is its endpoint, its section in the menu and its template in ``admin/lists``."""

    name: str
    title: str
    one: str  # "client"
    many: str  # "clients"
    permission: str
    placeholder: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    read: Callable[[DbSession, Window, Asked, Span], Page[Any]]
    name_of: Callable[[Any], str]
    beside: Callable[[DbSession, Sequence[Any]], Beside] = lambda _session, _rows: {}
    bulk: tuple[Bulk, ...] = ()
    extra_tabs: Callable[[], Sequence[tuple[str, str]]] = tuple
    empty: tuple[str, str, str] = ("Nothing here yet", "", "list")
    text: str = ""
    path: str = ""
    by_client: bool = True

    @property
    def url(self) -> str:
        return self.path or f"/{self.name}"

    def shown(self, chosen: Sequence[str]) -> tuple[Column, ...]:
        """The first column always, then the chosen ones, or the usual ones, in the list's order."""
        first, *others = self.drawn
        wanted = [one for one in others if (one.key in chosen if chosen else one.usual)]
        return (first, *wanted)

    @property
    def drawn(self) -> tuple[Column, ...]:
        return tuple(one for one in self.columns if not one.file_only)

    def in_file(self, chosen: Sequence[str]) -> tuple[Column, ...]:
        """The shown ones, and after them those that only files have."""
        return (*self.shown(chosen), *(one for one in self.columns if one.file_only))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one row of a bulk action. ``trouble`` empty: it is done."""

    id: UUID
    name: str
    trouble: str = ""


def texts(table: Mapping[str, words.Word], keys: Sequence[str]) -> Choices:
    """The choices of a filter by state: each state and its word."""
    return [(key, table[key].text) for key in keys]
