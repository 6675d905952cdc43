"""Cards that end are told of once, and what nobody may read stands nowhere."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import MetaData, select, update

from core.clients.models import BillingAccount, Client, ClientStatus
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import InvalidFields
from core.payments import expiring
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race
from tests.integration.payments.purse import keep, new_client, remove, token_of


def told(inn: Inn) -> list[str]:
    with inn.db.read() as session:
        statement = select(OutboxEvent.payload).where(OutboxEvent.name == expiring.EVENT)
        return [str(one["billing_account_id"]) for one in session.scalars(statement)]


def ends(inn: Inn, account_id: UUID, on: date) -> None:
    with inn.db.transaction() as session:
        mine = update(BillingAccount).where(BillingAccount.id == account_id)
        session.execute(mine.values(expires_on=on))


def test_a_card_that_ends_is_told_of_once_for_its_date(inn: Inn) -> None:
    client_id, today = new_client(inn), inn.clock.now().date()
    default = keep(inn, client_id, is_default="1")
    other, chosen = keep(inn, client_id), keep(inn, client_id)
    with inn.db.transaction() as session:
        mine = update(Service).where(Service.client_id == client_id)
        session.execute(mine.values(billing_account_id=chosen))
    for one in (default, other, chosen):
        ends(inn, one, today + timedelta(days=31))
    assert expiring.warn(inn.house) == 0
    for one in (default, other, chosen):
        ends(inn, one, today + timedelta(days=30))
    counts = race(6, lambda _: expiring.warn(inn.house))
    assert sum(counts) == 2
    assert sorted(told(inn)) == sorted([str(default), str(chosen)]), "the other one is charged by nobody"
    inn.tick()
    assert len(told(inn)) == 2
    ends(inn, default, today + timedelta(days=29))  # another date is another warning
    assert expiring.warn(inn.house) == 1
    ends(inn, default, today - timedelta(days=32))
    assert expiring.warn(inn.house) == 0


def test_nobody_is_told_of_what_is_removed_or_whose_client_is_closed(inn: Inn) -> None:
    client_id, today = new_client(inn), inn.clock.now().date()
    gone = keep(inn, client_id, is_default="1")
    ends(inn, gone, today + timedelta(days=3))
    remove(inn, client_id, gone)
    closed = keep(inn, client_id, is_default="1")
    ends(inn, closed, today + timedelta(days=3))
    with inn.db.transaction() as session:
        status = select(ClientStatus.id).where(ClientStatus.behaviour == "closed").limit(1).scalar_subquery()
        session.execute(update(Client).where(Client.id == client_id).values(status_id=status))
    assert expiring.warn(inn.house) == 0


def test_numbers_stand_nowhere(inn: Inn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client_id = new_client(inn)
    bank = {"account_number": "980217345566123", "routing_number": "021000021", "license_id": "QX8812344"}
    card = keep(inn, client_id, is_default="1")
    secrets = (*bank.values(), token_of(inn, card), "4242424242424242", "1979-03-17", "03/17/1979")
    account_id = keep(inn, client_id, "sandbox_echeck", date_of_birth="03/17/1979", **bank)
    with pytest.raises(InvalidFields):
        keep(inn, client_id, "sandbox_echeck", bank_state="", **bank)
    inn.misbehave("tokens", "server_error", times=2, method="DELETE")
    ends(inn, card, inn.clock.now().date())
    expiring.warn(inn.house)
    for one in (card, account_id):
        remove(inn, client_id, one)
    inn.drain()
    inn.later(minutes=10)
    metadata = MetaData()
    metadata.reflect(inn.db.engine)
    with inn.db.read() as session:
        tables = "\n".join(
            repr(tuple(one)) for table in metadata.sorted_tables for one in session.execute(table.select())
        )
    folder = inn.house.settings.data
    mails = "\n".join(path.read_text(errors="replace") for path in folder.rglob("*.eml"))
    logs = "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records)])
    assert len(tables) > 1000
    assert len(mails) > 1000
    assert [one for one in secrets for text in (tables, mails, logs) if one in text] == []
