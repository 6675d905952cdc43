"""Providers that refuse, stall, lose their answers or talk nonsense: charged once, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.kernel.problems import Conflict, InvalidFields
from core.orders import checkout, status
from core.payments import staff
from core.payments.models import Attempt, AttemptStep, UnmatchedMoney
from tests.fixtures.innkeeper import ACTED, NOT_ACTED, Inn

pytestmark = pytest.mark.usefixtures("short_patience")


def attempt(inn: Inn) -> Attempt:
    with inn.db.read() as session:
        return session.execute(select(Attempt).order_by(Attempt.number.desc()).limit(1)).scalar_one()


def keys_sent(inn: Inn, path: str) -> list[str]:
    calls = inn.world.books("calls")
    return [str(call["key"]) for call in calls if call["method"] == "POST" and call["path"] == path]


@pytest.mark.parametrize("kind", NOT_ACTED)
def test_a_charge_that_never_happened_is_sent_again_under_its_key(inn: Inn, kind: str) -> None:
    inn.misbehave("charges", kind)
    order = inn.place_order("sandbox_card")
    assert inn.view(order).state == "placed"
    assert inn.world.books("charges") == []
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1
    keys = keys_sent(inn, "/v1/charges")
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize("kind", ACTED)
def test_a_charge_whose_answer_is_lost_is_looked_up_and_never_repeated(inn: Inn, kind: str) -> None:
    inn.misbehave("charges", kind)
    order = inn.place_order("sandbox_card")
    assert attempt(inn).state == "unknown"
    view = inn.view(order)
    assert (view.state, view.needs_payment) == ("placed", False)
    with pytest.raises(Conflict):
        inn.pay_again(order, "sandbox_card")
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1
    assert len(keys_sent(inn, "/v1/charges")) == 1


@pytest.mark.parametrize("kind", NOT_ACTED)
def test_a_provider_that_is_down_lets_the_buyer_go(inn: Inn, kind: str) -> None:
    inn.misbehave("charges", kind, times=-1)
    order = inn.place_order("sandbox_card")
    inn.settle_down()
    view = inn.view(order)
    assert (view.needs_payment, view.decline) == (True, "The payment could not be sent. Nothing was charged.")
    assert len(set(keys_sent(inn, "/v1/charges"))) == 1
    inn.world.clear_faults()
    inn.pay_again(order, "sandbox_card")
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1


def test_while_look_ups_fail_too_nothing_is_guessed(inn: Inn) -> None:
    inn.misbehave("charges", "lose_answer")
    inn.misbehave("charges", "server_error", times=-1, method="GET")
    order = inn.place_order("sandbox_card")
    inn.settle_down()
    assert attempt(inn).state == "unknown"
    assert len(keys_sent(inn, "/v1/charges")) == 1
    inn.world.clear_faults()
    inn.later(days=1)
    assert inn.view(order).state == "completed"


def test_the_unknown_is_asked_for_on_a_ladder(inn: Inn) -> None:
    inn.misbehave("charges", "lose_answer")
    inn.misbehave("charges", "server_error", times=-1, method="GET")
    inn.place_order("sandbox_card")
    waits = []
    for _ in range(7):
        due = attempt(inn).next_lookup_at
        assert due is not None
        waits.append(round((due - inn.clock.now()).total_seconds()))
        inn.later(seconds=waits[-1])
    assert waits == [2, 10, 60, 300, 3600, 86400, 86400]


def test_a_buyer_who_comes_back_often_does_not_stretch_the_ladder(inn: Inn) -> None:
    inn.misbehave("charges", "lose_answer")
    inn.misbehave("charges", "server_error", times=-1, method="GET")
    order = inn.place_order("sandbox_card")
    for _ in range(6):
        status.returned(inn.house, order)
        inn.drain()
    due = attempt(inn).next_lookup_at
    assert due is not None
    assert (due - inn.clock.now()).total_seconds() <= 10


@pytest.mark.parametrize(("wait", "ends"), [(10, "completed"), (3600, "placed")])
def test_a_buyer_who_comes_back_often_does_not_have_us_give_up(inn: Inn, wait: int, ends: str) -> None:
    """What never arrived is sent again, however often it was asked for; an hour later it is over."""
    inn.misbehave("charges", "garbage")
    inn.misbehave("charges", "server_error", times=-1, method="GET")
    order = inn.place_order("sandbox_card")
    for _ in range(6):
        status.returned(inn.house, order)
        inn.drain()
    assert attempt(inn).state == "unknown"
    inn.world.clear_faults()
    inn.clock.advance(seconds=wait)
    status.returned(inn.house, order)
    inn.settle_down()
    assert inn.view(order).state == ends
    assert len(inn.world.books("charges")) == (1 if ends == "completed" else 0)
    assert inn.view(order).needs_payment == (ends == "placed")


@pytest.mark.parametrize("target", ["charges", "transfers", "payments"])
def test_another_amount_pays_nothing_and_is_held(inn: Inn, target: str) -> None:
    method = {"charges": "sandbox_card", "transfers": "sandbox_echeck", "payments": "sandbox_wallet"}[target]
    inn.misbehave(target, "wrong_amount")
    order = inn.place_order(method)
    if method == "sandbox_wallet":
        inn.approve(order)
    inn.settle_down()
    view = inn.view(order)
    assert (view.invoice_status, view.paid.minor, view.needs_payment) == ("unpaid", 0, False)
    assert attempt(inn).state == "unknown"
    with inn.db.read() as session:
        held = session.execute(select(UnmatchedMoney)).scalar_one()
    assert (held.reason, held.amount_minor, held.state) == ("wrong_amount", view.total.minor - 1, "open")
    # Staff look at the provider's screens, say so, and book what came.
    staff.settle(inn.house, attempt(inn).id, happened=False, note="one cent less", actor="staff:test")
    staff.mark_paid(
        inn.house, view.invoice_id, gateway=method, amount_text=f"{(view.total.minor - 1) / 100:.2f}",
        reference=f"{held.reference} as told", actor="staff:test",
    )  # fmt: skip
    inn.settle_down()
    view = inn.view(order)
    assert (view.invoice_status, (view.total - view.paid).minor) == ("unpaid", 1)
    with inn.db.read() as session:
        assert session.execute(select(UnmatchedMoney.state)).scalars().all() == ["resolved"]


@pytest.mark.parametrize("kind", NOT_ACTED + ACTED)
def test_echeck_is_debited_once(inn: Inn, kind: str) -> None:
    inn.misbehave("transfers", kind)
    order = inn.place_order("sandbox_echeck")
    inn.settle_down()
    assert inn.view(order).settles
    assert len(inn.world.books("transfers")) == 1
    inn.settle()
    assert inn.view(order).state == "completed"
    assert len(set(keys_sent(inn, "/v1/transfers"))) == 1


@pytest.mark.parametrize("kind", NOT_ACTED + ACTED)
def test_the_way_to_the_wallet_fails_and_is_taken_again(inn: Inn, kind: str) -> None:
    inn.misbehave("payments", kind)
    order = inn.place_order("sandbox_wallet")
    with pytest.raises(Conflict, match="does not answer"):
        status.begin_redirect(inn.house, order, "http://127.0.0.1:8000")
    assert inn.view(order).approve_url
    inn.approve(order)
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("payments")) == 1


@pytest.mark.parametrize("kind", NOT_ACTED + ACTED)
def test_the_capture_of_a_wallet_fails_and_is_asked_for(inn: Inn, kind: str) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    inn.misbehave("payments", kind)
    inn.come_back(order)
    inn.settle_down()
    assert inn.view(order).state == "completed"
    [payment] = inn.world.books("payments")
    assert payment["captured"] == inn.view(order).total.minor


@pytest.mark.parametrize("kind", ["refuse", "server_error"])
def test_a_token_desk_out_of_order_is_said_at_the_form(inn: Inn, kind: str) -> None:
    token = inn.fill_cart()
    form = inn.contact() | inn.payment("sandbox_card")
    inn.misbehave("tokens", kind, times=-1, method="GET")
    with pytest.raises(InvalidFields) as wrong:
        checkout.save_summary(inn.house, token, form, {}, ip="127.0.0.1")
    assert list(wrong.value.messages) == ["payment_method"]


def test_settlements_are_read_again_when_the_bank_did_not_answer(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck")
    for kind in ("refuse", "garbage", "lose_answer", "server_error"):
        inn.misbehave("transfers", kind, method="GET")
        inn.settle(days=1)
    inn.settle()
    assert inn.view(order).state == "completed"


def test_the_story_of_an_attempt_is_told(inn: Inn) -> None:
    inn.misbehave("charges", "lose_answer")
    inn.place_order("sandbox_card")
    inn.settle_down()
    with inn.db.read() as session:
        steps = session.execute(select(AttemptStep.state).order_by(AttemptStep.id)).scalars().all()
    assert steps == ["created", "sent", "unknown", "succeeded"]
