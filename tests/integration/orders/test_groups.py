"""A client's group acts in orders: its discount with the reason, its time to pay, its tax policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.billing.models import Invoice, InvoiceLine
from core.catalog.models import Product
from core.clients.models import Client, ClientGroup
from core.kernel.ids import new_id
from core.orders import cart, checkout
from core.orders.values import Bill
from tests.fixtures.innkeeper import Inn


def returning(inn: Inn, *products: str, coupon: str = "", **group: Any) -> tuple[str, Bill]:
    """The cart of a client who has ordered before and is in such a group; its token and its bill."""
    order = inn.place_order()
    inn.drain()
    with inn.db.transaction() as session:
        row = ClientGroup(id=new_id(), name="Friends", **group)
        session.add(row)
        session.flush()
        client_id = session.scalars(select(Client.id).order_by(Client.id.desc()).limit(1)).one()
        session.execute(update(Client).where(Client.id == client_id).values(group_id=row.id))
    assert order
    token = inn.fill_cart(*products, coupon=coupon)
    cart.sign_in(inn.house, token, client_id)
    view = cart.view_cart(inn.house, token)
    assert view is not None
    return token, view.bill


def rows(bill: Bill) -> list[tuple[str, int]]:
    return [(row.label, row.amount.minor) for row in bill.discounts]


def test_a_percentage_is_told_with_its_reason(inn: Inn) -> None:
    _, bill = returning(inn, discount_kind="percent", discount_value=1000)
    assert rows(bill) == [("Group discount: Friends", -600)]
    assert bill.total.minor == 5400 + 270  # 6.25 % of 80 % of what is left


def test_the_coupon_takes_its_part_of_what_the_group_left(inn: Inn) -> None:
    _, bill = returning(inn, coupon="WELCOME10", discount_kind="percent", discount_value=5000)
    assert [amount for _, amount in rows(bill)] == [-3000, -300]
    assert rows(bill)[1][0].startswith("WELCOME10")


@pytest.mark.parametrize(("value", "off"), [(1500, 1500), (999_999, 6000)])
def test_an_amount_never_takes_more_than_there_is(inn: Inn, value: int, off: int) -> None:
    _, bill = returning(inn, discount_kind="fixed", discount_value=value)
    assert rows(bill) == [("Group discount: Friends", -off)]


def test_chosen_products_only(inn: Inn) -> None:
    with inn.db.read() as session:
        other = session.scalars(select(Product.id).where(Product.slug == "business-hosting")).one()
    _, bill = returning(inn, discount_kind="percent", discount_value=1000, discount_products=[str(other)])
    assert rows(bill) == []


def test_an_exempt_group_bears_no_tax(inn: Inn) -> None:
    _, bill = returning(inn, tax_policy="exempt")
    assert (bill.taxes, bill.total.minor) == ((), 6000)


def test_the_invoice_has_the_groups_time_to_pay_and_its_reason(inn: Inn) -> None:
    token, _ = returning(inn, discount_kind="percent", discount_value=1000, due_days=30)
    checkout.save_summary(inn.house, token, inn.payment("manual"), {}, ip="127.0.0.1")
    inn.confirm(token)
    with inn.db.read() as session:
        invoice = session.scalars(
            select(Invoice).order_by(Invoice.created_at.desc(), Invoice.number.desc())
        ).first()
        assert invoice is not None
        line = session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).one()
    assert invoice.due_on - invoice.issued_on == timedelta(days=30)
    assert (line.discount_minor, line.net_minor) == (600, 5400)
    assert line.explanation.endswith("for Friends")
