"""An order called off: its invoice void, its numbers kept, stock, coupon and names back once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.billing import service as billing
from core.billing.models import Entry, Invoice, Posting
from core.kernel.audit import AuditEntry
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.orders import service
from core.orders.models import CouponUse, Order
from core.payments import staff
from core.services.models import Service
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.shelf import put_coupon, put_product, stock, uses_left


def cancel(inn: Inn, order: str, reason: str = "never paid") -> None:
    service.cancel(inn.house, inn.view(order).id, "staff:test", reason)
    inn.drain()


def invoice(inn: Inn, order: str) -> Invoice:
    with inn.db.read() as session:
        return session.get_one(Invoice, inn.view(order).invoice_id)


def test_everything_is_given_back_once(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=3)
    put_coupon(inn, "ONLYONE", value=5000, uses=1)
    token = inn.fill_cart("last-box", domain=" ", quantity="2", coupon="ONLYONE")
    inn.summary(token, "manual")
    order = inn.confirm(token)
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (1, 0)
    label = invoice(inn, order).label
    cancel(inn, order)
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (3, 1)
    with pytest.raises(Conflict):
        cancel(inn, order)
    assert (stock(inn, "last-box"), uses_left(inn, "ONLYONE")) == (3, 1)
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.needs_payment) == ("cancelled", "void", False)
    with inn.db.read() as session:
        assert session.execute(select(CouponUse)).first() is None
        assert session.execute(select(Service.status)).scalar_one() == "cancelled"
        sums = session.execute(select(func.sum(Posting.amount_minor)).group_by(Posting.account)).scalars()
        assert set(sums) == {0}  # the reversal mirrors the invoice, account by account
        entries = session.execute(select(Entry.source).order_by(Entry.id)).scalars().all()
        audited = session.execute(select(AuditEntry).where(AuditEntry.action == "order.cancel")).scalar_one()
    assert entries[-1].endswith(":void")
    assert audited.after == {"state": "cancelled", "reason": "never paid"}
    assert invoice(inn, order).label == label  # it keeps its number
    later = inn.place_order("manual")
    assert invoice(inn, later).number == 2


def test_a_reason_is_asked_for(inn: Inn) -> None:
    order = inn.place_order("manual")
    with pytest.raises(InvalidFields):
        cancel(inn, order, " ")
    with pytest.raises(NotFound):
        service.cancel(inn.house, inn.view(order).invoice_id, "staff:test", "no such order")


def test_what_was_paid_is_not_cancelled(inn: Inn) -> None:
    paid = inn.place_order("sandbox_card")
    with pytest.raises(Conflict):
        cancel(inn, paid)
    part = inn.place_order("manual")
    staff.mark_paid(
        inn.house, inn.view(part).invoice_id, gateway="manual", amount_text="1.00", reference="CHK 1",
        actor="staff:test",
    )  # fmt: skip
    with pytest.raises(Conflict, match="Refund it"):
        cancel(inn, part)
    on_its_way = inn.place_order("sandbox_echeck")
    with pytest.raises(Conflict):
        cancel(inn, on_its_way)
    assert inn.view(on_its_way).invoice_status == "pending"


@pytest.mark.parametrize("method", ["sandbox_wallet", "sandbox_card"])
def test_what_waits_for_the_buyer_can_be_cancelled(inn: Inn, method: str) -> None:
    order = inn.place_order(method, number=DECLINED_CARD) if method == "sandbox_card" else _at_the_wallet(inn)
    cancel(inn, order)
    assert inn.view(order).state == "cancelled"
    with pytest.raises(Conflict, match="Nothing is owed"):
        inn.pay_again(order, "sandbox_card")
    for notice in inn.notices("payment"):
        inn.send(notice)
    inn.settle_down()
    assert [one["captured"] for one in inn.world.books("payments")] in ([], [0])


def _at_the_wallet(inn: Inn) -> str:
    order = inn.place_order("sandbox_wallet")
    inn.approve(order, comes_back=False)
    return order


def test_money_for_a_void_invoice_is_credit(inn: Inn) -> None:
    order = inn.place_order("manual")
    cancel(inn, order)
    invoice_id = inn.view(order).invoice_id
    with pytest.raises(InvalidFields):  # nothing is owed: an amount has to be named
        staff.mark_paid(
            inn.house, invoice_id, gateway="manual", amount_text="", reference="CHK 1", actor="staff:test"
        )
    staff.mark_paid(
        inn.house, invoice_id, gateway="manual", amount_text="5.00", reference="CHK 1", actor="staff:test"
    )
    inn.drain()
    assert (inn.view(order).invoice_status, inn.credit(order)) == ("void", 500)
    assert inn.view(order).state == "cancelled"


def test_a_void_invoice_is_voided_once(inn: Inn) -> None:
    order = inn.place_order("manual")
    invoice_id = inn.view(order).invoice_id
    with inn.db.transaction() as session:
        assert billing.void(session, inn.house, invoice_id)
        assert not billing.void(session, inn.house, invoice_id)
    with inn.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
