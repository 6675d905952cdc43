"""A client's way through the statuses."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.clients import service, statuses
from core.clients.models import Client, ClientStatus
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import InvalidFields, NotFound
from core.records import closing
from tests.fixtures.house import SmallHouse
from tests.integration.clients.conftest import Make

STAFF = "staff:7"


def status_id(house: SmallHouse, label: str) -> UUID:
    with house.db.read() as session:
        return session.scalars(select(ClientStatus.id).where(ClientStatus.label == label)).one()


def change(house: SmallHouse, client_id: UUID, label: str, reason: str = "") -> bool:
    wanted = status_id(house, label)
    with house.db.transaction() as session:
        return statuses.change_status(
            session, house, client_id, wanted, closing=closing.check, reason=reason, actor=STAFF
        )


def test_each_change_is_kept_with_its_reason(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    assert change(house, client_id, "Suspended", "Three invoices open")
    house.clock.advance(days=1)
    assert change(house, client_id, "Active")
    with house.db.read() as session:
        way = statuses.history(session, client_id)
        behaviour = service.client_by_id(session, client_id).behaviour
    assert [(one.from_label, one.to_label, one.reason) for one in way] == [
        ("Suspended", "Active", ""), ("Active", "Suspended", "Three invoices open"), ("", "Active", ""),
    ]  # fmt: skip
    assert way[0].actor == STAFF
    assert behaviour == "active"


def test_it_is_told_and_written_down(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    change(house, client_id, "Fraud", "Stolen card")
    with house.db.read() as session:
        events = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "client.status_changed")).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "client.status")).one()
    assert [one.payload for one in events] == [
        {"client_id": str(client_id), "behaviour": "blocked", "was": "active"}
    ]
    assert (entry.before, entry.after) == ({"status": "Active"}, {"status": "Fraud", "reason": "Stolen card"})


def test_the_same_status_again_changes_nothing(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    assert not change(house, client_id, "Active", "again")
    with house.db.read() as session:
        assert len(statuses.history(session, client_id)) == 1


def test_closing_has_a_day_and_opening_again_takes_it_away(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    change(house, client_id, "Closed")
    with house.db.read() as session:
        assert session.get_one(Client, client_id).closed_at == house.clock.now()
    change(house, client_id, "Active")
    with house.db.read() as session:
        assert session.get_one(Client, client_id).closed_at is None


@pytest.mark.parametrize("reason", ["x" * 301, "two\nlines", "card 4242 4242 4242 4242", "a\0b"])
def test_a_reason_is_one_line_without_secrets(house: SmallHouse, make_client: Make, reason: str) -> None:
    client_id = make_client().client_id
    with pytest.raises(InvalidFields) as caught:
        change(house, client_id, "Suspended", reason)
    assert set(caught.value.messages) == {"reason"}


def test_unknown_clients_and_statuses(house: SmallHouse, make_client: Make) -> None:
    client_id, active = make_client().client_id, status_id(house, "Active")
    with house.db.transaction() as session:
        with pytest.raises(NotFound):
            statuses.change_status(
                session, house, new_id(), active, closing=closing.check, reason="", actor=STAFF
            )
        with pytest.raises(InvalidFields):
            statuses.change_status(
                session, house, client_id, new_id(), closing=closing.check, reason="", actor=STAFF
            )


@pytest.mark.parametrize("behaviour", [code for code, _ in statuses.BEHAVIOURS])
def test_only_active_accounts_are_billed(behaviour: str) -> None:
    assert statuses.is_billable(behaviour) is (behaviour == "active")
