"""Every way to pay, from an empty cart to a running service."""

from __future__ import annotations

import pytest

from core.kernel.problems import Conflict, InvalidFields
from core.orders import status
from core.payments import staff
from tests.fixtures.innkeeper import DECLINED_CARD, SECURE_CARD, Inn


def standing(inn: Inn, order: str) -> tuple[str, str]:
    view = inn.view(order)
    return view.state, view.invoice_status


def by_hand(inn: Inn, order: str, amount: str = "", reference: str = "CHK 1") -> None:
    invoice = inn.view(order).invoice_id
    staff.mark_paid(
        inn.house, invoice, gateway="manual", amount_text=amount, reference=reference, actor="staff:test"
    )
    inn.drain()


def begin(inn: Inn, order: str) -> str:
    return status.begin_redirect(inn.house, order, "http://127.0.0.1:8000")


def test_card(inn: Inn) -> None:
    order = inn.place_order("sandbox_card")
    view = inn.view(order)
    assert (view.state, view.invoice_status) == ("completed", "paid")
    assert view.finished
    assert not view.needs_payment
    [charge] = inn.world.books("charges")
    assert (charge["amount"], charge["currency"]) == (view.total.minor, view.total.currency)
    [account] = inn.world.books("accounts")
    assert account["state"] == "active"
    assert dict(view.access[0][1])["Username"] == account["username"]


def test_wallet(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    assert inn.view(order).approve_url
    assert inn.world.books("payments") == []
    inn.approve(order)
    assert standing(inn, order) == ("completed", "paid")
    [payment] = inn.world.books("payments")
    assert (payment["status"], payment["captured"]) == ("captured", inn.view(order).total.minor)


def test_a_wallet_is_captured_though_the_browser_never_comes_back(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    inn.later(minutes=6)
    assert standing(inn, order) == ("completed", "paid")


def test_a_cancelled_wallet_keeps_the_order_and_says_why(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, "cancel")
    view = inn.view(order)
    assert (view.invoice_status, view.needs_payment) == ("unpaid", True)
    assert view.decline == "The payment was cancelled on the approval page."
    inn.pay_again(order, "sandbox_wallet")
    inn.approve(order)
    assert standing(inn, order) == ("completed", "paid")
    assert [one["status"] for one in inn.world.books("payments")] == ["cancelled", "captured"]


def test_the_wallets_page_is_the_same_however_often_it_is_asked_for(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    assert inn.approve(order, comes_back=False) == inn.approve(order, comes_back=False)
    assert len(inn.world.books("payments")) == 1


def test_an_approval_that_never_comes_is_over_after_three_hours(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.later(hours=5)  # the buyer takes their time before they go there
    url = begin(inn, order)
    inn.later(minutes=6)
    assert inn.view(order).approve_url
    inn.later(hours=3)
    view = inn.view(order)
    assert (view.needs_payment, view.decline) == (True, "The payment was not approved in time.")
    inn.world.press(url, "approve")  # too late: nobody captures it
    inn.settle_down()
    assert inn.view(order).invoice_status == "unpaid"
    assert [one["captured"] for one in inn.world.books("payments")] == [0]


def test_a_left_wallet_page_is_never_captured(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    url = begin(inn, order)
    inn.pay_again(order, "sandbox_card")
    assert standing(inn, order) == ("completed", "paid")
    inn.world.press(url, "approve")
    for notice in inn.notices("payment"):
        assert inn.send(notice) == 200
    inn.settle_down()
    assert [one["captured"] for one in inn.world.books("payments")] == [0]
    assert len(inn.world.books("charges")) == 1


def test_who_approved_and_then_chooses_a_card_has_paid_already(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    with pytest.raises(Conflict, match="Nothing is owed"):
        inn.pay_again(order, "sandbox_card")
    inn.drain()
    assert standing(inn, order) == ("completed", "paid")
    assert inn.world.books("charges") == []


def test_echeck_pays_when_the_bank_says_so(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck")
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.settles) == ("placed", "pending", True)
    assert inn.world.books("accounts") == []
    with pytest.raises(Conflict):
        inn.pay_again(order, "sandbox_card")
    inn.settle()
    assert standing(inn, order) == ("completed", "paid")
    assert len(inn.world.books("accounts")) == 1


def test_an_echeck_declined_at_once_can_be_paid_by_card(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck", account="123451113")
    view = inn.view(order)
    assert (view.invoice_status, view.decline) == ("unpaid", "The bank says this account is closed.")
    inn.pay_again(order, "sandbox_card")
    assert standing(inn, order) == ("completed", "paid")


def test_a_declined_card_keeps_the_order(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=DECLINED_CARD)
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.needs_payment) == ("placed", "unpaid", True)
    assert view.decline
    assert inn.world.books("accounts") == []
    inn.pay_again(order, "sandbox_card", number=DECLINED_CARD)
    assert inn.view(order).needs_payment
    inn.pay_again(order, "sandbox_card")
    assert standing(inn, order) == ("completed", "paid")
    assert [one["status"] for one in inn.world.books("charges")] == ["declined", "declined", "succeeded"]
    with pytest.raises(Conflict, match="Nothing is owed"):
        inn.pay_again(order, "sandbox_card")


@pytest.mark.parametrize("result", ["ok", "fail"])
def test_the_bank_asks_who_it_is(inn: Inn, result: str) -> None:
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    view = inn.view(order)
    assert view.action is not None
    assert (view.action_gateway, view.invoice_status) == ("sandbox_card", "unpaid")
    assert status.setup_of(inn.house, view) is not None
    inn.authenticate(order, result)
    inn.come_back(order)
    view = inn.view(order)
    if result == "ok":
        assert (view.state, view.invoice_status) == ("completed", "paid")
    else:
        assert (view.needs_payment, view.decline) == (True, "The bank could not confirm that it is you.")
    assert len(inn.world.books("charges")) == 1


def test_a_challenge_can_be_left_for_another_card(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    inn.pay_again(order, "sandbox_card")
    assert standing(inn, order) == ("completed", "paid")
    assert [one["status"] for one in inn.world.books("charges")] == ["requires_action", "succeeded"]


def test_a_challenge_passed_in_another_tab_is_found_before_it_is_left(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    inn.authenticate(order)
    with pytest.raises(Conflict, match="Nothing is owed"):
        inn.pay_again(order, "sandbox_card")
    assert len(inn.world.books("charges")) == 1


def test_manual_payment(inn: Inn) -> None:
    order = inn.place_order("manual")
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.needs_payment) == ("placed", "unpaid", False)
    assert view.instructions is not None
    assert any(view.invoice_label in line for line in view.instructions.lines)
    by_hand(inn, order)
    assert standing(inn, order) == ("completed", "paid")


def test_manual_payment_in_two_parts(inn: Inn) -> None:
    order = inn.place_order("manual")
    total = inn.view(order).total
    by_hand(inn, order, "20.00", "CHK 1")
    view = inn.view(order)
    assert (view.invoice_status, view.paid.minor) == ("unpaid", 2000)
    assert any(f"{(total - view.paid)}" in line for line in view.instructions.lines)  # type: ignore[union-attr]
    by_hand(inn, order, "", "CHK 2")
    assert standing(inn, order) == ("completed", "paid")
    assert inn.credit(order) == 0


def test_manual_payment_of_too_much_becomes_credit(inn: Inn) -> None:
    order = inn.place_order("manual")
    by_hand(inn, order, "100.00")
    assert standing(inn, order) == ("completed", "paid")
    assert inn.credit(order) == 10000 - inn.view(order).total.minor


def test_a_reference_is_booked_once(inn: Inn) -> None:
    first, second = inn.place_order("manual"), inn.place_order("manual")
    by_hand(inn, first, "1.00", "CHK 7")
    for order in (first, second):
        with pytest.raises(InvalidFields) as wrong:
            by_hand(inn, order, "1.00", " CHK  7 ")
        assert list(wrong.value.messages) == ["reference"]
    assert inn.view(second).paid.minor == 0


@pytest.mark.parametrize("amount", ["0", "-5", "abc", "1e5", "99999999999999"])
def test_an_amount_by_hand_has_to_make_sense(inn: Inn, amount: str) -> None:
    order = inn.place_order("manual")
    with pytest.raises(InvalidFields) as wrong:
        by_hand(inn, order, amount)
    assert list(wrong.value.messages) == ["amount"]


def test_manual_order_paid_by_card_after_all(inn: Inn) -> None:
    order = inn.place_order("manual")
    by_hand(inn, order, "10.00")
    inn.pay_again(order, "sandbox_card")
    assert standing(inn, order) == ("completed", "paid")
    [charge] = inn.world.books("charges")
    assert charge["amount"] == inn.view(order).total.minor - 1000


def test_from_card_to_manual(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=DECLINED_CARD)
    inn.pay_again(order, "manual")
    view = inn.view(order)
    assert view.instructions is not None
    by_hand(inn, order)
    assert standing(inn, order) == ("completed", "paid")
