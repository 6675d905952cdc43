"""Bank debits that come back: the invoice is open again, the ledger says so, credit is right."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.billing import ledger
from core.billing.ledger import CREDIT, MONEY, RECEIVABLE, REFUNDS
from core.billing.models import Posting
from core.clients import service as clients
from core.kernel.paging import Window
from core.kernel.problems import Conflict
from core.orders import queries as orders
from core.orders import status
from core.payments import staff
from core.payments.models import Attempt, UnmatchedMoney
from core.services.models import Service
from tests.fixtures.innkeeper import Inn


def balance(inn: Inn, account: str) -> int:
    with inn.db.read() as session:
        total = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(Posting.account == account)
        return int(session.execute(total).scalar_one())


def attempts(inn: Inn) -> list[tuple[str, str]]:
    with inn.db.read() as session:
        rows = session.execute(select(Attempt.kind, Attempt.state).order_by(Attempt.number))
        return [(row.kind, row.state) for row in rows]


def give_back_credit(inn: Inn, order: str, minor: int) -> None:
    """The client spends credit elsewhere: as a later release will, with its entry."""
    with inn.db.transaction() as session:
        found = status.find_order(session, order)
        taken = clients.take_credit(session, found.client_id, minor)
        ledger.post(
            session, brand_id=found.brand_id, occurred_on=inn.clock.now().date(), source="test:spent",
            currency="USD", now=inn.clock.now(), sides=(
                ledger.Side(account=CREDIT, amount_minor=taken, client_id=found.client_id),
                ledger.Side(account=MONEY, amount_minor=-taken),
            ),
        )  # fmt: skip


def test_a_returned_debit_reopens_the_invoice(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck")
    inn.settle()
    total = inn.view(order).total.minor
    assert (balance(inn, MONEY), balance(inn, RECEIVABLE)) == (total, 0)
    [transfer] = inn.world.books("transfers")
    inn.world.return_transfer(str(transfer["id"]))
    inn.settle()
    view = inn.view(order)
    assert (view.invoice_status, view.paid.minor, view.needs_payment) == ("unpaid", 0, True)
    assert view.decline == "The bank sent your payment back."
    assert (balance(inn, MONEY), balance(inn, RECEIVABLE)) == (0, total)
    with inn.db.read() as session:
        service = session.execute(select(Service)).scalar_one()
    assert service.paid_until == service.started_on
    inn.pay_again(order, "sandbox_card")
    assert inn.view(order).invoice_status == "paid"
    assert attempts(inn) == [("charge", "returned"), ("charge", "succeeded")]
    assert len(inn.world.books("accounts")) == 1  # it is built once, however often it is paid


def test_the_return_of_an_account_that_bounces_by_itself(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck", account="123452227")
    inn.settle(days=3)
    assert inn.view(order).invoice_status == "paid"
    inn.settle(days=5)
    assert inn.view(order).invoice_status == "unpaid"
    assert attempts(inn) == [("charge", "returned")]


def test_the_list_of_orders_says_that_it_came_back(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck", account="123452227")
    inn.settle(days=3)
    assert _listed(inn) == [("completed", False)]
    inn.settle(days=5)
    assert _listed(inn) == [("completed", True)]
    inn.pay_again(order, "sandbox_card")
    assert _listed(inn) == [("completed", False)]


def _listed(inn: Inn) -> list[tuple[str, bool]]:
    with inn.db.read() as session:
        rows = orders.list_orders(session, Window()).items
    return [(row.state, row.payment_returned) for row in rows]


def test_settled_and_returned_in_one_report(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck", account="123452227")
    inn.settle(days=10)
    assert inn.view(order).invoice_status == "unpaid"
    assert (balance(inn, MONEY), attempts(inn)) == (0, [("charge", "returned")])


@pytest.mark.parametrize("order_of_news", list(permutations(["settled", "returned", "settled"])))
def test_news_of_one_debit_end_the_same_in_any_order(inn: Inn, order_of_news: tuple[str, ...]) -> None:
    order = inn.place_order("sandbox_echeck")
    inn.world.advance(days=4)
    [transfer] = inn.world.books("transfers")
    inn.world.return_transfer(str(transfer["id"]))
    notices = {one.type.partition(".")[2]: one for one in inn.notices("transfer")}
    for name in order_of_news:
        assert inn.send(notices[name]) == 200
        inn.drain()
    inn.settle()
    inn.settle_down()
    assert (inn.view(order).invoice_status, attempts(inn)) == ("unpaid", [("charge", "returned")])
    assert balance(inn, MONEY) == 0


def test_a_debit_that_arrives_after_the_invoice_is_paid_is_credit_and_an_alert(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck")
    attempt_id = in_doubt(inn)
    staff.settle(inn.house, attempt_id, happened=False, note="not in their list", actor="staff:test")
    inn.pay_again(order, "sandbox_card")
    inn.settle()  # it was there all the same
    total = inn.view(order).total.minor
    assert (inn.view(order).invoice_status, inn.credit(order)) == ("paid", total)
    with inn.db.read() as session:
        assert session.execute(select(UnmatchedMoney.reason)).scalars().all() == ["invoice_closed"]
    [transfer] = inn.world.books("transfers")
    inn.world.return_transfer(str(transfer["id"]))
    inn.settle()
    assert (inn.view(order).invoice_status, inn.credit(order)) == ("paid", 0)
    assert balance(inn, MONEY) == total


def in_doubt(inn: Inn) -> UUID:
    """Make the last attempt one whose answer never came."""
    with inn.db.transaction() as session:
        row = session.execute(select(Attempt).order_by(Attempt.number.desc()).limit(1)).scalar_one()
        row.state = "unknown"
        return row.id


def test_a_return_after_the_credit_was_spent_is_a_loss(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck")
    staff.settle(inn.house, in_doubt(inn), happened=False, note="not seen", actor="staff:test")
    inn.pay_again(order, "sandbox_card")
    inn.settle()
    total = inn.view(order).total.minor
    give_back_credit(inn, order, 1000)
    [transfer] = inn.world.books("transfers")
    inn.world.return_transfer(str(transfer["id"]))
    inn.settle()
    assert inn.credit(order) == 0
    assert balance(inn, REFUNDS) == 1000
    assert balance(inn, MONEY) == total - 1000


def test_a_lost_webhook_loses_no_return(inn: Inn) -> None:
    """The report is read from where it was read last, whatever webhooks told of later events."""
    first = inn.place_order("sandbox_echeck")
    inn.settle()
    [transfer] = inn.world.books("transfers")
    inn.world.return_transfer(str(transfer["id"]))  # its webhook is lost
    inn.clock.advance(days=30)
    second = inn.place_order("sandbox_echeck")
    inn.world.advance(days=30)
    late = [one for one in inn.notices("transfer.settled")][-1]
    assert inn.send(late) == 200
    inn.settle()
    assert inn.view(second).invoice_status == "paid"
    assert inn.view(first).invoice_status == "unpaid"


def test_a_pending_debit_can_not_be_refunded(inn: Inn) -> None:
    inn.place_order("sandbox_echeck")
    with inn.db.read() as session:
        attempt_id = session.execute(select(Attempt.id)).scalar_one()
    with pytest.raises(Conflict):
        staff.refund(inn.house, attempt_id, "1.00", "staff:test")
