"""A price is what the server said: nothing a browser sends changes it, and it holds for its hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from core.catalog import editing
from core.catalog.models import Price, Product
from core.kernel.calendar import Cycle
from core.kernel.problems import Conflict, InvalidFields
from core.orders import cart, checkout, placing
from core.orders.models import CartLine
from core.orders.pricing import Buyer, Wanted, price
from core.orders.quotes import HOLD
from core.payments.models import Attempt
from tests.fixtures.innkeeper import Inn
from tests.fixtures.shelf import SINCE, change_product, put_brand, put_coupon, put_product

TOO_MUCH = {
    "price": "1", "total": "0.01", "amount": "1", "amount_minor": "1", "tax": "0", "discount": "9999",
    "currency": "JPY", "setup_fee": "-5", "quantity": "0", "unit_minor": "1", "is_taxable": "false",
    "server_id": str(uuid4()), "plan": "business", "client_id": str(uuid4()), "credit_minor": "100000",
    "state_paid": "paid", "gateway": "manual", "quote_id": str(uuid4()), "brand_id": str(uuid4()),
}  # fmt: skip


def add(inn: Inn, token: str | None = None, **changes: str) -> str:
    line = {
        "product_slug": "starter-hosting",
        "cycle": "year:1",
        "domain": "pinewood.example",
        "quantity": "1",
    }
    return cart.add_line(inn.house, token, inn.brand_id, **(line | changes))


def reprice(inn: Inn, slug: str, minor: int) -> None:
    with inn.db.transaction() as session:
        product_id = session.scalars(select(Product.id).where(Product.slug == slug)).one()
        session.execute(update(Price).where(Price.product_id == product_id).values(amount_minor=minor))


def total(inn: Inn, token: str) -> int:
    view = cart.view_cart(inn.house, token)
    assert view is not None
    return view.bill.total.minor


def test_fields_nobody_asked_for_change_nothing(inn: Inn) -> None:
    token = inn.fill_cart()
    form = inn.contact() | inn.payment("sandbox_card")
    checkout.save_summary(inn.house, token, TOO_MUCH | form, {}, ip="127.0.0.1")
    order = inn.confirm(token)
    inn.drain()
    view = inn.view(order)
    assert (view.total.minor, view.paid.minor, view.state) == (6300, 6300, "completed")
    [charge] = inn.world.books("charges")
    assert (charge["amount"], charge["currency"]) == (6300, "USD")
    assert inn.world.books("accounts")[0]["plan"] == "starter"


@pytest.mark.parametrize(
    "quantity",
    ["0", "-1", "0.5", "1e3", "1000000000", "2147483648", "9223372036854775808", "NaN", "Infinity", "\uff11",
     "1 OR 1", "101", "+1", "0x10", "1,5", "\x00", "²"],
)  # fmt: skip
def test_quantities_that_are_none(inn: Inn, quantity: str) -> None:
    put_product(inn, "box", {"year:1": 5000})
    with pytest.raises(InvalidFields) as wrong:
        add(inn, product_slug="box", domain="", quantity=quantity)
    assert list(wrong.value.messages) == ["quantity"]
    token = add(inn, product_slug="box", domain="")
    with inn.db.read() as session:
        line_id = session.execute(select(CartLine.id)).scalar_one()
    with pytest.raises(InvalidFields):
        cart.set_quantity(inn.house, token, line_id, quantity)
    assert total(inn, token) == 5000


def test_the_line_of_another_cart(inn: Inn) -> None:
    put_product(inn, "box", {"year:1": 5000})
    theirs = add(inn, product_slug="box", domain="")
    with inn.db.read() as session:
        line_id = session.execute(select(CartLine.id)).scalar_one()
    mine = add(inn)
    cart.set_quantity(inn.house, mine, line_id, "9")
    cart.remove_line(inn.house, mine, line_id)
    assert total(inn, theirs) == 5000


@pytest.mark.parametrize(
    "cycle", ["week:1", "year:2", "month:0", "year:-1", "year", "", "year:1;--", "once:1"]
)
def test_cycles_that_are_not_sold(inn: Inn, cycle: str) -> None:
    with pytest.raises(InvalidFields) as wrong:
        add(inn, cycle=cycle)
    assert list(wrong.value.messages) == ["cycle"]


def test_a_cycle_of_another_product(inn: Inn) -> None:
    put_product(inn, "box", {"week:1": 100})
    with pytest.raises(InvalidFields):
        add(inn, cycle="week:1")


def test_products_that_can_not_be_ordered(inn: Inn) -> None:
    """Hidden, sold out, another brand's, unknown, without a price: unavailable, never free."""
    elsewhere = put_brand(inn, "elsewhere", "USD")
    put_product(inn, "theirs", {"year:1": 100}, brand_id=elsewhere)
    put_product(inn, "hidden", {"year:1": 100})
    put_product(inn, "gone", {"year:1": 100}, stock=0)
    put_product(inn, "unpriced", {})
    put_product(inn, "in-yen", {"year:1": 100}, currency="JPY")
    change_product(inn, "hidden", visible=False)
    for slug in ("theirs", "hidden", "gone", "unpriced", "in-yen", "nothing", "", "' OR 1=1"):
        with pytest.raises(InvalidFields):
            add(inn, product_slug=slug, domain="")


def test_a_product_retired_while_in_the_cart(inn: Inn) -> None:
    put_product(inn, "box", {"year:1": 5000})
    token = add(inn, add(inn, product_slug="box", domain=""))
    inn.summary(token, "sandbox_card")
    change_product(inn, "box", visible=False)
    review = checkout.review(inn.house, token)
    assert [line.name for line in review.bill.lines] == ["Starter Hosting"]


def test_a_price_holds_for_its_hour(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    review = checkout.review(inn.house, token)
    reprice(inn, "starter-hosting", 99900)
    inn.clock.advance(minutes=59)
    placed = placing.place(inn.house, token, quote_id=str(review.quote_id), accepted=True, ip="127.0.0.1")
    inn.drain()
    assert inn.view(placed.token).paid.minor == 6300


def test_after_its_hour_a_price_is_confirmed_again(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    review = checkout.review(inn.house, token)
    reprice(inn, "starter-hosting", 7000)
    inn.clock.advance(hours=1, seconds=1)
    with pytest.raises(Conflict, match="changed meanwhile"):
        placing.place(inn.house, token, quote_id=str(review.quote_id), accepted=True, ip="127.0.0.1")
    view = cart.view_cart(inn.house, token)
    assert view is not None
    assert "Prices have changed" in view.changed
    inn.confirm(token)
    inn.drain()
    assert [one["amount"] for one in inn.world.books("charges")] == [7350]


def test_the_quote_of_another_cart(inn: Inn) -> None:
    cheap, dear = inn.fill_cart("starter-hosting"), inn.fill_cart("business-hosting")
    for token in (cheap, dear):
        inn.summary(token, "sandbox_card")
    other = checkout.review(inn.house, cheap).quote_id
    for quote_id in (str(other), str(uuid4()), "", "nonsense"):
        with pytest.raises(Conflict):
            placing.place(inn.house, dear, quote_id=quote_id, accepted=True, ip="127.0.0.1")


def test_a_cart_changed_in_another_tab(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    review = checkout.review(inn.house, token)
    add(inn, token, product_slug="business-hosting", domain="second.example")
    with pytest.raises(Conflict, match="changed meanwhile"):
        placing.place(inn.house, token, quote_id=str(review.quote_id), accepted=True, ip="127.0.0.1")


def test_steps_can_not_be_skipped(inn: Inn) -> None:
    for token in (None, "", "unknown", "x" * 500):
        with pytest.raises(Conflict):
            placing.place(inn.house, token, quote_id="", accepted=True, ip="127.0.0.1")
    token = inn.fill_cart()
    with pytest.raises(Conflict, match="who the account is for"):
        checkout.review(inn.house, token)
    inn.summary(token, "sandbox_card")
    review = checkout.review(inn.house, token)
    with pytest.raises(InvalidFields) as wrong:
        placing.place(inn.house, token, quote_id=str(review.quote_id), accepted=False, ip="127.0.0.1")
    assert list(wrong.value.messages) == ["accept_terms"]
    with inn.db.read() as session:
        assert session.execute(select(Attempt)).first() is None


def test_an_expired_cart(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    inn.clock.advance(days=31)
    assert cart.view_cart(inn.house, token) is None
    with pytest.raises(Conflict):
        inn.confirm(token)


def test_looking_at_a_cart_writes_once(inn: Inn) -> None:
    """The second look at a price that holds is a read: pages of a busy shop wait for no writer."""
    token = inn.fill_cart()
    first = cart.view_cart(inn.house, token)
    with inn.db.transaction():  # somebody writes, and goes on writing
        second = cart.view_cart(inn.house, token)
    assert first is not None
    assert second is not None
    assert first.held_until == second.held_until == inn.clock.now() + HOLD


def test_a_price_that_ends_and_the_next_one(inn: Inn) -> None:
    today = inn.clock.now().date()
    put_product(inn, "box", {})
    with inn.db.transaction() as session:
        product_id = session.scalars(select(Product.id).where(Product.slug == "box")).one()
        for minor, since, until in (
            (100, SINCE, today - timedelta(days=2)), (200, today - timedelta(days=2), None)
        ):  # fmt: skip
            editing.set_price(
                session, product_id, currency="USD", cycle=Cycle("year"), amount_minor=minor,
                valid_from=since, valid_to=until,
            )  # fmt: skip
    assert total(inn, add(inn, product_slug="box", domain="")) == 200


def test_an_orders_period_begins_on_the_brands_own_day(inn: Inn) -> None:
    """23:30 in Chicago is the next day in UTC (M22): the bill is dated where the brand is."""
    inn.clock._at = datetime(2026, 2, 1, 5, 30, tzinfo=UTC)
    put_coupon(inn, "ONTHEHOUSE")
    order = inn.place_order("", coupon="ONTHEHOUSE")
    line = inn.view(order).bill.lines[0]
    assert line.detail == "Yearly, Jan 31, 2026 to Jan 30, 2027"


def test_nothing_goes_below_zero() -> None:
    """Pure arithmetic: see tests/unit/catalog for the discounts themselves."""
    wanted: list[Wanted] = []
    quote = price(
        wanted, currency="USD", coupon=None, rules=(), buyer=Buyer(place=None), rounding="line",
        today=date(2026, 1, 1),
    )  # fmt: skip
    assert quote.total_minor == 0
