"""Money given back: never more than was taken, once each, and known to the ledger."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.billing.ledger import MONEY, REFUNDS
from core.billing.models import Posting
from core.kernel.audit import AuditEntry
from core.kernel.problems import Conflict, InvalidFields
from core.payments import staff
from core.payments.models import Attempt
from core.payments.recording import record
from core.plugin_api.values import DeclineCode, PaymentOutcome, Status
from tests.fixtures.innkeeper import Inn

METHODS = ("sandbox_card", "sandbox_wallet", "sandbox_echeck")


def paid(inn: Inn, method: str = "sandbox_card") -> UUID:
    """An order paid this way; returns its attempt."""
    order = inn.place_order(method)
    if method == "sandbox_wallet":
        inn.approve(order)
    if method == "sandbox_echeck":
        inn.settle()
    with inn.db.read() as session:
        return session.execute(select(Attempt.id)).scalar_one()


def charge(inn: Inn, attempt_id: UUID) -> Attempt:
    with inn.db.read() as session:
        return session.get_one(Attempt, attempt_id)


def sums(inn: Inn) -> dict[str, int]:
    with inn.db.read() as session:
        rows = session.execute(
            select(Posting.account, func.sum(Posting.amount_minor)).group_by(Posting.account)
        )
        return {account: int(total) for account, total in rows}


@pytest.mark.parametrize("method", METHODS)
def test_part_then_the_rest(inn: Inn, method: str) -> None:
    attempt_id = paid(inn, method)
    total = charge(inn, attempt_id).amount_minor
    staff.refund(inn.house, attempt_id, "13.00", "staff:test")
    inn.drain()
    assert (charge(inn, attempt_id).refunded_minor, charge(inn, attempt_id).state) == (1300, "succeeded")
    assert (sums(inn)[REFUNDS], sums(inn)[MONEY]) == (1300, total - 1300)
    staff.refund(inn.house, attempt_id, "", "staff:test")
    inn.drain()
    assert (charge(inn, attempt_id).refunded_minor, charge(inn, attempt_id).state) == (total, "refunded")
    assert sums(inn)[REFUNDS] == total
    with pytest.raises(Conflict):
        staff.refund(inn.house, attempt_id, "0.01", "staff:test")
    book = {"sandbox_card": "charges", "sandbox_wallet": "payments", "sandbox_echeck": "transfers"}[method]
    assert inn.world.books(book)[0]["refunded"] == total
    with inn.db.read() as session:
        actions = session.execute(select(AuditEntry.action)).scalars().all()
    assert actions.count("attempt.refund") == 2


@pytest.mark.parametrize("amount", ["0", "-1", "63.01", "1e2", "x"])
def test_an_amount_that_can_not_be_given_back(inn: Inn, amount: str) -> None:
    attempt_id = paid(inn)
    with pytest.raises(InvalidFields) as wrong:
        staff.refund(inn.house, attempt_id, amount, "staff:test")
    assert list(wrong.value.messages) == ["amount"]
    assert charge(inn, attempt_id).refunded_minor == 0


def test_a_refund_that_never_arrived_is_sent_again(inn: Inn) -> None:
    attempt_id = paid(inn)
    inn.world.fault("charges", "refuse", 2)
    refund_id = staff.refund(inn.house, attempt_id, "10.00", "staff:test")
    inn.settle_down()
    assert charge(inn, refund_id).state == "succeeded"
    assert inn.world.books("charges")[0]["refunded"] == 1000


def test_a_refund_that_never_arrives_gives_its_allowance_back(inn: Inn) -> None:
    attempt_id = paid(inn)
    inn.world.fault("charges", "refuse", -1)
    refund_id = staff.refund(inn.house, attempt_id, "10.00", "staff:test")
    inn.settle_down()
    assert charge(inn, refund_id).state == "not_sent"
    assert charge(inn, attempt_id).refunded_minor == 0


def test_a_declined_refund_gives_its_allowance_back(inn: Inn) -> None:
    attempt_id = paid(inn)
    inn.world.fault("charges", "decline")
    refund_id = staff.refund(inn.house, attempt_id, "10.00", "staff:test")
    inn.drain()
    assert charge(inn, refund_id).state == "declined"
    assert charge(inn, attempt_id).refunded_minor == 0


@pytest.mark.parametrize("happened", [True, False])
def test_a_refund_in_doubt_waits_for_staff_and_is_never_repeated(inn: Inn, happened: bool) -> None:
    attempt_id = paid(inn)
    inn.world.fault("charges", "lose_answer" if happened else "stall", seconds=0.1)
    refund_id = staff.refund(inn.house, attempt_id, "60.00", "staff:test")
    inn.settle_down()
    assert charge(inn, refund_id).state == "unknown"
    with pytest.raises(InvalidFields):  # its allowance stays taken while nobody knows
        staff.refund(inn.house, attempt_id, "60.00", "staff:test")
    if happened:
        with pytest.raises(InvalidFields):
            staff.settle(inn.house, refund_id, happened=True, note="seen", actor="staff:test")
    staff.settle(
        inn.house, refund_id, happened=happened, note="looked at their list", actor="staff:test",
        reference="re_from_their_screen",
    )  # fmt: skip
    inn.settle_down()
    taken = 6000 if happened else 0
    assert charge(inn, attempt_id).refunded_minor == taken
    assert sums(inn).get(REFUNDS, 0) == taken
    assert inn.world.books("charges")[0]["refunded"] == taken
    with pytest.raises(Conflict):
        staff.settle(inn.house, refund_id, happened=True, note="again", actor="staff:test", reference="re_2")


def test_a_look_at_a_refund_in_doubt_changes_nothing(inn: Inn) -> None:
    attempt_id = paid(inn)
    inn.world.fault("charges", "lose_answer")
    refund_id = staff.refund(inn.house, attempt_id, "10.00", "staff:test")
    inn.drain()
    staff.look_up_now(inn.house, refund_id, "staff:test")
    inn.settle_down()
    assert (charge(inn, refund_id).state, charge(inn, refund_id).next_lookup_at) == ("unknown", None)


def test_a_refund_that_comes_back_can_be_given_anew(inn: Inn) -> None:
    """The card is closed, say: the provider has the money again, days after it said yes."""
    attempt_id = paid(inn)
    total = charge(inn, attempt_id).amount_minor
    refund_id = staff.refund(inn.house, attempt_id, "", "staff:test")
    inn.drain()
    assert charge(inn, attempt_id).state == "refunded"
    back = PaymentOutcome(
        status=Status.DECLINED, code=DeclineCode.RETURNED, reference=charge(inn, refund_id).reference
    )
    with inn.db.transaction() as session:
        record(session, inn.house, refund_id, back, how="webhook")
    assert (charge(inn, refund_id).state, charge(inn, attempt_id).state) == ("returned", "succeeded")
    assert charge(inn, attempt_id).refunded_minor == 0
    assert (sums(inn)[REFUNDS], sums(inn)[MONEY]) == (0, total)


def test_what_is_not_a_payment_is_not_looked_up(inn: Inn) -> None:
    attempt_id = paid(inn)
    with pytest.raises(Conflict):
        staff.look_up_now(inn.house, attempt_id, "staff:test")


def test_money_by_hand_can_not_be_sent_back_by_a_gateway(inn: Inn) -> None:
    order = inn.place_order("manual")
    attempt_id = staff.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text="", reference="CHK 1",
        actor="staff:test",
    )  # fmt: skip
    with pytest.raises(Conflict, match="can not give money back"):
        staff.refund(inn.house, attempt_id, "1.00", "staff:test")
