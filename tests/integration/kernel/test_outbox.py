"""Facts are committed with what caused them and delivered to each subscriber by itself."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.kernel import outbox
from core.kernel.db import Database
from core.kernel.outbox import GIVE_UP_AFTER, RETRY_AFTER, Fact, OutboxDelivery, OutboxEvent, Subscriber
from core.kernel.work import publish
from core.work.outbox_task import FIRST_TRY_LATE, deliveries_due
from tests.fixtures.house import NOON, SmallHouse


def listen(house: SmallHouse, *names: str, event: str = "invoice.paid") -> None:
    for name in names:
        house.outbox.subscribe(Subscriber(name=name, event=event, handle=lambda fact: None))


def tell(house: SmallHouse, name: str = "invoice.paid", **payload: object) -> list[UUID]:
    with house.db.transaction() as session:
        publish(house, session, name, payload or {"invoice_id": 7})
    return [subject for _, subject, *_ in house.engine.asked]


def rows(db: Database, table: type[OutboxEvent] | type[OutboxDelivery]) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_each_subscriber_gets_its_own_delivery(house: SmallHouse) -> None:
    listen(house, "mail", "ledger")
    listen(house, "other", event="order.placed")
    deliveries = tell(house, invoice_id=7, client_id=None)
    assert len(set(deliveries)) == 2
    assert {(task, queue, turn) for task, _, queue, turn in house.engine.asked} == {("outbox", "outbox", 0)}
    with house.db.read() as session:
        found = dict(loaded for one in deliveries if (loaded := outbox.load(session, one)))
    fact = found["mail"]
    assert found.keys() == {"mail", "ledger"}
    assert fact == found["ledger"]
    assert isinstance(fact, Fact)
    assert (fact.name, fact.occurred_at) == ("invoice.paid", NOON)
    assert fact.payload == {"invoice_id": "7", "client_id": "None"}  # text only: a public promise


def test_a_fact_nobody_waits_for_is_kept(house: SmallHouse) -> None:
    assert tell(house) == []
    assert (rows(house.db, OutboxEvent), rows(house.db, OutboxDelivery)) == (1, 0)


def test_what_is_rolled_back_did_not_happen(house: SmallHouse) -> None:
    listen(house, "mail")

    def fail() -> None:
        with house.db.transaction() as session:
            publish(house, session, "invoice.paid", {"invoice_id": 7})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (rows(house.db, OutboxEvent), rows(house.db, OutboxDelivery)) == (0, 0)


def test_delivered_is_delivered(house: SmallHouse) -> None:
    listen(house, "mail")
    [delivery] = tell(house)
    with house.db.transaction() as session:
        assert outbox.load(session, delivery) is not None
        outbox.mark_done(session, delivery)
    with house.db.transaction() as session:
        assert outbox.load(session, delivery) is None
        outbox.mark_failed(session, delivery, "late news", NOON)
    with house.db.read() as session:
        row = session.get_one(OutboxDelivery, delivery)
        assert (row.state, row.attempts) == ("done", 0)
        assert deliveries_due(session, NOON + timedelta(days=9)) == []


def test_failures_climb_the_ladder_until_staff_look(house: SmallHouse) -> None:
    listen(house, "mail")
    [delivery] = tell(house)
    waits: list[float] = []
    for _ in range(GIVE_UP_AFTER):
        with house.db.transaction() as session:
            outbox.mark_failed(session, delivery, "x" * 1000, NOON)
        with house.db.read() as session:
            row = session.get_one(OutboxDelivery, delivery)
            waits.append((row.next_try_at - NOON).total_seconds())
    assert waits[: len(RETRY_AFTER)] == list(RETRY_AFTER)
    assert set(waits[len(RETRY_AFTER) :]) == {RETRY_AFTER[-1]}
    with house.db.read() as session:
        row = session.get_one(OutboxDelivery, delivery)
        assert (row.state, len(row.error)) == ("dead", 500)
        assert outbox.load(session, delivery) is None


def test_a_twin_that_fails_does_not_undo_what_the_other_delivered(house: SmallHouse) -> None:
    """After a janitor took up the work of a worker that was only slow, one delivery runs twice."""
    listen(house, "mail")
    [delivery] = tell(house)

    def fail() -> None:
        with house.db.transaction() as session:
            outbox.mark_failed(session, delivery, "no", NOON)

    for _ in range(GIVE_UP_AFTER - 1):
        fail()
    twin = Thread(target=fail)
    with house.db.transaction() as session:
        outbox.mark_done(session, delivery)
        twin.start()
        twin.join(0.5)  # it has read what it can, and waits for us
    twin.join()
    with house.db.read() as session:
        row = session.get_one(OutboxDelivery, delivery)
        assert (row.state, row.attempts, row.error) == ("done", GIVE_UP_AFTER - 1, "")


def test_what_is_due_at_one_instant_comes_in_the_order_it_was_written(house: SmallHouse) -> None:
    listen(house, "mail")
    deliveries = [tell(house)[-1] for _ in range(20)]
    with house.db.transaction() as session:
        for one in reversed(deliveries):  # PostgreSQL keeps its rows in this order now
            outbox.mark_failed(session, one, "no", NOON)
    again = NOON + timedelta(seconds=RETRY_AFTER[0])
    with house.db.read() as session:
        assert deliveries_due(session, again - timedelta(seconds=1)) == []
        found = list(deliveries_due(session, again))
    assert [one.subject for one in found] == deliveries
    assert {one.turn for one in found} == {1}


def test_a_first_try_is_due_when_it_is_late(house: SmallHouse) -> None:
    listen(house, "mail")
    first, second = (tell(house)[-1] for _ in range(2))
    with house.db.transaction() as session:
        outbox.mark_done(session, second)
    with house.db.read() as session:
        assert deliveries_due(session, NOON + timedelta(seconds=1)) == [], "its own run is under way"
        assert [one.subject for one in deliveries_due(session, NOON + FIRST_TRY_LATE)] == [first]


def test_two_subscribers_of_one_name_are_a_mistake(house: SmallHouse) -> None:
    listen(house, "mail")
    with pytest.raises(ValueError, match="mail"):
        listen(house, "mail")
    assert house.outbox.find("mail") is not None
    assert house.outbox.find("nobody") is None
