"""Keyset pages: every row once, in order, whichever way one walks and whatever is added meanwhile."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.clients import queries as clients
from core.clients.queries import ClientRow
from core.kernel import audit
from core.kernel import queries as kernel
from core.kernel.paging import Page, Window
from tests.integration.read_models.rows import NOW, Rows


def list_clients(rows: Rows, window: Window) -> Page[ClientRow]:
    with rows.db.read() as session:
        return clients.list_clients(session, window)


def walk_down(rows: Rows, size: int) -> list[Page[ClientRow]]:
    pages = [list_clients(rows, Window(size=size))]
    while pages[-1].older is not None:
        pages.append(list_clients(rows, Window(after=pages[-1].older, size=size)))
    return pages


def ids(pages: list[Page[ClientRow]]) -> list[UUID]:
    return [row.id for page in pages for row in page.items]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_walking_down_shows_every_row_once(rows: Rows, size: int) -> None:
    made = sorted((rows.client() for _ in range(7)), reverse=True)
    pages = walk_down(rows, size)
    assert ids(pages) == made
    assert len(pages) == -(-7 // size)
    assert pages[0].newer is None
    assert all(page.newer is not None for page in pages[1:])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_walking_up_shows_the_same_pages(rows: Rows, size: int) -> None:
    for _ in range(7):
        rows.client()
    down = walk_down(rows, size)
    page = down[-1]
    up = []
    while page.newer is not None:
        page = list_clients(rows, Window(before=page.newer, size=size))
        up.append(page)
    assert [one.items for one in up] == [one.items for one in down[-2::-1]]


def test_rows_added_meanwhile_move_nothing(rows: Rows) -> None:
    for _ in range(4):
        rows.client()
    first = list_clients(rows, Window(size=2))
    rows.client()
    second = list_clients(rows, Window(after=first.older, size=2))
    assert not {row.id for row in first.items} & {row.id for row in second.items}
    back = list_clients(rows, Window(before=second.newer, size=2))
    assert [row.id for row in back.items] == [row.id for row in first.items]
    assert back.newer is not None  # the one that was added


def test_an_empty_list_ends_at_once(rows: Rows) -> None:
    assert list_clients(rows, Window()) == Page(items=())


def test_audit_is_paged_by_its_running_number(rows: Rows) -> None:
    for number in range(5):
        with rows.db.transaction() as session:
            audit.record(session, actor="system", action="test", target=f"thing:{number}", now=NOW)
    with rows.db.read() as session:
        first = kernel.list_audit(session, Window(size=3))
        second = kernel.list_audit(session, Window(after=first.older, size=3))
        one = kernel.list_audit(session, Window(), target="thing:3")
    assert [row.sequence for row in (*first.items, *second.items)] == [5, 4, 3, 2, 1]
    assert (second.newer, second.older) == (2, None)
    assert [row.sequence for row in one.items] == [4]
