"""Billing one client now: each period once, by the status of the client, for the right periods."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.billing import items, renewing
from core.billing import queries as billing
from core.billing.items import NOT_TAXED, ItemForm
from core.billing.models import Invoice, InvoiceLine, TaxLine
from core.clients import statuses
from core.clients.models import Client, ClientGroup, ClientStatus, Contact
from core.clients.standing import NotBillable
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields
from core.payments import service as payments
from core.payments.values import NewCharge
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race

ME = "staff:test"


def customer(inn: Inn, cycle: str = "month:1") -> UUID:
    """A client of one paid service that runs. It is noon in Chicago: the same day there and here."""
    inn.clock._at = inn.clock.now().replace(hour=18, minute=0)
    order = inn.place_order("sandbox_card", cycle=cycle)
    inn.drain()
    with inn.db.read() as session:
        service = session.execute(select(Service)).scalars().one()
        assert service.status == "active", inn.view(order)
        return service.client_id


def due_on(inn: Inn, day: date) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Service).values(next_due_on=day, anchor_day=day.day))


def today(inn: Inn) -> date:
    return inn.clock.now().date()


def become(inn: Inn, client_id: UUID, label: str) -> None:
    with inn.db.transaction() as session:
        status = session.execute(select(ClientStatus.id).where(ClientStatus.label == label)).scalar_one()
        statuses.change_status(
            session, inn.house, client_id, status, closing=lambda *_: None, reason="a test", actor=ME
        )


def lines_of(inn: Inn, invoice_id: UUID) -> list[InvoiceLine]:
    with inn.db.read() as session:
        statement = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)
        return list(session.scalars(statement.order_by(InvoiceLine.position)))


def generated(inn: Inn, client_id: UUID) -> list[InvoiceLine]:
    invoice = renewing.generate(inn.house, client_id, actor=ME).invoice
    assert invoice is not None
    return lines_of(inn, invoice.id)


def test_one_invoice_with_a_line_per_period_and_its_taxes(inn: Inn) -> None:
    client_id = customer(inn)
    start = today(inn) - timedelta(days=40)
    due_on(inn, start)
    with inn.db.read() as session:
        seen = renewing.due_of(session, inn.house, client_id)
        service = session.execute(select(Service)).scalar_one()
    assert seen.draft is not None
    done = renewing.generate(inn.house, client_id, actor=ME, shown_minor=seen.draft.total_minor)
    assert done.invoice is not None
    lines = lines_of(inn, done.invoice.id)
    assert [line.kind for line in lines] == ["recurring", "recurring"]
    assert lines[0].period_start == start
    assert lines[0].period_end == lines[1].period_start
    assert {line.unit_minor for line in lines} == {service.price_minor}
    with inn.db.read() as session:
        after = session.execute(select(Service)).scalar_one()
        invoice = session.get_one(Invoice, done.invoice.id)
        taxes = list(session.scalars(select(TaxLine).where(TaxLine.invoice_id == invoice.id)))
    assert after.next_due_on == lines[1].period_end
    assert after.next_due_on > today(inn)
    assert invoice.tax_minor == sum(tax.tax_minor for tax in taxes) > 0  # Texas taxes 80 % of hosting
    assert invoice.due_on == invoice.issued_on + timedelta(days=14)
    with pytest.raises(Conflict, match="Nothing"):
        renewing.generate(inn.house, client_id, actor=ME)


def test_clicked_by_many_at_once_there_is_one_invoice(inn: Inn) -> None:
    """M28 by hand: of eight who press the button together, one makes it."""
    client_id = customer(inn)
    inn.clock.advance(days=32)

    def press(_: int) -> UUID | None:
        try:
            invoice = renewing.generate(inn.house, client_id, actor=ME).invoice
        except Conflict:
            return None
        return invoice.id if invoice else None

    made = [one for one in race(8, press) if one]
    assert len(made) == 1
    with inn.db.read() as session:
        recurring = session.execute(select(InvoiceLine).where(InvoiceLine.kind == "recurring")).all()
    assert len(recurring) == 2  # the order's own, and this one


def test_a_period_is_never_billed_twice_whatever_the_due_date_says(inn: Inn) -> None:
    client_id = customer(inn)
    inn.clock.advance(days=32)
    (line,) = generated(inn, client_id)
    assert line.period_start is not None
    due_on(inn, line.period_start)
    with pytest.raises(Conflict, match="billed before"):
        renewing.generate(inn.house, client_id, actor=ME)


def test_only_active_clients_are_billed(inn: Inn) -> None:
    client_id = customer(inn)
    inn.clock.advance(days=32)
    for label in ("Suspended", "Pending", "Closed", "Fraud", "Collections"):
        become(inn, client_id, label)
        with pytest.raises(NotBillable, match=f"Only active accounts can be billed.*{label}"):
            renewing.generate(inn.house, client_id, actor=ME)
        with pytest.raises(NotBillable):
            items.issue_items(inn.house, client_id, [ItemForm(text="x", unit_price="1")], actor=ME)
    with inn.db.read() as session:
        invoice_id = session.execute(select(Invoice.id)).scalars().one()
    charge = NewCharge(
        invoice_id=invoice_id, gateway="sandbox_card", billing_account_id=None, method="",
        customer_present=False,
    )  # fmt: skip
    with inn.db.transaction() as session, pytest.raises(NotBillable):
        payments.charge(session, inn.house, charge)


def test_active_again_the_idle_periods_are_passed_over_and_the_running_one_is_billed(inn: Inn) -> None:
    """Due on the 1st; suspended on the 10th, active again on the 20th of the third month after."""
    client_id = customer(inn)
    first = date(today(inn).year + 1, 1, 1)
    due_on(inn, first)
    inn.clock.advance(days=(first - today(inn)).days + 9)
    become(inn, client_id, "Suspended")
    with pytest.raises(NotBillable):
        renewing.generate(inn.house, client_id, actor=ME)
    inn.clock.advance(days=(date(first.year, 4, 20) - today(inn)).days)
    become(inn, client_id, "Active")
    lines = generated(inn, client_id)
    assert [line.period_start for line in lines] == [first, date(first.year, 4, 1)]
    assert "not billed: the account was not active" in lines[1].explanation
    assert lines[0].explanation.endswith("times 1")
    with inn.db.read() as session:
        passed = session.scalars(select(AuditEntry).where(AuditEntry.action == "service.pass_over")).one()
        assert session.execute(select(Service.next_due_on)).scalar_one() == date(first.year, 5, 1)
    assert passed.after == {
        "from": f"{first.year}-02-01", "until": f"{first.year}-04-01", "why": "the account was not active",
    }  # fmt: skip


def test_lines_speak_the_language_of_the_client(inn: Inn) -> None:
    client_id = customer(inn)
    inn.clock.advance(days=32)
    with inn.db.transaction() as session:
        session.execute(update(Contact).where(Contact.client_id == client_id).values(language="de"))
    (line,) = generated(inn, client_id)
    told = "Monatlich, 1 \N{MULTIPLICATION SIGN} \\d+,\\d\\d\\s\\$"
    assert re.fullmatch(told, line.explanation), line.explanation


def test_when_all_that_is_due_was_idle_no_invoice_is_made(inn: Inn) -> None:
    client_id = customer(inn)
    first = date(today(inn).year + 1, 2, 1)
    inn.clock.advance(days=(first - today(inn)).days - 1)
    due_on(inn, first)
    become(inn, client_id, "Suspended")
    inn.clock.advance(days=28 + 1)
    become(inn, client_id, "Active")  # on the first of March, when the next period begins
    due_on(inn, first)
    with inn.db.transaction() as session:  # it ends with that month
        session.execute(update(Service).values(cycle_unit="day", cycle_count=28))
    due = renewing.generate(inn.house, client_id, actor=ME)
    assert due.invoice is not None
    assert [one.period.start for one in due.passed] == [first]


def test_group_policy_and_exemption_act(inn: Inn) -> None:
    client_id = customer(inn)
    inn.clock.advance(days=32)
    with inn.db.transaction() as session:
        group = ClientGroup(
            id=new_id(), name="Exempt", discount_kind="percent", discount_value=1000, due_days=30,
            tax_policy="exempt",
        )  # fmt: skip
        session.add(group)
        session.flush()
        session.execute(update(Client).where(Client.id == client_id).values(group_id=group.id))
    (line,) = generated(inn, client_id)
    assert line.discount_minor * 10 == line.unit_minor
    assert "for Exempt" in line.explanation
    with inn.db.read() as session:
        invoice = session.get_one(Invoice, line.invoice_id)
    assert invoice.tax_minor == 0
    assert invoice.due_on == invoice.issued_on + timedelta(days=30)
    inn.clock.advance(days=32)
    with inn.db.transaction() as session:
        session.execute(update(Service).values(price_reason="agreed by phone"))
    (line,) = generated(inn, client_id)
    assert line.discount_minor == 0  # what was agreed on is the price


def test_what_was_agreed_to_is_what_is_billed(inn: Inn) -> None:
    client_id = customer(inn)
    inn.clock.advance(days=32)
    with pytest.raises(Conflict, match="changed meanwhile"):
        renewing.generate(inn.house, client_id, actor=ME, shown_minor=1)


def test_one_off_items(inn: Inn) -> None:
    client_id = customer(inn)
    rows = [
        ItemForm(text="Migration of three sites", quantity="3", unit_price="25.00", taxable="hosting"),
        ItemForm(text="Postage", unit_price="4.10", taxable=NOT_TAXED),
        ItemForm(),  # an empty row is no item
    ]
    invoice = items.issue_items(inn.house, client_id, rows, actor=ME, due_days="0")
    first, second = lines_of(inn, invoice.id)
    assert (first.net_minor, second.net_minor) == (7500, 410)
    with inn.db.read() as session:
        page = billing.invoice_page(session, invoice.id)
    assert page is not None
    assert page.taxes[0].base.minor == 6000  # Texas: 80 % of hosting, nothing of the postage
    assert page.invoice.due_on == page.invoice.issued_on


BAD = {
    "text": ("x" * 301, "nul\x00byte", "   "),
    "quantity": ("0", "-1", "0.5", "1e3", "\uff11", "9999999", "1 OR 1"),
    "unit_price": ("-1", "NaN", "Infinity", "1,000.00.0", "99999999999999", ""),
    "taxable": ("made up", ""),
    "gl_code": ("1100", "2300", "4900", "4910", "x"),
}


def test_bad_items_are_named(inn: Inn) -> None:
    client_id = customer_without_service(inn)
    for field, values in BAD.items():
        for value in values:
            bad = ItemForm(**{"text": "Postage", "unit_price": "4.10", field: value})
            with pytest.raises(InvalidFields) as refused:
                items.issue_items(inn.house, client_id, [bad], actor=ME)
            assert list(refused.value.messages) == [f"{field}-1"], value
    with inn.db.read() as session:
        assert len(session.execute(select(Invoice.id)).all()) == 1  # the order's own


def customer_without_service(inn: Inn) -> UUID:
    inn.place_order("manual", drain=False)
    with inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()
