"""The times in which a client could not be billed, as its statuses tell."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from core.clients import standing, statuses
from core.clients.models import Client, ClientStatus, ClientStatusChange
from core.clients.standing import Idle
from core.kernel.problems import NotFound
from tests.fixtures.innkeeper import Inn

CHICAGO = "America/Chicago"


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    return demo_database_url


@pytest.fixture
def client_id(inn: Inn) -> UUID:
    """Made at noon in Chicago, active from the first."""
    inn.clock._at = inn.clock.now().replace(hour=18, minute=0)
    inn.place_order("manual", drain=False)
    with inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()


def day(inn: Inn, after: int = 0) -> date:
    return inn.clock.now().date() + timedelta(days=after)


def walk(inn: Inn, client_id: UUID, *steps: tuple[int, str]) -> tuple[Idle, ...]:
    """So many days later that status; gives the idle times."""
    for days, label in steps:
        inn.clock.advance(days=days)
        with inn.db.transaction() as session:
            wanted = session.execute(select(ClientStatus.id).where(ClientStatus.label == label)).scalar_one()
            statuses.change_status(
                session, inn.house, client_id, wanted, closing=lambda *_: None, reason="", actor="staff:x"
            )
    with inn.db.read() as session:
        return standing.idle_times(session, client_id, CHICAGO)


def test_always_active(inn: Inn, client_id: UUID) -> None:
    assert walk(inn, client_id) == ()


def test_from_one_status_that_is_not_billed_to_another_is_one_time(inn: Inn, client_id: UUID) -> None:
    start = day(inn)
    spans = walk(
        inn, client_id, (3, "Suspended"), (4, "Collections"), (5, "Active"), (2, "Suspended"), (0, "Active"),
        (6, "Closed"),
    )  # fmt: skip
    assert spans == (
        Idle(since=start + timedelta(days=3), until=start + timedelta(days=12)),
        Idle(since=start + timedelta(days=20), until=None),
    )  # suspended for an hour of one day is no time at all


def test_what_was_before_the_history_began_is_known_by_its_first_step(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        session.execute(delete(ClientStatusChange))
    assert walk(inn, client_id) == ()
    spans = walk(inn, client_id, (1, "Pending"), (1, "Active"))
    assert spans == (Idle(since=day(inn, -1), until=day(inn)),)
    with inn.db.transaction() as session:
        first = select(ClientStatusChange.id).order_by(ClientStatusChange.at).limit(1)
        session.execute(delete(ClientStatusChange).where(ClientStatusChange.id == session.scalar(first)))
    assert walk(inn, client_id) == (Idle(since=date.min, until=day(inn)),)


def test_only_what_behaves_active_is_billable(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        assert standing.hold(session, client_id).why_not == ""
        standing.hold_billable(session, client_id)
        with pytest.raises(NotFound):
            standing.hold(session, UUID(int=7))
    walk(inn, client_id, (0, "Fraud"))
    with inn.db.transaction() as session, pytest.raises(standing.NotBillable, match="This one is Fraud"):
        standing.hold_billable(session, client_id)
