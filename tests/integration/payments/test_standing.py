"""A status that changes between the wish to charge and the call: who may not be charged is not."""

from __future__ import annotations

from collections import Counter
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select

from core.billing.models import Invoice
from core.clients import statuses
from core.clients.standing import NotBillable
from core.kernel.problems import Conflict
from core.orders.status import find_order
from core.payments import service, staff
from core.payments.models import Attempt, AttemptStep
from core.payments.values import NewCharge
from core.records import closing, merging
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.race import race
from tests.integration.orders.test_races import tried
from tests.integration.payments.purse import client_of, keep, new_client

NOTHING_TAKEN = "The payment could not be sent. Nothing was charged."


def become(inn: Inn, order: str, label: str) -> None:
    with inn.db.transaction() as session:
        client_id = find_order(session, order).client_id
        statuses.change_status(
            session, inn.house, client_id, statuses.find(session, label), closing=closing.check,
            reason="asked for", actor="staff:test",
        )  # fmt: skip


def charge(inn: Inn, order: str, account_id: UUID, *, present: bool = False) -> UUID:
    """As a run by the clock charges a kept card: nobody is there."""
    new = NewCharge(
        invoice_id=inn.view(order).invoice_id, gateway="sandbox_card", billing_account_id=account_id,
        method="Visa ending in 4242", customer_present=present,
    )  # fmt: skip
    return inn.db.run(lambda session: service.charge(session, inn.house, new).id)


def owing(inn: Inn) -> tuple[str, UUID]:
    """An order that is open, of a client with a kept card."""
    order = inn.place_order("manual")
    return order, keep(inn, client_of(inn, order))


def state(inn: Inn, attempt_id: UUID) -> str:
    with inn.db.read() as session:
        return session.get_one(Attempt, attempt_id).state


def steps(inn: Inn, attempt_id: UUID) -> list[tuple[str, str]]:
    found = select(AttemptStep).where(AttemptStep.attempt_id == attempt_id).order_by(AttemptStep.id)
    with inn.db.read() as session:
        return [(step.state, step.note) for step in session.scalars(found)]


@pytest.mark.parametrize("label", ["Suspended", "Fraud"])
def test_what_was_opened_is_not_sent_for_a_client_who_is_not_active_any_more(inn: Inn, label: str) -> None:
    order, account = owing(inn)
    attempt_id = charge(inn, order, account)
    become(inn, order, label)
    inn.settle_down()
    assert inn.world.books("charges") == []
    assert steps(inn, attempt_id) == [("created", ""), ("not_sent", f"not sent: the client is {label}")]
    with pytest.raises(NotBillable):
        charge(inn, order, account)
    become(inn, order, "Active")  # nothing of the old one stands in the way
    charge(inn, order, account)
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1


def test_a_worker_that_died_before_sending_is_taken_up_after_the_change(inn: Inn) -> None:
    order, account = owing(inn)
    attempt_id = charge(inn, order, account)
    inn.engine.drain(only=lambda run: run.task != "attempt")
    become(inn, order, "Suspended")
    inn.later(minutes=11)  # its run was lost: the row itself is due
    assert state(inn, attempt_id) == "not_sent"
    assert inn.world.books("charges") == []


@pytest.mark.usefixtures("short_patience")
def test_what_never_arrived_is_not_sent_again_after_the_change(inn: Inn) -> None:
    order, account = owing(inn)
    inn.misbehave("charges", "refuse")
    attempt_id = charge(inn, order, account)
    inn.drain()
    assert state(inn, attempt_id) == "created"
    become(inn, order, "Suspended")
    inn.settle_down()
    assert state(inn, attempt_id) == "not_sent"
    assert inn.world.books("charges") == []


@pytest.mark.usefixtures("short_patience")
def test_what_may_have_arrived_is_looked_up_whatever_the_status_is(inn: Inn) -> None:
    order, account = owing(inn)
    inn.misbehave("charges", "lose_answer")
    attempt_id = charge(inn, order, account)
    inn.drain()
    assert state(inn, attempt_id) == "unknown"
    become(inn, order, "Suspended")
    inn.settle_down()
    assert state(inn, attempt_id) == "succeeded"
    assert len(inn.world.books("charges")) == 1


def test_a_suspended_client_may_pay_what_is_owed_and_a_blocked_one_may_not(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=DECLINED_CARD)
    become(inn, order, "Fraud")
    with pytest.raises(Conflict, match="no payment is taken"):
        inn.pay_again(order, "sandbox_card")
    become(inn, order, "Suspended")
    inn.pay_again(order, "sandbox_card", drain=False)
    become(inn, order, "Fraud")  # after the buyer's click, before a worker's call
    inn.settle_down()
    assert (inn.view(order).decline, inn.view(order).needs_payment) == (NOTHING_TAKEN, True)
    become(inn, order, "Suspended")
    inn.pay_again(order, "sandbox_card")
    assert inn.view(order).invoice_status == "paid"
    charges = inn.world.books("charges")
    assert [one["status"] for one in charges].count("succeeded") == 1


def test_what_was_approved_at_the_wallet_is_not_captured_of_a_blocked_client(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    become(inn, order, "Fraud")
    inn.come_back(order)
    inn.later(hours=4)
    assert [one["captured"] for one in inn.world.books("payments")] == [0]
    assert inn.view(order).decline == "The payment was not approved in time."
    later = inn.place_order("sandbox_wallet")
    become(inn, later, "Fraud")
    with pytest.raises(Conflict, match="over"):
        inn.approve(later)
    assert len(inn.world.books("payments")) == 1


def test_money_goes_back_to_a_client_of_any_status(inn: Inn) -> None:
    order = inn.place_order("sandbox_card")
    become(inn, order, "Fraud")
    with inn.db.read() as session:
        attempt_id = session.scalars(select(Attempt.id)).one()
    staff.refund(inn.house, attempt_id, "", "staff:test")
    inn.drain()
    assert state(inn, attempt_id) == "refunded"


def test_nobody_is_closed_or_joined_under_a_charge_that_is_opened(inn: Inn) -> None:
    """Whichever comes first: the other finds it so. Both hold the row of the client."""
    order, account = owing(inn)
    other = new_client(inn)
    attempt_id = charge(inn, order, account)
    with pytest.raises(Conflict):
        become(inn, order, "Closed")  # and only who is closed is erased
    with pytest.raises(Conflict):
        merging.merge(inn.house, client_of(inn, order), other, actor="staff:test")
    assert state(inn, attempt_id) == "created"


def test_joined_while_the_buyer_pays(inn: Inn) -> None:
    """The charge is of the client that the invoice is of, whichever was first."""
    order, account = owing(inn)
    other = new_client(inn)
    acts = [
        partial(merging.merge, inn.house, client_of(inn, order), other, actor="staff:test"),
        partial(charge, inn, order, account, present=True),
    ]
    results = race(2, lambda number: tried(acts[number]))
    assert "ok" in results
    inn.settle_down()
    with inn.db.read() as session:
        (made,) = session.scalars(select(Attempt)).all()
        assert made.state == "succeeded"
        assert made.client_id == session.get_one(Invoice, made.invoice_id).client_id


def test_suspended_while_ten_workers_send(inn: Inn) -> None:
    """Either it was sent and is booked, or it was not and never is: the status stands at the claim."""
    seen: Counter[tuple[str, int]] = Counter()
    for _ in range(3):
        order, account = owing(inn)
        before = len(inn.world.books("charges"))
        attempt_id = charge(inn, order, account)
        acts = [partial(become, inn, order, "Suspended")]
        acts += [partial(service.run, inn.house, attempt_id)] * 9
        race(10, lambda number, acts=acts: acts[number]())  # type: ignore[misc]
        inn.settle_down()
        seen[state(inn, attempt_id), len(inn.world.books("charges")) - before] += 1
    assert set(seen) <= {("succeeded", 1), ("not_sent", 0)}
