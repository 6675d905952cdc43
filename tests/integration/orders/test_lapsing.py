"""An order that nobody pays holds stock, coupon and names for a time and not for ever."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from core.app import schedules
from core.billing.checks import breaches
from core.billing.models import Invoice
from core.domains.models import Domain
from core.kernel.audit import AuditEntry
from core.kernel.money import Money
from core.orders import lapsing, status
from core.payments import staff
from core.payments.models import Attempt, UnmatchedMoney
from core.payments.recording import record
from core.plugin_api.values import PaymentOutcome, Status
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.race import race
from tests.fixtures.shelf import put_coupon, put_product, stock, uses_left
from tests.integration.orders.test_races import tried


def lapse(inn: Inn, days: int = 14, by_hand_days: int = 45) -> int:
    count = lapsing.lapse(inn.house, days=days, by_hand_days=by_hand_days)
    inn.drain()
    return count


def states(inn: Inn, *orders: str) -> list[str]:
    return [inn.view(order).state for order in orders]


def boxes(inn: Inn, method: str, *, coupon: str = "", **special: str) -> str:
    """Two of three boxes."""
    token = inn.fill_cart("last-box", domain=" ", quantity="2", coupon=coupon)
    inn.summary(token, method, **special)
    order = inn.confirm(token)
    inn.drain()
    return order


def last_attempt(inn: Inn, order: str) -> Attempt:
    found = select(Attempt).where(Attempt.invoice_id == inn.view(order).invoice_id)
    with inn.db.read() as session:
        return session.scalars(found.order_by(Attempt.number.desc()).limit(1)).one()


def it_did_happen(inn: Inn, attempt: Attempt) -> None:
    """A late word of the provider's, as a webhook brings it."""
    said = PaymentOutcome(status=Status.SUCCEEDED, reference=attempt.reference)
    inn.db.run(lambda session: record(session, inn.house, attempt.id, said, how="webhook"))


def pay_by_hand(inn: Inn, order: str, amount: str = "") -> None:
    staff.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text=amount,
        reference=f"CHK {order[:9]}", actor="staff:test",
    )  # fmt: skip


def test_what_nobody_pays_is_cancelled_in_time_and_gives_back_all_it_held(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=3)
    put_coupon(inn, "ONLYONE", value=5000, uses=1)
    declined = boxes(inn, "sandbox_card", number=DECLINED_CARD, coupon="ONLYONE")
    never_gone = inn.place_order("sandbox_wallet", "example-domain", domain="orchid.example")
    by_transfer = inn.place_order("manual")
    inn.clock.advance(days=13)
    assert lapse(inn) == 0
    inn.clock.advance(days=3)
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (1, 0)
    assert lapse(inn) == 2
    assert states(inn, declined, never_gone, by_transfer) == ["cancelled", "cancelled", "placed"]
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (3, 1)
    with inn.db.read() as session:
        assert session.scalars(select(Domain.state)).all() == ["released"]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "order.cancel")).first()
        assert entry is not None
        assert (entry.actor, entry.after) == (
            "system", {"state": "cancelled", "reason": "It was not paid in time."},
        )  # fmt: skip
    assert lapse(inn) == 0
    inn.clock.advance(days=31)
    run = next(run for name, _every, run in schedules(inn.house) if name == "orders.lapse")
    run()
    assert states(inn, by_transfer) == ["cancelled"]
    view = inn.view(declined)
    assert (view.lapsed, view.invoice_status, view.needs_payment, view.came_late) == (
        True, "void", False, None,
    )  # fmt: skip
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (3, 1)


@pytest.mark.usefixtures("short_patience")
def test_what_moves_or_was_tried_lately_or_is_not_due_is_left(inn: Inn) -> None:
    settles = inn.place_order("sandbox_echeck")
    inn.misbehave("charges", "lose_answer")
    inn.misbehave("charges", "server_error", times=-1, method="GET")
    unknown = inn.place_order("sandbox_card")
    inn.world.clear_faults()
    part = inn.place_order("manual")
    pay_by_hand(inn, part, "1.00")
    paid = inn.place_order("sandbox_card", drain=False)
    inn.engine.drain(only=lambda run: run.task == "attempt")  # paid, and nobody was told yet
    long_terms = inn.place_order("manual")
    invoice_id = inn.view(long_terms).invoice_id
    with inn.db.transaction() as session:
        mine = update(Invoice).where(Invoice.id == invoice_id)
        session.execute(mine.values(due_on=inn.clock.now().date() + timedelta(days=74)))
    lately = inn.place_order("sandbox_card", number=DECLINED_CARD)
    at_the_page = inn.place_order("sandbox_wallet")
    inn.clock.advance(days=60)
    inn.pay_again(lately, "sandbox_card", number=DECLINED_CARD)
    inn.approve(at_the_page, comes_back=False)
    assert lapse(inn, 14, 14) == 0
    assert lapse(inn, 0, 0) == 0
    kept = states(inn, settles, unknown, part, paid, long_terms, lately, at_the_page)
    assert "cancelled" not in kept


def test_money_that_comes_later_is_credit_and_brings_nothing_back(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=3)
    order = boxes(inn, "sandbox_card", number=DECLINED_CARD)
    by_transfer = inn.place_order("manual")
    inn.clock.advance(days=60)
    assert lapse(inn) == 2
    attempt = last_attempt(inn, order)
    it_did_happen(inn, attempt)
    it_did_happen(inn, attempt)
    pay_by_hand(inn, by_transfer, "5.00")
    inn.settle_down()
    view = inn.view(order)
    assert (view.state, view.invoice_status, stock(inn, "last-box")) == ("cancelled", "void", 3)
    assert view.came_late == Money(attempt.amount_minor, "USD")
    assert (inn.credit(order), inn.credit(by_transfer)) == (attempt.amount_minor, 500)
    with inn.db.read() as session:
        held = session.scalars(select(UnmatchedMoney)).one()
        assert (held.reason, held.amount_minor, held.state) == (
            "invoice_closed",
            attempt.amount_minor,
            "open",
        )
        assert list(breaches(session)) == []


@pytest.mark.parametrize("way", ["late word", "by hand"])
def test_paid_at_the_moment_of_the_sweep(inn: Inn, way: str) -> None:
    """Four processes sweep while money comes: a living order that is paid, or a cancelled one with credit."""
    for round_ in range(2):
        put_product(inn, f"box-{round_}", {"year:1": 5000}, stock=3)
        token = inn.fill_cart(f"box-{round_}", domain=" ", quantity="2")
        if way == "by hand":
            inn.summary(token, "manual")
        else:
            inn.summary(token, "sandbox_card", number=DECLINED_CARD)
        order = inn.confirm(token)
        inn.drain()
        inn.clock.advance(days=60)
        total = inn.view(order).total
        if way == "by hand":
            money = partial(pay_by_hand, inn, order, str(total.major))
        else:
            money = partial(it_did_happen, inn, last_attempt(inn, order))
        sweep = partial(lapsing.lapse, inn.house, days=14, by_hand_days=14)
        results = race(5, lambda number, money=money, sweep=sweep: tried(sweep if number else money))  # type: ignore[misc]
        inn.drain()
        assert results == ["ok"] * 5
        view = inn.view(order)
        if view.state == "cancelled":
            assert (view.invoice_status, view.paid.minor) == ("void", 0)
            assert (stock(inn, f"box-{round_}"), inn.credit(order)) == (3, total.minor)
        else:
            assert (view.state, view.invoice_status) == ("completed", "paid")
            assert (stock(inn, f"box-{round_}"), inn.credit(order)) == (1, 0)
        with inn.db.read() as session:
            assert list(breaches(session)) == []


def test_on_the_way_to_the_page_at_the_moment_of_the_sweep(inn: Inn) -> None:
    """Who gets the page has a living order; who does not is told so, and nothing can be approved."""
    for _ in range(4):
        order = inn.place_order("sandbox_wallet")
        inn.clock.advance(days=20)
        go = partial(status.begin_redirect, inn.house, order, "http://127.0.0.1:8000")
        sweep = partial(lapsing.lapse, inn.house, days=14, by_hand_days=0)
        results = race(4, lambda number, go=go, sweep=sweep: tried(sweep if number else go))  # type: ignore[misc]
        inn.drain()
        expected = ("placed", "pending") if results[0] == "ok" else ("cancelled", "not_sent")
        assert (inn.view(order).state, last_attempt(inn, order).state) == expected
