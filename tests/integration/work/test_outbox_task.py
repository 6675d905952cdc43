"""Deliveries: each alone, at least once, again on the ladder."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from core.kernel.db import Database
from core.kernel.outbox import GIVE_UP_AFTER, RETRY_AFTER, Fact, OutboxDelivery, Subscriber
from core.kernel.work import publish
from core.work import outbox_task
from core.work.inline import InlineEngine
from core.work.schedules import ASKED_LATELY_SECONDS, DueWork
from tests.integration.work.conftest import SmallHouse


class Listener:
    """A subscriber that fails while it is told to."""

    def __init__(self, house: SmallHouse, name: str) -> None:
        self.house, self.name = house, name
        self.heard: list[Fact] = []
        self.broken = False
        house.outbox.subscribe(Subscriber(name=name, event="invoice.paid", handle=self.handle))

    def handle(self, fact: Fact) -> None:
        assert not self.house.db.in_transaction
        self.heard.append(fact)
        if self.broken:
            raise ConnectionError("the mail server is away")


@pytest.fixture
def house(db: Database) -> SmallHouse:
    house = SmallHouse(db=db, engine=InlineEngine())
    house.engine.register([outbox_task.task(house)])
    return house


def tell(house: SmallHouse, **payload: object) -> None:
    with house.db.transaction() as session:
        publish(house, session, "invoice.paid", payload)


def states(house: SmallHouse) -> dict[str, tuple[str, int]]:
    with house.db.read() as session:
        rows = session.scalars(select(OutboxDelivery))
        return {row.subscriber: (row.state, row.attempts) for row in rows}


def move(house: SmallHouse, **parts: float) -> None:
    house.clock.advance(**parts)  # type: ignore[attr-defined]


def test_a_fact_reaches_every_listener_once(house: SmallHouse) -> None:
    mail, hooks = Listener(house, "mail"), Listener(house, "hooks")
    tell(house, invoice_id="INV-1", total=1200)
    house.engine.drain()
    for listener in (mail, hooks):
        (fact,) = listener.heard
        assert fact.payload == {"invoice_id": "INV-1", "total": "1200"}
        assert fact.occurred_at == house.clock.now()
    assert states(house) == {"mail": ("done", 0), "hooks": ("done", 0)}


def test_one_that_fails_is_tried_again_alone(house: SmallHouse) -> None:
    mail, hooks = Listener(house, "mail"), Listener(house, "hooks")
    mail.broken = True
    again = DueWork(house, "outbox", outbox_task.deliveries_due)
    tell(house)
    house.engine.drain()
    assert states(house) == {"mail": ("due", 1), "hooks": ("done", 0)}
    assert again() == 0  # not its time yet
    move(house, seconds=RETRY_AFTER[0])
    mail.broken = False
    assert again() == 1
    assert again() == 0  # asked for lately
    house.engine.drain()
    assert (len(mail.heard), len(hooks.heard)) == (2, 1)
    assert mail.heard[0] == mail.heard[1]
    assert states(house)["mail"] == ("done", 1)


def test_the_ladder_ends_with_a_dead_delivery_that_names_the_cause(house: SmallHouse) -> None:
    mail = Listener(house, "mail")
    mail.broken = True
    again = DueWork(house, "outbox", outbox_task.deliveries_due)
    tell(house)
    house.engine.drain()
    while house.engine.ready or _due_later(house):
        move(house, hours=1)
        again()
        house.engine.drain()
    assert len(mail.heard) == GIVE_UP_AFTER
    assert states(house)["mail"] == ("dead", GIVE_UP_AFTER)
    with house.db.read() as session:
        error = session.scalar(select(OutboxDelivery.error))
    assert error == "ConnectionError: the mail server is away"


def test_a_delivered_one_is_not_delivered_again(house: SmallHouse) -> None:
    mail = Listener(house, "mail")
    tell(house)
    house.engine.drain()
    with house.db.read() as session:
        (delivery_id,) = session.scalars(select(OutboxDelivery.id))
    outbox_task.deliver(house, delivery_id)
    assert len(mail.heard) == 1


def test_a_listener_that_is_gone_is_waited_for(house: SmallHouse) -> None:
    Listener(house, "mail")
    tell(house)
    with house.db.transaction() as session:
        session.execute(update(OutboxDelivery).values(subscriber="plugin.removed"))
    house.engine.drain()
    assert states(house) == {"plugin.removed": ("due", 1)}


def test_a_first_try_that_got_lost_is_asked_for_again(house: SmallHouse) -> None:
    Listener(house, "mail")
    with house.db.transaction() as session:
        house.outbox.publish(session, "invoice.paid", {}, now=house.clock.now())  # nobody enqueued it
    again = DueWork(house, "outbox", outbox_task.deliveries_due)
    assert again() == 0
    move(house, minutes=1)
    assert again() == 1


def test_due_work_is_asked_for_again_after_a_while(house: SmallHouse) -> None:
    """The engine knows the run already, so asking again costs a row that is not written."""
    Listener(house, "mail").broken = True
    tell(house)
    house.engine.drain()
    move(house, minutes=5)
    time = 1000.0
    again = DueWork(house, "outbox", outbox_task.deliveries_due, seconds=lambda: time)
    assert (again(), again()) == (1, 0)
    time += ASKED_LATELY_SECONDS + 1
    assert again() == 1
    assert len(house.engine.ready) == 1


def _due_later(house: SmallHouse) -> bool:
    return any(state == "due" for state, _attempts in states(house).values())


def test_a_schedule_exists_for_it(house: SmallHouse) -> None:
    schedule = outbox_task.schedule(house)
    assert schedule.name == "outbox"
    assert schedule.every_seconds <= RETRY_AFTER[0]
    assert schedule.run() == 0


def test_the_search_takes_the_oldest_first_and_not_all_at_once(
    house: SmallHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_task, "AT_A_TIME", 2)
    Listener(house, "mail")
    for _fact in range(3):
        tell(house)
        move(house, seconds=1)
    late: datetime = house.clock.now() + timedelta(hours=1)
    with house.db.read() as session:
        oldest = list(session.scalars(select(OutboxDelivery.id).order_by(OutboxDelivery.next_try_at)))
        assert [due.subject for due in outbox_task.deliveries_due(session, late)] == oldest[:2]
