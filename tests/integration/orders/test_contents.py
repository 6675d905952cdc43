"""What can be in an order: several things, free things, names, work of people, other currencies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core.billing.models import Invoice, InvoiceLine, TaxLine
from core.domains.models import Domain
from core.kernel.problems import Conflict, InvalidFields
from core.orders import cart, checkout
from core.provisioning import staff
from core.provisioning.models import Job
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.shelf import put_brand, put_coupon, put_product, put_server, stock, uses_left


def invoice_of(inn: Inn, order: str) -> Invoice:
    with inn.db.read() as session:
        return session.get_one(Invoice, inn.view(order).invoice_id)


def test_several_lines_make_one_invoice_and_a_service_each(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", "starter-hosting", "business-hosting", "example-domain")
    view = inn.view(order)
    assert (view.state, view.invoice_status) == ("completed", "paid")
    assert view.bill.subtotal.minor == 6000 + 14400 + 1200
    # 6.25 % of 80 % of the hosting, none on the domain: 20400 * 0.8 * 0.0625
    assert view.total.minor == 21600 + 1020
    with inn.db.read() as session:
        statuses = session.execute(select(Service.status)).scalars().all()
        lines = session.execute(select(InvoiceLine).order_by(InvoiceLine.position)).scalars().all()
        taxes = session.execute(select(TaxLine.base_minor, TaxLine.tax_minor)).all()
    assert statuses == ["active"] * 3
    assert [line.net_minor for line in lines] == [6000, 14400, 1200]
    assert {line.kind for line in lines} == {"recurring"}
    assert [tuple(row) for row in taxes] == [(16320, 1020)]  # 80 % of 20400, and 6.25 % of that
    assert len(inn.world.books("accounts")) == 2
    assert len(inn.book("domains")) == 1
    assert len(inn.world.books("charges")) == 1


def test_quantities_and_set_up_fees(inn: Inn) -> None:
    put_product(inn, "backup-box", {"month:1": 333}, setup=1000, tax_class="none")
    token = inn.fill_cart("backup-box", cycle="month:1", quantity="3", domain=" ")
    inn.summary(token, "sandbox_card")
    view = inn.view(order := inn.confirm(token))
    assert view.total.minor == 3 * 333 + 3 * 1000
    inn.drain()
    assert inn.view(order).state == "completed"  # nothing to build: it runs as soon as it is paid
    with inn.db.read() as session:
        service = session.execute(select(Service)).scalar_one()
        kinds = session.execute(select(InvoiceLine.kind).order_by(InvoiceLine.position)).scalars().all()
    assert (service.quantity, service.status, service.price_minor) == (3, "active", 333)
    assert kinds == ["recurring", "setup"]
    assert service.paid_until == service.next_due_on


def test_a_domain_goes_with_one_piece(inn: Inn) -> None:
    with pytest.raises(InvalidFields) as wrong:
        inn.fill_cart("starter-hosting", quantity="2")
    assert list(wrong.value.messages) == ["quantity"]


def test_a_coupon_for_everything_asks_for_no_payment(inn: Inn) -> None:
    put_coupon(inn, "ONTHEHOUSE", uses=1)
    token = inn.fill_cart("starter-hosting", coupon="on the house")
    assert checkout.methods(inn.house, token) == ()
    form = inn.contact()
    checkout.save_summary(inn.house, token, form, {"email_actions": []}, ip="127.0.0.1")
    assert checkout.review(inn.house, token).method_name == "Nothing to pay"
    order = inn.confirm(token)
    inn.drain()
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.total.minor) == ("completed", "paid", 0)
    assert uses_left(inn, "ONTHEHOUSE") == 0
    assert inn.world.books("charges") == []
    assert len(inn.world.books("accounts")) == 1


def test_a_coupon_larger_than_the_price_takes_the_price(inn: Inn) -> None:
    put_coupon(inn, "THOUSAND", "fixed", 100_000, currency="USD")
    order = inn.place_order("", "starter-hosting", coupon="THOUSAND")
    view = inn.view(order)
    assert (view.total.minor, view.state) == (0, "completed")
    assert view.bill.discounts[0].amount.minor == -6000


def test_without_its_coupon_a_free_cart_has_to_be_paid_again(inn: Inn) -> None:
    put_coupon(inn, "ONTHEHOUSE")
    token = inn.fill_cart("starter-hosting", coupon="ONTHEHOUSE")
    inn.summary(token, "")
    cart.set_coupon(inn.house, token, "")
    with pytest.raises(Conflict, match="how you would like to pay"):
        inn.confirm(token)


def test_percent_coupon_and_texas_tax(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", "starter-hosting", coupon="WELCOME10")
    # 6000 - 10 % = 5400; 5400 * 0.8 * 0.0625 = 270
    assert inn.view(order).total.minor == 5400 + 270


@pytest.mark.parametrize(
    ("place", "tax"),
    [
        ({"state": "TX", "county": "Travis", "postal_code": "78702"}, 300),
        ({"state": "OR", "county": "Multnomah", "postal_code": "97201", "city": "Portland"}, 0),
    ],
)
def test_tax_follows_the_buyers_address(inn: Inn, place: dict[str, str], tax: int) -> None:
    token = inn.fill_cart("starter-hosting")
    bill = cart.view_cart(inn.house, token).bill  # type: ignore[union-attr]
    assert (bill.taxes, bill.total.minor) == (None, 6000)  # no address yet: nothing is guessed
    inn.summary(token, "sandbox_card", **place)
    order = inn.confirm(token)
    assert inn.view(order).total.minor == 6000 + tax


def test_stock_goes_down_and_a_sold_out_product_leaves_the_carts(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=1)
    first, second = (inn.fill_cart("last-box", domain=" ") for _ in range(2))
    for token in (first, second):
        inn.summary(token, "sandbox_card")
    inn.confirm(first)
    assert stock(inn, "last-box") == 0
    with pytest.raises(Conflict, match="Your cart is empty"):
        inn.confirm(second)
    view = cart.view_cart(inn.house, second)
    assert view is not None
    assert view.is_empty


def test_more_than_there_is(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=2)
    token = inn.fill_cart("last-box", domain=" ", quantity="3")
    inn.summary(token, "sandbox_card")
    with pytest.raises(Conflict, match="sold out"):
        inn.confirm(token)
    assert stock(inn, "last-box") == 2


def test_a_domain_is_registered_for_its_buyer(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", "example-domain", domain="Wild-Orchid.EXAMPLE")
    assert inn.view(order).state == "completed"
    [name] = inn.book("domains")
    assert name["domain"] == "wild-orchid.example"
    assert name["contact"]["email"].startswith("ada")
    with inn.db.read() as session:
        row = session.execute(select(Domain)).scalar_one()
    assert (row.state, str(row.expires_on)) == ("held", name["expires_on"])
    assert dict(inn.view(order).access[0][1])["Expires"] == name["expires_on"]


def test_a_name_for_two_years_is_registered_for_two(inn: Inn) -> None:
    put_product(
        inn, "long-name", {"year:2": 2200}, kind="domain", tax_class="domain", provisioner="sandbox_registrar"
    )
    inn.place_order("sandbox_card", "long-name", domain="orchid.example", cycle="year:2")
    [name] = inn.book("domains")
    assert int(name["expires_on"][:4]) == datetime.now(UTC).year + 2


@pytest.mark.parametrize(
    "domain", ["taken.example", "orchid.museum", "a.orchid.example", "no spaces.example"]
)
def test_a_name_that_can_not_be_had(inn: Inn, domain: str) -> None:
    with pytest.raises(InvalidFields) as wrong:
        inn.fill_cart("example-domain", domain=domain)
    assert list(wrong.value.messages) == ["domain"]


def test_staff_build_what_no_panel_builds(inn: Inn) -> None:
    put_server(inn, "the-workshop", "manual_task", settings={"location": "Rack 4"})
    put_product(
        inn, "by-hand", {"year:1": 9900}, provisioner="manual_task",
        provisioner_options={"work": "Install the machine."},
    )  # fmt: skip
    order = inn.place_order("sandbox_card", "by-hand", domain="pinewood.example")
    view = inn.view(order)
    assert (view.state, view.invoice_status) == ("provisioning", "paid")
    with inn.db.read() as session:
        job = session.execute(select(Job)).scalar_one()
    assert job.state == "needs_staff"
    assert "Install the machine." in job.staff_note
    assert "Rack 4" in job.staff_note
    with pytest.raises(InvalidFields):
        staff.resolve(inn.house, job.id, "  ", "staff:test")
    staff.resolve(inn.house, job.id, "Installed in slot 9", "staff:test")
    with pytest.raises(Conflict):
        staff.resolve(inn.house, job.id, "again", "staff:test")
    inn.drain()
    assert inn.view(order).state == "completed"


@pytest.mark.parametrize(
    ("currency", "amount", "text"), [("JPY", 500, "500 JPY"), ("KWD", 1234, "1.234 KWD")]
)
def test_currencies_without_two_decimals(inn: Inn, currency: str, amount: int, text: str) -> None:
    brand_id = put_brand(inn, "abroad", currency)
    put_product(inn, "box", {"month:1": amount}, brand_id=brand_id, currency=currency)
    inn.brand_id = brand_id
    token = inn.fill_cart("box", cycle="month:1", domain=" ")
    assert "sandbox_echeck" not in [one.id for one in checkout.methods(inn.house, token)]
    with pytest.raises(InvalidFields):
        inn.summary(token, "sandbox_echeck")
    inn.summary(token, "sandbox_card")
    order = inn.confirm(token)
    inn.drain()
    view = inn.view(order)
    assert (view.state, str(view.total)) == ("completed", text)
    [charge] = inn.world.books("charges")
    assert (charge["amount"], charge["currency"]) == (amount, currency)


def test_an_issued_invoice_keeps_its_facts(inn: Inn) -> None:
    order = inn.place_order("sandbox_card")
    invoice = invoice_of(inn, order)
    assert invoice.facts["seller"][0] == "Wayside Hosting LLC"
    assert "Ada Okonkwo" in invoice.facts["buyer"]
    assert invoice.label.startswith("WH-")
    assert len(invoice.digest) == 64
