"""What providers tell by webhook: only what is genuine, each fact once, never another order's money."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.problems import Conflict, InvalidFields
from core.orders import status
from core.payments import service, staff, webhooks
from core.payments.models import Attempt, UnmatchedMoney, WebhookEvent
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import PaymentOutcome
from core.plugin_host import calls
from core.testing.sandbox.books import Record
from core.testing.sandbox.webhooks import signature
from tests.fixtures.innkeeper import SECURE_CARD, WEBHOOK_SECRET, Inn, Notice
from tests.fixtures.race import race


def stored(inn: Inn) -> list[tuple[str, str]]:
    with inn.db.read() as session:
        rows = session.execute(select(WebhookEvent.gateway, WebhookEvent.state).order_by(WebhookEvent.id))
        return [(row.gateway, row.state) for row in rows]


def held(inn: Inn) -> list[str]:
    with inn.db.read() as session:
        return list(session.execute(select(UnmatchedMoney.reason)).scalars())


def attempts(inn: Inn) -> list[Attempt]:
    with inn.db.read() as session:
        return list(session.execute(select(Attempt).order_by(Attempt.number)).scalars())


def waiting_card(inn: Inn) -> tuple[str, Notice]:
    """An order whose card waits for its bank, and the genuine news that it was charged."""
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    inn.authenticate(order)
    return order, inn.notices("charge")[-1]


def last_event(inn: Inn) -> dict[str, Any]:
    return inn.book("events")[-1]


def test_genuine_news_pays_without_the_browser(inn: Inn) -> None:
    order, notice = waiting_card(inn)
    assert inn.send(notice) == 200
    inn.drain()
    assert inn.view(order).state == "completed"
    assert stored(inn) == [("sandbox_card", "done")]


def test_nothing_of_the_signature_is_kept(inn: Inn) -> None:
    _, notice = waiting_card(inn)
    inn.send(notice)
    with inn.db.read() as session:
        row = session.execute(select(WebhookEvent)).scalar_one()
    assert row.headers == {"content-type": "application/json"}


FORGERIES: dict[str, Callable[[Inn, Notice], dict[str, Any]]] = {
    "unsigned": lambda inn, one: {"headers": {}},
    "empty": lambda inn, one: {"headers": {"Sandbox-Signature": ""}},
    "cut": lambda inn, one: {"headers": {"Sandbox-Signature": one.headers["Sandbox-Signature"][:-1]}},
    "turned": lambda inn, one: {"headers": {"Sandbox-Signature": _flip(one.headers["Sandbox-Signature"])}},
    "other secret": lambda inn, one: {"headers": _signed(inn, one.body, secret="somebody else's")},
    "no secret": lambda inn, one: {"headers": _signed(inn, one.body, secret="")},
    "old": lambda inn, one: {"headers": _signed(inn, one.body, shift=-301)},
    "from the future": lambda inn, one: {"headers": _signed(inn, one.body, shift=301)},
    "other body": lambda inn, one: {"body": one.body.replace(b'"amount"', b'"Amount"')},
    "other scheme": lambda inn, one: {
        "headers": {"Sandbox-Signature": one.headers["Sandbox-Signature"].replace("v1=", "none=")}
    },
    "twice": lambda inn, one: {
        "headers": {"Sandbox-Signature": ", ".join([one.headers["Sandbox-Signature"]] * 2)}
    },
}


def _flip(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _signed(inn: Inn, body: bytes, *, secret: str = WEBHOOK_SECRET, shift: int = 0) -> dict[str, str]:
    at = int(inn.clock.now().timestamp()) + shift
    return {"Sandbox-Signature": signature(secret, at, body)}


def test_what_is_forged_is_refused_and_leaves_no_trace(inn: Inn) -> None:
    order, notice = waiting_card(inn)
    for name, forge in FORGERIES.items():
        assert inn.send(notice, **forge(inn, notice)) == 400, name
    assert stored(inn) == []
    assert inn.view(order).invoice_status == "unpaid"


def test_statuses(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    _, notice = waiting_card(inn)
    assert inn.send(notice, gateway="nobody") == 404
    assert inn.send(notice, gateway="manual") == 404
    assert inn.send(notice, body=b"x" * (webhooks.BODY_LIMIT + 1)) == 413
    assert inn.send(notice, gateway="sandbox_wallet") == 200  # genuine, and nothing a wallet knows of
    plugin = inn.house.plugins.build_gateway("sandbox_card")

    def trouble(_notification: object) -> None:
        raise NoAnswer("the key server is down")

    monkeypatch.setattr(type(plugin), "parse_notification", lambda self, _: trouble(_))
    assert inn.send(notice) == 503
    assert stored(inn) == []


def test_one_event_a_hundred_times(inn: Inn) -> None:
    order, notice = waiting_card(inn)
    assert {inn.send(notice) for _ in range(100)} == {200}
    inn.drain()
    assert len(stored(inn)) == 1
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("accounts")) == 1


def test_one_event_from_many_sides_at_once(inn: Inn) -> None:
    order, notice = waiting_card(inn)
    assert set(race(20, lambda _: inn.send(notice))) == {200}
    inn.drain()
    assert (len(stored(inn)), inn.view(order).state) == (1, "completed")


def test_the_same_charge_under_several_events(inn: Inn) -> None:
    order, _ = waiting_card(inn)
    record = last_event(inn)
    for number in range(3):
        assert inn.send(inn.notice(record | {"id": f"evt_{number}"})) == 200
    inn.drain()
    assert len(stored(inn)) == 3
    assert inn.view(order).paid == inn.view(order).total
    assert inn.credit(order) == 0


def test_news_that_overtake_the_answer(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = calls.call_gateway

    def slow(*args: Any, **more: Any) -> PaymentOutcome:
        outcome: PaymentOutcome = asked(*args, **more)
        for notice in inn.notices("charge"):
            assert inn.send(notice) == 200
        return outcome

    monkeypatch.setattr(service, "call_gateway", slow)
    order = inn.place_order("sandbox_card")
    assert inn.view(order).state == "completed"
    assert [(one.state, one.refunded_minor) for one in attempts(inn)] == [("succeeded", 0)]
    assert inn.credit(order) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": 1}, "wrong_amount"),
        ({"amount": 6299}, "wrong_amount"),
        ({"amount": 6301}, "wrong_amount"),
        ({"amount": 630000}, "wrong_amount"),
        ({"currency": "JPY"}, "wrong_currency"),
        ({"id": "ch_of_somebody_else"}, "no_attempt"),
        ({"key": "ik-nobody"}, "no_attempt"),
    ],
)
def test_money_that_is_not_what_was_asked_is_held(inn: Inn, change: Record, reason: str) -> None:
    order, _ = waiting_card(inn)
    record = last_event(inn)
    forged = record | {"data": dict(record["data"]) | change}
    assert inn.send(inn.notice(forged)) == 200
    inn.drain()
    view = inn.view(order)
    assert (view.invoice_status, view.paid.minor, inn.credit(order)) == ("unpaid", 0, 0)
    assert held(inn) == [reason]


@pytest.mark.parametrize("amount", [0, -1, "6300", 63.0, None])
def test_amounts_that_are_none_are_refused(inn: Inn, amount: object) -> None:
    order, _ = waiting_card(inn)
    record = last_event(inn)
    inn.send(inn.notice(record | {"data": dict(record["data"]) | {"amount": amount}}))
    assert inn.view(order).paid.minor == 0


def test_the_currency_is_told_in_small_letters(inn: Inn) -> None:
    """``usd`` is USD, or it is held: it is never taken for another currency and booked."""
    order, _ = waiting_card(inn)
    record = last_event(inn)
    inn.send(inn.notice(record | {"data": dict(record["data"]) | {"currency": "usd"}}))
    view = inn.view(order)
    assert view.paid.minor in (0, view.total.minor)


def test_the_payment_of_another_order(inn: Inn) -> None:
    """Genuine money for X, told under the key of Y: it is neither's by guess."""
    cheap, _ = waiting_card(inn)
    dear = inn.place_order("sandbox_card", "business-hosting", number=SECURE_CARD)
    first, second = attempts(inn)
    record = next(one for one in inn.book("events") if one["data"]["key"] == first.idempotency_key)
    swapped = dict(record["data"]) | {"key": second.idempotency_key}
    assert inn.send(inn.notice(record | {"data": swapped})) == 200
    assert [inn.view(order).paid.minor for order in (cheap, dear)] == [0, 0]
    assert held(inn) == ["no_attempt"]


def test_the_news_of_another_gateway(inn: Inn) -> None:
    """A card event with the key of a wallet's attempt completes nothing there."""
    wallet = inn.place_order("sandbox_wallet")
    status.begin_redirect(inn.house, wallet, "http://127.0.0.1:8000")
    waiting_card(inn)
    [of_wallet] = [one for one in attempts(inn) if one.gateway == "sandbox_wallet"]
    record = last_event(inn)
    data = dict(record["data"]) | {"key": of_wallet.idempotency_key, "id": of_wallet.reference}
    assert inn.send(inn.notice(record | {"data": data})) == 200
    assert inn.view(wallet).paid.minor == 0
    assert held(inn) == ["no_attempt"]


def test_an_approval_is_captured_when_it_is_told(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    [notice] = inn.notices("payment")
    assert inn.send(notice) == 200
    inn.drain()
    assert inn.view(order).state == "completed"


def test_news_for_a_paid_invoice_are_credit_and_an_alert(inn: Inn) -> None:
    """The buyer left the challenge, paid with another card, and answered the bank after all."""
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    action = inn.view(order).action
    assert action is not None
    inn.pay_again(order, "sandbox_card")
    path = f"/v1/charges/{action.data['charge']}/authenticate"
    inn.world.call("POST", path, {"result": "ok"}, key=inn.world.public_key)
    for notice in inn.notices("charge"):
        assert inn.send(notice) == 200
    view = inn.view(order)
    assert (view.invoice_status, view.paid, inn.credit(order)) == ("paid", view.total, view.total.minor)
    assert held(inn) == ["invoice_closed"]


def test_held_money_is_closed_once_with_a_word(inn: Inn) -> None:
    waiting_card(inn)
    record = last_event(inn)
    inn.send(inn.notice(record | {"data": dict(record["data"]) | {"key": "ik-nobody"}}))
    with inn.db.read() as session:
        unmatched_id = session.execute(select(UnmatchedMoney.id)).scalar_one()
    with pytest.raises(InvalidFields):
        staff.close_unmatched(inn.house, unmatched_id, " ", "staff:test")
    staff.close_unmatched(inn.house, unmatched_id, "another shop's, sent back", "staff:test")
    with pytest.raises(Conflict):
        staff.close_unmatched(inn.house, unmatched_id, "again", "staff:test")


def test_a_kind_of_news_nobody_knows_is_fine(inn: Inn) -> None:
    waiting_card(inn)
    assert inn.send(inn.notice(last_event(inn) | {"type": "charge.pondered"})) == 200
    assert stored(inn) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"id": 7}', b"\xff\xfe", b"[" * 5000])
def test_nonsense_under_a_good_signature(inn: Inn, body: bytes) -> None:
    _, notice = waiting_card(inn)
    assert inn.send(notice, body=body, headers=_signed(inn, body)) == 400
    assert stored(inn) == []
