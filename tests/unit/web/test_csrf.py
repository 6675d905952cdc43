"""Forms must come from our own pages."""

from __future__ import annotations

import time_machine
from flask import Flask

from core.web import csrf
from tests.unit.web.conftest import Visitor

COUPON = {"action": "coupon", "coupon": "X"}


def test_a_form_with_its_own_token_is_taken(visitor: Visitor) -> None:
    assert visitor.send("/cart", COUPON).status_code == 303


def test_a_form_without_a_token_is_refused_with_a_page(visitor: Visitor) -> None:
    visitor.get("/cart")
    answer = visitor.client.post("/cart", data=COUPON)
    assert answer.status_code == 400
    assert "This form is too old" in answer.text


def test_the_token_of_another_browser_does_not_hold(flask_app: Flask) -> None:
    stranger, victim = Visitor(flask_app.test_client()), Visitor(flask_app.test_client())
    victim.token()
    answer = victim.client.post("/cart", data=COUPON | {"csrf_token": stranger.token()})
    assert answer.status_code == 400


def test_a_token_without_the_cookie_does_not_hold(flask_app: Flask) -> None:
    token = Visitor(flask_app.test_client()).token()
    answer = flask_app.test_client().post("/cart", data=COUPON | {"csrf_token": token})
    assert answer.status_code == 400


def test_a_seed_that_is_not_ours_is_no_fault_of_ours(flask_app: Flask) -> None:
    """Anybody can set a cookie of their own, in any letters."""
    client = flask_app.test_client()
    client.set_cookie(csrf.COOKIE, "sé\u0301ed")
    token = Visitor(client).token()
    assert client.post("/cart", data=COUPON | {"csrf_token": token}).status_code == 303
    client.set_cookie(csrf.COOKIE, "autre")
    assert client.post("/cart", data=COUPON | {"csrf_token": token}).status_code == 400


def test_a_token_holds_for_a_day(visitor: Visitor) -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        token = visitor.token()
        clock.move_to("2026-11-21T09:59:59Z")
        assert visitor.client.post("/cart", data=COUPON | {"csrf_token": token}).status_code == 303
        clock.move_to("2026-11-21T10:00:02Z")
        assert visitor.client.post("/cart", data=COUPON | {"csrf_token": token}).status_code == 400


def test_the_browsers_word_counts_even_with_a_good_token(visitor: Visitor) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        fields = COUPON | {"csrf_token": visitor.token()}
        assert visitor.client.post("/cart", data=fields, headers=headers).status_code == 400, headers


def test_our_own_origin_is_welcome(visitor: Visitor) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    fields = COUPON | {"csrf_token": visitor.token()}
    assert visitor.client.post("/cart", data=fields, headers=headers).status_code == 303


def test_the_seed_is_out_of_reach_of_scripts_and_of_the_page(visitor: Visitor) -> None:
    answer = visitor.get("/cart")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(csrf.COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_with_tls_the_cookie_is_bound_to_the_host(production_app: Flask) -> None:
    answer = production_app.test_client().get("/cart", base_url="https://shop.example")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if csrf.COOKIE in one)
    assert cookie.startswith(f"__Host-{csrf.COOKIE}=")
    assert "Secure" in cookie


def test_a_new_seed_makes_old_forms_worthless(flask_app: Flask) -> None:
    with flask_app.test_request_context("/", headers={"Cookie": f"{csrf.COOKIE}=old"}):
        before = csrf.token()
        csrf.rotate()
        assert csrf.token() != before
        response = csrf.remember(flask_app.make_response(""))
        assert csrf.COOKIE in response.headers["Set-Cookie"]


def test_every_route_that_changes_something_is_guarded_or_says_why(flask_app: Flask) -> None:
    exempt = {name for name, view in flask_app.view_functions.items() if getattr(view, "csrf_exempt", False)}
    assert exempt == {"webhooks.receive"}
