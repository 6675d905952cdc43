"""The shop's pages without script: what they show, keep and refuse."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from core.app import Innkeeper
from core.kernel.ids import new_id
from core.web import cookies
from core.web.flask_app import create_flask
from tests.unit.web.conftest import Visitor

PRODUCT = "/order/starter-hosting"


def add(visitor: Visitor, domain: str, **more: object) -> None:
    answer = visitor.send(PRODUCT, {"cycle": "year:1", "domain": domain, **more}, page=PRODUCT)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/cart"


def test_the_front_page_sells_what_there_is(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Business Hosting" in page
    assert "per month, paid yearly" in page
    assert "Bank transfer or check" in page
    monthly = client.get("/?cycle=month:1").text
    assert "per month, paid yearly" not in monthly


def test_the_bar_of_test_mode_is_on_every_page(client: FlaskClient) -> None:
    for path in ("/", PRODUCT, "/cart", "/terms", "/nothing"):
        assert 'class="ik-test"' in client.get(path).text, path


def test_an_unknown_product_is_a_clear_page(client: FlaskClient) -> None:
    answer = client.get("/order/no-such-thing")
    assert answer.status_code == 404
    assert "This product is not for sale here." in answer.text


def test_a_wrong_domain_comes_back_beside_its_field(visitor: Visitor) -> None:
    answer = visitor.send(PRODUCT, {"cycle": "month:1", "domain": "no dots"}, page=PRODUCT)
    assert answer.status_code == 422
    assert 'id="domain-error"' in answer.text
    assert 'value="no dots"' in answer.text
    assert 'value="month:1" checked' in answer.text
    assert "1 field needs a change" in answer.text


def test_a_cycle_that_is_not_sold_is_refused(visitor: Visitor) -> None:
    answer = visitor.send(PRODUCT, {"cycle": "day:1", "domain": "a.example"}, page=PRODUCT)
    assert answer.status_code == 422
    assert 'id="cycle-error"' in answer.text


def test_the_cart_holds_and_lets_go(visitor: Visitor) -> None:
    assert "Your cart is empty" in visitor.get("/cart").text
    add(visitor, "kept.example")
    page = visitor.get("/cart").text
    assert "For kept.example" in page
    assert "Proceed with purchase" in page
    line = re.search(r'name="line" value="([^"]+)"', page)
    assert line is not None
    visitor.send("/cart", {"action": "remove", "line": line.group(1)})
    assert "Your cart is empty" in visitor.get("/cart").text
    assert visitor.send("/cart", {"action": "remove", "line": "nonsense"}).status_code == 404
    assert visitor.send("/cart", {"action": "dance"}).status_code == 400


def test_a_domain_is_registered_together_with_hosting(visitor: Visitor) -> None:
    add(visitor, "together.example", domain_mode="register")
    page = visitor.get("/cart").text
    assert page.count('class="lb-line"') == 2


def test_when_the_hosting_does_not_come_the_domain_goes_again(visitor: Visitor) -> None:
    fields: dict[str, object] = {"cycle": "day:1", "domain": "alone.example", "domain_mode": "register"}
    assert visitor.send(PRODUCT, fields, page=PRODUCT).status_code == 422
    assert "alone.example" not in visitor.get("/cart").text


def test_a_coupon_is_applied_or_says_why_not(visitor: Visitor) -> None:
    add(visitor, "coupon.example")
    visitor.send("/cart", {"action": "coupon", "coupon": "welcome10"})
    assert "is applied." in visitor.get("/cart").text
    visitor.send("/cart", {"action": "coupon", "coupon": "NOPE"})
    page = visitor.get("/cart").text
    assert 'id="coupon-error"' in page
    assert 'value="NOPE"' in page
    visitor.send("/cart", {"action": "drop_coupon"})
    assert "coupon-error" not in visitor.get("/cart").text


def test_a_cart_that_is_gone_is_said_to_be(client: FlaskClient) -> None:
    client.set_cookie(cookies.CART, "a token of long ago")
    assert "Your cart has expired" in client.get("/cart").text
    assert client.get("/checkout").headers["Location"] == "/cart"
    assert client.get("/checkout/review").headers["Location"] == "/cart"


def test_steps_that_are_missing_lead_back(visitor: Visitor) -> None:
    assert visitor.get("/checkout").headers["Location"] == "/cart"
    assert visitor.get("/checkout/review").headers["Location"] == "/cart"
    add(visitor, "steps.example")
    assert visitor.get("/checkout/review").headers["Location"] == "/checkout"


def test_a_link_to_no_order_tells_nothing(client: FlaskClient) -> None:
    for path in ("", "/status", "/pay", "/invoice", "/invoice.pdf", "/approve", "/return"):
        assert client.get(f"/orders/not-a-token{path}").status_code == 404, path


@pytest.mark.parametrize(("country", "state", "words"), [
    ("US", "", ">Texas</option>"), ("US", "TX", ">Travis</option>"), ("CA", "", ">Ontario</option>"),
    ("DE", "", 'id="postal-code"'), ("??", "<b>", 'id="state"'),
])  # fmt: skip
def test_places_answers_with_fields_alone(client: FlaskClient, country: str, state: str, words: str) -> None:
    answer = client.get("/places/states", query_string={"country": country, "state": state})
    assert answer.status_code == 200
    assert words in answer.text
    assert "<html" not in answer.text
    assert "<b>" not in answer.text


def test_a_price_that_is_not_the_one_shown_is_said_and_nothing_is_ordered(visitor: Visitor) -> None:
    quote = summary_by_hand(visitor, "stalequote")
    fields: dict[str, object] = {"quote_id": str(new_id()), "accept_terms": "1"}
    answer = visitor.send("/checkout/review", fields, page="/checkout/review")
    assert answer.status_code == 409
    assert "Nothing was ordered or charged" in answer.text
    assert f'name="quote_id" value="{quote}"' in answer.text


def test_a_payment_method_that_was_switched_off_leads_back(visitor: Visitor, demo_house: Innkeeper) -> None:
    summary_by_hand(visitor, "switchedoff")
    gateways = {name: entry for name, entry in demo_house.plugins.gateways.items() if name != "manual"}
    poorer = replace(demo_house, plugins=replace(demo_house.plugins, gateways=gateways))
    later = create_flask(poorer).test_client()
    cookie = visitor.client.get_cookie(cookies.CART)
    assert cookie is not None
    later.set_cookie(cookies.CART, cookie.value)
    assert later.get("/checkout/review").headers["Location"] == "/checkout"
    assert 'value="manual"' not in later.get("/checkout").text


def order_by_hand(visitor: Visitor, name: str) -> str:
    """A whole order paid by bank transfer, through forms alone; the address of its page."""
    quote = summary_by_hand(visitor, name)
    unaccepted = visitor.send("/checkout/review", {"quote_id": quote}, page="/checkout/review")
    assert unaccepted.status_code == 422
    assert 'id="accept-terms-error"' in unaccepted.text
    fields: dict[str, object] = {"quote_id": quote, "accept_terms": "1"}
    placed = visitor.send("/checkout/review", fields, page="/checkout/review")
    assert placed.status_code == 303, placed.text
    return placed.headers["Location"]


def summary_by_hand(visitor: Visitor, name: str) -> str:
    """Cart and Order Summary filled in; the quote that Order Details shows."""
    add(visitor, f"{name}.example")
    contact: dict[str, object] = {
        "first_name": "Adaeze", "last_name": "Okonkwo", "email": f"{name}@pinewood.example",
        "street_address": "2207 East Cesar Chavez Street", "city": "Austin", "state": "TX",
        "county": "Travis", "postal_code": "78702", "country": "US", "primary_phone": "+1 512 555 0186",
        "username": name, "password": "nine geese over the barn",
        "confirm_password": "nine geese over the barn",
        "language": "en", "email_format": "html", "email_actions": ["order_received", "invoice"],
        "payment_method": "manual",
    }  # fmt: skip
    answer = visitor.send("/checkout", contact, page="/checkout")
    assert answer.headers.get("Location") == "/checkout/review", answer.text
    review = visitor.get("/checkout/review").text
    assert "Taxes are for Austin, Texas." in review
    quote = re.search(r'name="quote_id" value="([^"]+)"', review)
    assert quote is not None
    return quote.group(1)


def test_a_whole_order_through_plain_forms(visitor: Visitor, demo_house: Innkeeper) -> None:
    place = order_by_hand(visitor, "wholeorder")
    answer = visitor.get(place)
    assert "<h1>Your Order Has Been Placed</h1>" in answer.text
    assert "Not paid yet" in answer.text
    invoice = visitor.get(f"{place}/invoice")
    assert "Pinewood" not in invoice.text
    assert "Adaeze Okonkwo" in invoice.text
    assert "Test mode. This is not a real invoice." in invoice.text
    pay = visitor.get(f"{place}/pay")
    assert "Only the payment is missing." in pay.text
    fragment = visitor.get(f"{place}/status")
    assert fragment.headers["X-Order-Page"] == "placed/waiting"
    assert "<html" not in fragment.text
    assert "is placed" in visitor.get("/cart").text


def test_the_invoice_is_a_pdf_too(visitor: Visitor) -> None:
    place = order_by_hand(visitor, "pdforder")
    answer = visitor.client.get(f"{place}/invoice.pdf", headers={"Accept-Language": "de"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "Seite 1 von 1" in PdfReader(BytesIO(answer.data)).pages[0].extract_text()


def test_placing_twice_leads_to_the_same_order(visitor: Visitor) -> None:
    place = order_by_hand(visitor, "twiceorder")
    again = visitor.send("/checkout/review", {"quote_id": "", "accept_terms": "1"}, page=f"{place}/pay")
    assert again.status_code == 303
    assert again.headers["Location"] == place
