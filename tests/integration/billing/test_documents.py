"""Invoices and the ledger: dated where the brand is, rounded as the brand says, never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from core.billing import checks, ledger
from core.billing import service as billing
from core.billing.models import Entry, Invoice, InvoiceLine, TaxLine
from core.billing.values import Draft
from core.brands.models import Brand
from core.orders import service as orders
from core.payments import staff
from core.tax import service as tax
from core.tax.models import TaxRule
from core.tax.service import NewTaxRule
from tests.fixtures.innkeeper import Inn
from tests.fixtures.shelf import SINCE, put_brand, put_product

LATE_IN_CHICAGO = datetime(2027, 1, 1, 5, 30, tzinfo=UTC)  # 2026-12-31 23:30 there
EARLY_IN_AUCKLAND = datetime(2026, 1, 31, 19, tzinfo=UTC)  # 2026-02-01 08:00 there


def invoice(inn: Inn, order: str) -> Invoice:
    with inn.db.read() as session:
        return session.get_one(Invoice, inn.view(order).invoice_id)


def entry_days(inn: Inn) -> list[date]:
    with inn.db.read() as session:
        return list(session.execute(select(Entry.occurred_on).order_by(Entry.id)).scalars())


def book(inn: Inn, order: str, amount: str = "", reference: str = "CHK 1") -> None:
    staff.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text=amount, reference=reference,
        actor="staff:test",
    )  # fmt: skip
    inn.drain()


def test_everything_is_dated_by_the_brands_own_day(inn: Inn) -> None:
    inn.clock._at = LATE_IN_CHICAGO
    order = inn.place_order("manual")
    book(inn, order)
    issued = invoice(inn, order)
    eve = date(2026, 12, 31)
    assert (issued.issued_on, issued.paid_on, issued.label) == (eve, eve, "WH-2026-000001")
    assert entry_days(inn) == [eve, eve]
    inn.clock.advance(minutes=45)
    cancelled = inn.place_order("manual")
    assert invoice(inn, cancelled).label == "WH-2027-000001"  # a new year is a new series
    orders.cancel(inn.house, inn.view(cancelled).id, "staff:test", "never paid")
    assert entry_days(inn)[-1] == date(2027, 1, 1)


def test_ahead_of_utc(inn: Inn) -> None:
    inn.clock._at = EARLY_IN_AUCKLAND
    inn.brand_id = put_brand(inn, "kiwi", "NZD", "Pacific/Auckland")
    put_product(inn, "box", {"month:1": 1000}, brand_id=inn.brand_id, currency="NZD")
    token = inn.fill_cart("box", cycle="month:1", domain=" ")
    inn.summary(token, "manual")
    order = inn.confirm(token)
    assert invoice(inn, order).issued_on == date(2026, 2, 1)
    with inn.db.read() as session:
        line = session.execute(select(InvoiceLine)).scalar_one()
    assert (line.period_start, line.period_end) == (date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize(("mode", "expected"), [("line", 60), ("invoice", 59)])
def test_tax_is_rounded_per_line_or_per_invoice(inn: Inn, mode: str, expected: int) -> None:
    """M60: three times 0.99 at 20 %."""
    with inn.db.transaction() as session:
        session.execute(update(Brand).values(tax_rounding=mode))
        session.execute(update(TaxRule).values(valid_to=SINCE.replace(year=2021)))
        rule = NewTaxRule(name="VAT", country="US", rate="0.20", tax_class="thing", valid_from=SINCE)
        tax.add_rule(session, inn.brand_id, rule)
    for slug in ("one", "two", "three"):
        put_product(inn, slug, {"year:1": 99}, tax_class="thing")
    token = inn.fill_cart("one", "two", "three", domain=" ")
    inn.summary(token, "manual")
    order = inn.confirm(token)
    assert invoice(inn, order).tax_minor == expected
    assert invoice(inn, order).total_minor == 3 * 99 + expected


def test_an_issued_tax_is_a_snapshot(inn: Inn) -> None:
    """M71: the rate changes, and what was issued stays what it was."""
    order = inn.place_order("manual")
    with inn.db.transaction() as session:
        session.execute(update(TaxRule).values(rate="0.99"))
    book(inn, order)
    with inn.db.read() as session:
        line = session.execute(select(TaxLine)).scalar_one()
    assert (line.rate, line.tax_minor, invoice(inn, order).total_minor) == ("0.0625", 300, 6300)


def test_partial_payments_and_one_cent_too_much(inn: Inn) -> None:
    """M90, M91."""
    order = inn.place_order("manual")
    book(inn, order, "60.00", "CHK 1")
    book(inn, order, "3.01", "CHK 2")
    assert (inn.view(order).invoice_status, inn.credit(order)) == ("paid", 1)


def test_a_draft_that_contradicts_itself_is_not_issued(inn: Inn) -> None:
    inn.place_order("manual")
    with inn.db.read() as session:
        known = session.execute(select(Invoice)).scalar_one()
    empty = Draft(
        brand_id=known.brand_id, client_id=known.client_id, order_id=None, series_prefix="WH",
        issued_on=known.issued_on, due_on=known.due_on, currency="USD", lines=(), taxes=(), facts={},
    )  # fmt: skip
    with inn.db.transaction() as session, pytest.raises(billing.CannotIssue):
        billing.issue(session, inn.house, empty)


def test_an_entry_that_does_not_balance_is_not_written(inn: Inn) -> None:
    sides = (ledger.Side(account=ledger.MONEY, amount_minor=1),)
    with inn.db.transaction() as session, pytest.raises(ledger.UnbalancedEntry):
        ledger.post(
            session, brand_id=inn.brand_id, occurred_on=date(2026, 1, 1), source="test", currency="USD",
            sides=sides, now=inn.clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET amount_minor = amount_minor + 1",
        "DELETE FROM posting",
        "UPDATE entry SET note = 'x'",
        "DELETE FROM entry",
        "UPDATE invoice_line SET net_minor = 0",
        "DELETE FROM tax_line",
        "UPDATE allocation SET amount_minor = 0",
        "DELETE FROM audit_entry",
        "UPDATE attempt_step SET state = 'x'",
    ],
)
def test_what_is_written_stays_written(inn: Inn, statement: str) -> None:
    inn.place_order("sandbox_card")
    with pytest.raises(DBAPIError), inn.db.transaction() as session:
        session.execute(text(statement))


BREAKS = {
    "an invoice is called paid and is not covered": "UPDATE invoice SET status = 'paid' WHERE paid_minor = 0",
    "an invoice is covered and not called paid": "UPDATE invoice SET status = 'unpaid' WHERE paid_minor > 0",
    "an invoice says more or less paid than was laid on it": "UPDATE invoice SET paid_minor = paid_minor - 1 "
    "WHERE paid_minor > 0",
    "numbers of a series have gaps": "UPDATE invoice SET number = number + 7 WHERE paid_minor = 0",
    "a client's credit is not what the ledger says": "UPDATE client SET credit_minor = credit_minor + 1",
    "what clients owe by ledger and by invoices differs": "UPDATE invoice SET status = 'void' "
    "WHERE paid_minor = 0",
    "a succeeded charge was not laid on anything": "UPDATE attempt SET number = number + 1000",
    "more was refunded than was taken": "UPDATE attempt SET refunded_minor = amount_minor + 1",
    "an issued invoice has no entry": "UPDATE invoice SET label = 'X'",
    "an invoice is not the sum of its lines": "UPDATE invoice SET net_minor = net_minor - 1, "
    "tax_minor = tax_minor + 1",
    "an invoice's tax is not the sum of its tax lines": "UPDATE invoice SET net_minor = net_minor - 1, "
    "tax_minor = tax_minor + 1",
}


@pytest.mark.breaks_the_books
def test_every_check_finds_what_it_is_for(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    inn.place_order("manual")
    inn.place_order("manual")
    with inn.db.read() as session:
        assert list(checks.breaches(session)) == []
    for rule, statement in BREAKS.items():
        with inn.db.engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text(statement))
            assert connection.execute(text(checks.CHECKS[rule])).first() is not None, rule
            transaction.rollback()
    # What no statement can break, because the database holds it: an entry that does not balance.
    assert set(checks.CHECKS) - set(BREAKS) == {"an entry does not balance"}
