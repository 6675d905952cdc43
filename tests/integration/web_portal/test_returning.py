"""A client who orders again: signed in from checkout, with their own details and their own account."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import func, select, update

from core.clients.models import Client, ClientStatus, Contact
from core.identity.models import User
from core.orders import cart as carts
from core.orders import checkout
from core.orders.models import Cart, Order
from core.payments import staff
from core.web import cookies
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import texts
from tests.integration.web_portal.guest import Guest, Stay, open_door, stay

PRODUCT = "/order/starter-hosting"


def fill(guest: Guest, domain: str = "again.example") -> None:
    answer = guest.post(PRODUCT, PRODUCT, cycle="year:1", domain=domain, quantity="1")
    assert answer.status_code == 303, texts(answer.text)


def cart_token(guest: Guest) -> str:
    found = guest.browser.get_cookie(cookies.CART, domain="127.0.0.1", path="/")
    assert found is not None
    return found.value


def cart_row(guest: Guest) -> Cart:
    with guest.inn.db.read() as session:
        row = carts.find_any(session, cart_token(guest))
        assert row is not None
        session.expunge(row)
        return row


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def place(guest: Guest) -> str:
    """From Order Details to the order's page; returns the order's token."""
    quote_id = hidden(guest.get("/checkout/review"), "quote_id")
    answer = guest.post("/checkout/review", "/checkout/review", quote_id=quote_id, accept_terms="1")
    assert answer.status_code == 303, texts(answer.text)
    return answer.headers["Location"].split("/")[2].partition("?")[0]


@pytest.fixture
def known(inn: Inn) -> Stay:
    return stay(inn, "sandbox_card", first_name="Grace", last_name="Hopper", company_name="Compilers Ltd")


def test_an_order_from_sign_in_to_a_running_account(inn: Inn, guest: Guest, known: Stay) -> None:
    fill(guest)
    page = guest.get("/checkout")
    assert "Have you been here before?" in page
    assert 'href="/portal/sign-in?next=/checkout"' in page
    assert 'name="first_name"' in page

    assert guest.sign_in(known.username, wanted="/checkout").headers["Location"] == "/checkout"
    page = guest.get("/checkout")
    said = texts(page)
    assert "Grace Hopper, Compilers Ltd" in said
    assert "2207 East Cesar Chavez Street" in said
    assert "Texas" in said  # their own taxes, on the bill already
    for field in ("first_name", "email", "country", "username", "password"):
        assert f'name="{field}"' not in page
    assert "Have you been here before?" not in page

    answer = guest.post("/checkout", "/checkout", payment_method="manual")
    assert answer.headers["Location"] == "/checkout/review", texts(answer.text)
    assert "Grace Hopper, Compilers Ltd" in texts(guest.get("/checkout/review"))
    token = place(guest)
    inn.drain()
    view = inn.view(token)
    assert view.email == known.email
    assert view.username == known.username
    assert "Finding your account" in texts(guest.get(f"/orders/{token}"))

    staff.mark_paid(
        inn.house, view.invoice_id, gateway="manual", amount_text=str(view.total.major), reference="check 7",
        actor="staff:test",
    )  # fmt: skip
    inn.settle_down()
    assert inn.view(token).state == "completed"
    assert "Active: 2 services." in texts(guest.get("/portal/"))
    with inn.db.read() as session:
        order = session.execute(select(Order).where(Order.id == view.id)).scalar_one()
        assert order.client_id == known.client_id
        assert order.new_client is False
        for table in (Client, Contact, User):
            mine = session.execute(select(func.count()).select_from(table)).scalar_one()
            assert mine == 1, table.__tablename__


def test_placing_twice_is_one_order(inn: Inn, guest: Guest, known: Stay) -> None:
    fill(guest)
    guest.sign_in(known.username)
    guest.post("/checkout", "/checkout", payment_method="manual")
    quote_id = hidden(guest.get("/checkout/review"), "quote_id")
    sent = [
        guest.post("/checkout/review", "/portal/", quote_id=quote_id, accept_terms="1").headers["Location"]
        for _ in range(2)
    ]
    assert sent[0] == sent[1]


def test_the_payment_method_is_still_asked_for(guest: Guest, known: Stay) -> None:
    fill(guest)
    guest.sign_in(known.username)
    answer = guest.post("/checkout", "/checkout", payment_method="")
    assert answer.status_code == 422
    assert "Choose how you would like to pay" in answer.text
    assert 'name="first_name"' not in answer.text
    assert guest.open("/checkout/review").headers["Location"] == "/checkout"


def test_what_a_form_sends_does_not_change_the_client(inn: Inn, guest: Guest, known: Stay) -> None:
    other = stay(inn)
    fill(guest)
    guest.sign_in(known.username)
    guest.post(
        "/checkout", "/checkout", payment_method="manual", client_id=str(other.client_id),
        first_name="Mallory", email="mallory@evil.example", country="US", state="OR",
    )  # fmt: skip
    said = texts(guest.get("/checkout/review"))
    assert "Mallory" not in said
    assert "Grace Hopper" in said
    assert "Texas" in said


def test_signing_out_lets_go_of_the_cart_but_keeps_what_is_in_it(guest: Guest, known: Stay) -> None:
    fill(guest)
    guest.sign_in(known.username)
    guest.post("/checkout", "/checkout", payment_method="manual")
    assert cart_row(guest).client_id == known.client_id
    assert guest.sign_out("/checkout", next="/checkout").headers["Location"] == "/checkout"
    row = cart_row(guest)
    assert row.client_id is None
    assert (row.gateway, row.source_encrypted, row.password_hash) == ("", "", "")
    page = guest.get("/checkout")
    assert "again.example" in page
    assert "Grace" not in page
    assert 'name="first_name"' in page


def test_after_an_order_signing_out_forgets_the_way_to_it(inn: Inn, guest: Guest, known: Stay) -> None:
    fill(guest)
    guest.sign_in(known.username)
    guest.post("/checkout", "/checkout", payment_method="manual")
    place(guest)
    guest.sign_out()
    assert guest.browser.get_cookie(cookies.CART, domain="127.0.0.1", path="/") is None


@pytest.mark.parametrize("path", ["/cart", "/checkout", "/checkout/review"])
def test_a_cart_left_behind_tells_the_next_person_nothing(
    inn: Inn, guest: Guest, known: Stay, path: str
) -> None:
    """The session has ended by itself, or the cart's cookie is in another's hands."""
    fill(guest)
    guest.sign_in(known.username)
    guest.post("/checkout", "/checkout", payment_method="manual")
    thief = open_door(inn, guest.app)
    thief.browser.set_cookie(cookies.CART, cart_token(guest), domain="127.0.0.1", path="/")
    page = thief.browser.get(path, base_url="http://127.0.0.1:8000", follow_redirects=True).text
    assert "again.example" in page
    for secret in ("Grace", "Compilers", known.email, "East Cesar"):
        assert secret not in page
    assert "after your address" in page  # the taxes of their place would tell as well
    assert cart_row(guest).client_id is None


def test_an_order_is_not_placed_after_the_session_has_ended(guest: Guest, inn: Inn, known: Stay) -> None:
    fill(guest)
    guest.sign_in(known.username)
    guest.post("/checkout", "/checkout", payment_method="manual")
    quote_id = hidden(guest.get("/checkout/review"), "quote_id")
    guest.browser.delete_cookie("innkeeper_portal", domain="127.0.0.1", path="/")
    answer = guest.post("/checkout/review", "/checkout", quote_id=quote_id, accept_terms="1")
    assert answer.headers["Location"] == "/checkout"
    with inn.db.read() as session:
        assert session.execute(select(func.count()).select_from(Order)).scalar_one() == 1


def test_another_client_who_signs_in_takes_the_cart_without_the_first_ones_payment(
    inn: Inn, guest: Guest, known: Stay
) -> None:
    other = stay(inn, state="OR", city="Portland", county="Multnomah", postal_code="97201")
    fill(guest)
    carts.sign_in(inn.house, cart_token(guest), known.client_id)
    checkout.save_summary(inn.house, cart_token(guest), inn.payment("sandbox_card"), {}, ip="127.0.0.1")
    assert cart_row(guest).source_encrypted
    guest.sign_in(other.username)
    guest.get("/checkout")
    row = cart_row(guest)
    assert row.client_id == other.client_id
    assert row.source_encrypted == ""
    assert row.gateway == ""


@pytest.mark.parametrize("behaviour", ["closed", "blocked"])
def test_a_client_who_can_not_order_is_told(inn: Inn, guest: Guest, known: Stay, behaviour: str) -> None:
    with inn.db.transaction() as session:
        status = (
            session.execute(select(ClientStatus).where(ClientStatus.behaviour == behaviour)).scalars().first()
        )
        assert status is not None
        session.execute(update(Client).where(Client.id == known.client_id).values(status_id=status.id))
    fill(guest)
    guest.sign_in(known.username)
    assert "No order can be placed on your account" in guest.get("/checkout", 403)
    assert "Hello, Grace" in guest.get("/portal/")  # their invoices are theirs all the same


def test_a_new_buyer_is_asked_who_they_are_as_before(inn: Inn, guest: Guest) -> None:
    fill(guest)
    form = inn.contact() | {"payment_method": "manual"}
    assert guest.post("/checkout", "/checkout", **form).headers["Location"] == "/checkout/review"
    page = guest.get("/checkout/review")
    assert 'href="/checkout#street-address"' in page
    assert cart_row(guest).client_id is None
