"""Credit: every movement balanced in the ledger, and nobody spends what another has spent."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.billing import items, ledger, of_client
from core.billing.models import Entry, Invoice, Posting
from core.clients.models import Client
from core.kernel.paging import Window
from core.kernel.problems import Conflict, InvalidFields, Problem
from core.orders import service as orders
from core.payments import credit, staff, voiding
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race

ME = "staff:test"


def client_of(inn: Inn, order: str) -> UUID:
    with inn.db.read() as session:
        return session.get_one(Invoice, inn.view(order).invoice_id).client_id


def give(inn: Inn, client_id: UUID, amount: str, origin: str = "goodwill") -> None:
    credit.add(inn.house, client_id, amount_text=amount, reason="a test", origin=origin, actor=ME)


def balance(inn: Inn, client_id: UUID) -> int:
    with inn.db.read() as session:
        return session.get_one(Client, client_id).credit_minor


def entries(inn: Inn, account: str) -> list[int]:
    with inn.db.read() as session:
        return list(
            session.scalars(
                select(Posting.amount_minor).where(Posting.account == account).order_by(Posting.id)
            )
        )


def test_given_used_and_paid_out_every_movement_stands_in_the_ledger(inn: Inn) -> None:
    order = inn.place_order("manual")
    client_id, invoice_id = client_of(inn, order), inn.view(order).invoice_id
    give(inn, client_id, "5.00")
    give(inn, client_id, "500.00", "received")
    used = credit.use(inn.house, invoice_id, amount_text="5", actor=ME)
    assert used.minor == 500
    with inn.db.read() as session:
        assert session.get_one(Invoice, invoice_id).status == "unpaid"  # partly paid
    rest = credit.use(inn.house, invoice_id, actor=ME)
    inn.drain()
    with inn.db.read() as session:
        invoice = session.get_one(Invoice, invoice_id)
    assert invoice.status == "paid"
    assert rest.minor == invoice.total_minor - 500
    assert inn.view(order).state != "placed"  # what it pays for is built, as with any money
    left = 50_500 - invoice.total_minor
    credit.pay_out(inn.house, client_id, amount_text=f"{left / 100:.2f}", reference="T 1", actor=ME)
    assert balance(inn, client_id) == 0
    assert entries(inn, ledger.GIVEN) == [500]
    assert entries(inn, ledger.MONEY) == [50_000, -left]
    with inn.db.read() as session:
        told = of_client.credit_movements(session, client_id, Window()).items
    assert [row.amount.minor for row in told] == [-left, -rest.minor, -500, 50_000, 500]
    with pytest.raises(Conflict, match="Nothing is owed"):
        credit.use(inn.house, invoice_id, actor=ME)


def test_bad_input_is_named_and_moves_nothing(inn: Inn) -> None:
    order = inn.place_order("manual")
    client_id, invoice_id = client_of(inn, order), inn.view(order).invoice_id
    give(inn, client_id, "10")
    bad = ("", "0", "-1", "1e3", "NaN", "Infinity", "12,34.5.6", "99999999999999999", "one")
    for amount in bad:
        with pytest.raises(InvalidFields, match="amount"):
            give(inn, client_id, amount)
        with pytest.raises(InvalidFields, match="amount"):
            credit.pay_out(inn.house, client_id, amount_text=amount, reference="R", actor=ME)
    for amount in ("10.01", "-1", "9999999"):
        with pytest.raises(InvalidFields):
            credit.use(inn.house, invoice_id, amount_text=amount, actor=ME)
    with pytest.raises(InvalidFields, match=r"10\.00"):
        credit.pay_out(inn.house, client_id, amount_text="10.01", reference="R", actor=ME)
    for field in ({"reason": " "}, {"reason": "x" * 301}, {"reason": "nul\0"}, {"origin": "1000"}):
        given = {"amount_text": "1", "reason": "x", "origin": "goodwill", **field}
        with pytest.raises(InvalidFields) as refused:
            credit.add(inn.house, client_id, actor=ME, **given)
        assert list(refused.value.messages) == list(field)
    assert balance(inn, client_id) == 1000


def test_one_reference_pays_out_once(inn: Inn) -> None:
    client_id = client_of(inn, inn.place_order("manual"))
    give(inn, client_id, "10")
    credit.pay_out(inn.house, client_id, amount_text="1", reference="T 7", actor=ME)
    with pytest.raises(InvalidFields, match="booked already"):
        credit.pay_out(inn.house, client_id, amount_text="1", reference=" T  7 ", actor=ME)
    assert balance(inn, client_id) == 900


def test_twenty_at_once_spend_what_is_there_and_no_more(inn: Inn) -> None:
    """A31: twenty reach for credit that is enough for seven, half of them to pay out, half for an invoice."""
    order = inn.place_order("manual")
    client_id, invoice_id = client_of(inn, order), inn.view(order).invoice_id
    give(inn, client_id, "7.00")

    def reach(number: int) -> int:
        try:
            if number % 2:
                return credit.use(inn.house, invoice_id, amount_text="1", actor=ME).minor
            return credit.pay_out(
                inn.house, client_id, amount_text="1", reference=f"T {number}", actor=ME
            ).minor
        except Problem:
            return 0

    got = race(20, reach)
    assert sum(got) == 700
    assert balance(inn, client_id) == 0
    with inn.db.read() as session:
        entry = select(Entry.source).where(Entry.source.like("credit:%"))
        assert len(session.execute(entry).all()) == 1 + 7


def test_no_credit_while_a_charge_is_under_way(inn: Inn) -> None:
    order = inn.place_order("sandbox_echeck", drain=False)
    client_id, invoice_id = client_of(inn, order), inn.view(order).invoice_id
    give(inn, client_id, "10")
    with pytest.raises(Conflict, match="under way"):
        credit.use(inn.house, invoice_id, actor=ME)
    assert balance(inn, client_id) == 1000


def test_what_lay_on_a_cancelled_order_is_the_clients_again_once(inn: Inn) -> None:
    """M96."""
    order = inn.place_order("manual")
    client_id, invoice_id = client_of(inn, order), inn.view(order).invoice_id
    give(inn, client_id, "5.00")
    credit.use(inn.house, invoice_id, actor=ME)
    assert balance(inn, client_id) == 0

    def cancel(_: int) -> bool:
        try:
            orders.cancel(inn.house, inn.view(order).id, ME, "changed their mind")
        except Conflict:
            return False
        return True

    assert sum(race(4, cancel)) == 1
    assert balance(inn, client_id) == 500
    with inn.db.read() as session:
        assert session.get_one(Invoice, invoice_id).status == "void"


def test_money_that_was_paid_keeps_an_invoice_from_being_void(inn: Inn) -> None:
    order = inn.place_order("manual")
    client_id = client_of(inn, order)
    invoice = items.issue_items(
        inn.house, client_id, [items.ItemForm(text="Postage", unit_price="9.00")], actor=ME
    )
    give(inn, client_id, "5.00")
    credit.use(inn.house, invoice.id, actor=ME)
    voiding.void(inn.house, invoice.id, reason="a mistake", actor=ME)
    assert balance(inn, client_id) == 500
    other = items.issue_items(
        inn.house, client_id, [items.ItemForm(text="Postage", unit_price="9.00")], actor=ME
    )
    staff.mark_paid(inn.house, other.id, gateway="manual", amount_text="1.00", reference="CHK 3", actor=ME)
    with pytest.raises(Conflict, match="nothing was paid"):
        voiding.void(inn.house, other.id, reason="a mistake", actor=ME)
    with pytest.raises(Conflict, match="An order waits"):
        voiding.void(inn.house, inn.view(order).invoice_id, reason="a mistake", actor=ME)
