"""The state machine of an attempt, and its patience. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from core.kernel.money import Money
from core.payments.rules import (
    DECLINE_WORDS,
    FOLLOWS,
    MOVING,
    State,
    decline_words,
    may_move,
    next_look,
    next_send,
    speaks_of_money,
    state_after,
    wrong_money,
)
from core.plugin_api.values import DeclineCode, PaymentOutcome, Status

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
TOLD = (State.SUCCEEDED, State.DECLINED, State.RETURNED, State.PENDING)


def after(start: State, news: tuple[State, ...]) -> State:
    for wanted in news:
        start = wanted if may_move(start, wanted) else start
    return start


@pytest.mark.parametrize("start", [State.SENT, State.PENDING, State.UNKNOWN])
@pytest.mark.parametrize("facts", [
    (State.PENDING, State.SUCCEEDED), (State.SUCCEEDED, State.RETURNED),
    (State.PENDING, State.SUCCEEDED, State.RETURNED), (State.DECLINED, State.SUCCEEDED),
    (State.PENDING, State.SUCCEEDED, State.RETURNED, State.SUCCEEDED),
])  # fmt: skip
def test_facts_end_the_same_in_any_order(start: State, facts: tuple[State, ...]) -> None:
    """F24. What was declined and then happened, happened; what came back is gone."""
    assert len({after(start, order) for order in permutations(facts)}) == 1


def test_what_is_over_does_not_begin_again() -> None:
    for over, wanted in product(set(State) - MOVING, MOVING):
        assert not may_move(over, wanted), (over, wanted)


def test_every_state_has_its_rules() -> None:
    assert set(FOLLOWS) == set(State)
    assert FOLLOWS[State.RETURNED] == frozenset()


def test_a_return_is_no_decline() -> None:
    returned = PaymentOutcome(status=Status.DECLINED, code=DeclineCode.RETURNED)
    declined = PaymentOutcome(status=Status.DECLINED, code=DeclineCode.CARD_DECLINED)
    assert (state_after(returned), state_after(declined)) == (State.RETURNED, State.DECLINED)
    assert (speaks_of_money(returned), speaks_of_money(declined)) == (True, False)


def test_what_was_moved_is_what_was_asked() -> None:
    asked = Money(6300, "USD")
    told = {
        Money(6300, "USD"): None, Money(6299, "USD"): "wrong_amount", Money(6300, "EUR"): "wrong_currency",
        None: None,
    }  # fmt: skip
    for amount, wrong in told.items():
        outcome = PaymentOutcome(status=Status.SUCCEEDED, reference="r", amount=amount)
        assert wrong_money(asked, outcome) == wrong


def test_patience() -> None:
    ages = (0, 1, 2, 12, 72, 372, 3972, 90372, 10**7)  # seconds: each look comes when it is that old
    looks = [next_look(NOW - timedelta(seconds=age), NOW) - NOW for age in ages]
    assert looks == [timedelta(seconds=s) for s in (2, 2, 10, 60, 300, 3600, 86400, 86400, 86400)]
    assert [next_send(sends, NOW, NOW) for sends in (1, 2, 3)] == [
        NOW + timedelta(seconds=3), NOW + timedelta(seconds=10), None
    ]  # fmt: skip
    quarter = timedelta(minutes=15)
    assert next_send(1, NOW - quarter, NOW) == NOW + timedelta(seconds=3)
    assert next_send(1, NOW - quarter - timedelta(seconds=1), NOW) is None


def test_every_decline_has_words() -> None:
    assert set(DECLINE_WORDS) == set(DeclineCode)
    assert decline_words("insufficient_funds").startswith("The bank says")
    for unknown in (None, "", "no such code"):
        assert decline_words(unknown) == "The payment was declined."
