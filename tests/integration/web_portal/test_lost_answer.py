"""The order was placed and the answer never arrived: the browser that comes back finds the order."""

from __future__ import annotations

import pytest

from core.orders.placing import FRESH
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import texts
from tests.integration.web_portal.guest import Guest, open_door, stay
from tests.integration.web_portal.test_returning import cart_token, fill, hidden


def order_without_answer(guest: Guest, inn: Inn) -> str:
    """Place this browser's cart, but let its answer be lost; returns the order's address."""
    token = cart_token(guest)
    inn.summary(token, "manual")
    return f"/orders/{inn.confirm(token)}"


@pytest.mark.parametrize("path", ["/checkout", "/checkout/review"])
def test_checkout_leads_to_the_order_that_is_placed_already(inn: Inn, guest: Guest, path: str) -> None:
    fill(guest)
    order = order_without_answer(guest, inn)
    answer = guest.open(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, order)


def test_the_cart_says_what_became_of_it_for_an_hour(inn: Inn, guest: Guest) -> None:
    fill(guest)
    order = order_without_answer(guest, inn)
    page = guest.get("/cart")
    assert f'href="{order}"' in page
    assert "you do not have to order it again" in texts(page)
    inn.clock.advance(seconds=FRESH.total_seconds() + 1)
    assert order not in guest.get("/cart")


def test_who_signed_out_leaves_no_order_behind(inn: Inn, guest: Guest) -> None:
    known = stay(inn)
    fill(guest)
    guest.sign_in(known.username)
    guest.get("/checkout")
    guest.post("/checkout", "/checkout", payment_method="manual")
    quote_id = hidden(guest.get("/checkout/review"), "quote_id")
    guest.post("/checkout/review", "/checkout/review", quote_id=quote_id, accept_terms="1")
    assert "See your order" in guest.get("/cart")
    guest.sign_out()
    assert "See your order" not in guest.get("/cart")


def test_another_browser_learns_nothing(inn: Inn, guest: Guest) -> None:
    fill(guest)
    order_without_answer(guest, inn)
    stranger = open_door(inn, guest.app)
    assert "See your order" not in stranger.get("/cart")


@pytest.mark.parametrize("path", ["/", "/cart", "/order/starter-hosting", "/checkout/review", "/portal/"])
def test_head_is_get_without_a_body_and_changes_nothing(inn: Inn, guest: Guest, path: str) -> None:
    fill(guest)
    seen = guest.open(path)
    form = {"action": "remove", "accept_terms": "1"}
    head = guest.browser.head(path, base_url="http://127.0.0.1:8000", data=form)
    assert (head.status_code, head.data) == (seen.status_code, b"")
    assert head.headers["Content-Type"] == seen.headers["Content-Type"]
    assert "starter" in guest.get("/cart").lower()
