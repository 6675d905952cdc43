"""Nobody sees or does in the admin what their role does not say: every route, walked."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from core.kernel.ids import new_id
from core.web.admin import access
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import (
    HOST,
    Desk,
    build,
    cookie_of,
    hire,
    links,
    open_desk,
    sign_in,
    things,
)


def test_a_route_that_forgets_to_declare_is_refused(desk: Desk) -> None:
    view = desk.app.view_functions["admin.orders"]
    desk.app.view_functions["admin.orders"] = partial(view)
    desk.get("/admin/orders", 403)


def test_a_misspelt_permission_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"orders\.veiw"):
        access.needs("orders.veiw")


def test_signed_in_staff_without_any_permission_see_an_empty_desk(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    desk = open_desk(inn, ())
    page = desk.get("/admin/")
    assert "Nothing waits for you" in page
    assert "Latest orders" not in page
    assert "Money in" not in page
    assert "/admin/orders" not in page
    assert "Nothing found" in desk.get("/admin/search?q=WH-")


def test_a_client_page_leaves_out_what_may_not_be_seen(inn: Inn) -> None:
    made = things(inn)
    desk = open_desk(inn, ("clients.view", "invoices.view"))
    page = desk.get(f"/admin/clients/{made['client_id']}")
    assert links(page, "/admin/invoices/")
    for hidden in ("orders", "payments", "jobs", "mails", "services"):
        assert links(page, f"/admin/{hidden}") == []
    desk.get(f"/admin/payments/{made['attempt_id']}", 403)


def test_buttons_follow_permissions(inn: Inn) -> None:
    order = inn.view(inn.place_order("manual"))
    viewer = open_desk(inn, ("orders.view",), name="Only Looking")
    page = viewer.get(f"/admin/orders/{order.id}")
    assert "Mark paid" not in page
    assert "Cancel order" not in page
    clerk = open_desk(inn, ("orders.view", "payments.record", "orders.cancel"), name="Busy Clerk")
    page = clerk.get(f"/admin/orders/{order.id}")
    assert "Mark paid" in page
    assert "Cancel order" in page


def test_wrong_password_says_one_sentence_and_keeps_the_name(inn: Inn) -> None:
    desk = open_desk(inn)
    other = Desk(inn=inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    for username in ("marta.lindqvist", "nobody.at.all"):
        answer = sign_in(other, username, "not the password at all")
        assert answer.status_code == 422
        assert "do not match" in answer.text
        assert f'value="{username}"' in answer.text
        assert "not the password" not in answer.text
        assert cookie_of(other) is None


def test_the_cookie_is_the_admins_alone(inn: Inn) -> None:
    hire(inn, ())
    app = build(inn)
    desk = Desk(inn=inn, app=app, browser=app.test_client(), user_id=new_id())
    answer = sign_in(desk, "marta.lindqvist")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(access.COOKIE))
    assert "HttpOnly" in cookie
    assert "Path=/admin" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age" not in cookie


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/admin/orders?state=placed", "/admin/orders?state=placed"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/\\evil.example", "/admin/"),
        ("/administrator", "/admin/"),
        ("/cart", "/admin/"),
        ("/admin/login?next=/admin/", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_signing_in_leads_back_into_the_admin_and_nowhere_else(inn: Inn, wanted: str, leads_to: str) -> None:
    hire(inn, ())
    app = build(inn)
    desk = Desk(inn=inn, app=app, browser=app.test_client(), user_id=new_id())
    answer = sign_in(desk, "marta.lindqvist", next=wanted)
    assert answer.headers["Location"] == leads_to


def test_the_page_that_was_asked_for_comes_after_signing_in(inn: Inn) -> None:
    app = build(inn)
    answer = app.test_client().get("/admin/jobs?state=failed", base_url=HOST)
    assert answer.headers["Location"] == "/admin/login?next=/admin/jobs?state%3Dfailed"


def test_signing_out_ends_the_session_itself(desk: Desk) -> None:
    token = cookie_of(desk)
    assert token
    answer = desk.post("/admin/sign-out")
    assert answer.headers["Location"] == "/admin/login"
    assert cookie_of(desk) is None
    desk.browser.set_cookie(access.COOKIE, token, domain="127.0.0.1", path="/admin")
    assert desk.browser.get("/admin/", base_url=HOST).status_code == 303


def test_a_session_ends_by_itself(desk: Desk) -> None:
    desk.inn.clock.advance(hours=13)
    assert desk.browser.get("/admin/", base_url=HOST).status_code == 303


def test_forms_without_our_token_do_nothing(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("manual"))
    for data in ({}, {"csrf_token": "made up"}):
        answer = desk.browser.post(
            f"/admin/invoices/{order.invoice_id}/mark-paid", data={"reference": "x", **data}, base_url=HOST
        )
        assert answer.status_code == 400
    answer = desk.browser.post(
        f"/admin/invoices/{order.invoice_id}/mark-paid",
        data={"reference": "x", "csrf_token": desk.token()},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        base_url=HOST,
    )
    assert answer.status_code == 400
    assert "Waits for" in desk.get(f"/admin/orders/{order.id}")


@pytest.mark.parametrize("kind", ["orders", "clients", "invoices", "services", "payments", "jobs", "mails"])
def test_what_does_not_exist_is_a_page_that_says_so(desk: Desk, kind: str) -> None:
    missing: UUID = new_id()
    assert "no such" in desk.get(f"/admin/{kind}/{missing}", 404)
    desk.get(f"/admin/{kind}/not-an-id", 404)
