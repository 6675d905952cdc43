"""Nobody sees or does in the admin what their role does not say: every route, walked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from core.identity.permissions import PERMISSIONS
from core.identity.values import Identity
from core.kernel.ids import new_id
from core.web.admin import access
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, Desk, build, cookie_of, hire, links, open_desk, sign_in

OPEN = {  # nobody can be signed in yet
    "admin.login", "admin.sign_in", "admin.login_factor", "admin.show_factor", "admin.login_passkey",
    "admin.login_challenge", "admin.reset", "admin.ask_reset", "admin.choose_password", "admin.set_password",
}  # fmt: skip


def admin_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]


def test_every_route_of_the_admin_declares_what_it_needs(inn: Inn) -> None:
    app = build(inn)
    with app.app_context():
        needs = {rule.endpoint: access.declared(rule.endpoint) for rule in admin_rules(app)}
    assert [endpoint for endpoint, permission in needs.items() if permission is None] == []
    assert {endpoint for endpoint, permission in needs.items() if permission == access.PUBLIC} == OPEN
    assert len(needs) > 35


def test_a_route_that_forgets_to_declare_is_refused(desk: Desk) -> None:
    view = desk.app.view_functions["admin.orders"]
    desk.app.view_functions["admin.orders"] = partial(view)
    desk.get("/admin/orders", 403)


def test_a_misspelt_permission_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"orders\.veiw"):
        access.needs("orders.veiw")


def test_every_permission_that_is_offered_guards_something(inn: Inn) -> None:
    app = build(inn)
    with app.app_context():
        used = {access.declared(rule.endpoint) for rule in admin_rules(app)}
    not_yet = {"clients.edit", "services.edit"}  # their screens come with the client editor
    beside = {"reports.view"}  # a part of the dashboard
    assert set(PERMISSIONS) - used == not_yet | beside


@pytest.fixture
def made(inn: Inn) -> dict[str, str]:
    """One of each thing that an address may name, by the name of its argument."""
    order = inn.view(inn.place_order("sandbox_card"))
    desk = open_desk(inn, name="Scout Finch")
    story = desk.get(f"/admin/orders/{order.id}")
    client = desk.get("/admin/clients")

    def first(page: str, kind: str) -> str:
        start = page.index(f"/admin/{kind}/") + len(f"/admin/{kind}/")
        return page[start : start + 36]

    return {
        "order_id": str(order.id), "invoice_id": str(order.invoice_id), "client_id": first(client, "clients"),
        "attempt_id": first(story, "payments"), "job_id": first(story, "jobs"),
        "mail_id": first(story, "mails"),
        "service_id": first(story, "services"), "server_id": first(desk.get("/admin/servers"), "servers"),
        "plugin_id": "gateway.sandbox_card", "delivery_id": str(new_id()),
    }  # fmt: skip


def addresses(app: Flask, made: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, path) of everything in the admin."""
    for rule in admin_rules(app):
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", made[name]).replace(f"<{name}>", made[name])
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, path


def test_without_signing_in_every_address_leads_to_the_door(inn: Inn, made: dict[str, str]) -> None:
    app = build(inn)
    browser = app.test_client()
    token = open_desk(inn, (), name="Nobody Here").token()  # of another visitor: it does not help
    for endpoint, method, path in addresses(app, made):
        if endpoint in OPEN:
            continue
        answer = browser.open(
            path, method=method, data={"csrf_token": token} if method == "POST" else None, base_url=HOST
        )
        if method == "GET":
            assert answer.status_code == 303, (path, answer.status_code)
            assert answer.headers["Location"].startswith("/admin/login")
        else:
            assert answer.status_code == 400, (path, answer.status_code)  # no form of theirs to begin with


def test_each_route_asks_for_its_permission_and_no_more(
    inn: Inn, made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all permissions but its own a route is refused; with its own alone it is served."""
    desk = open_desk(inn, name="Chameleon Smith")
    real = access.identity.session_of(inn.house, str(cookie_of(desk)), "admin")
    assert real is not None
    wearing: list[Identity] = [real]
    token = desk.token()
    monkeypatch.setattr(access.identity, "session_of", lambda *_: wearing[-1])
    for endpoint, method, path in addresses(desk.app, made):
        with desk.app.app_context():
            needed = access.declared(endpoint)
        if needed in (access.PUBLIC, access.SIGNED_IN):
            continue
        assert needed is not None
        for permissions, is_let_in in ((set(PERMISSIONS) - {needed}, False), ({needed}, True)):
            wearing.append(replace(real, permissions=frozenset(permissions)))
            data = {"csrf_token": token} if method == "POST" else None
            answer = desk.browser.open(path, method=method, data=data, base_url=HOST)
            served = (200, 303, 404, 409, 422)
            assert (answer.status_code in served) == is_let_in, (
                method,
                path,
                permissions,
                answer.status_code,
            )
            assert is_let_in or answer.status_code == 403


def test_signed_in_staff_without_any_permission_see_an_empty_desk(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    desk = open_desk(inn, ())
    page = desk.get("/admin/")
    assert "Nothing waits for you" in page
    assert "Latest orders" not in page
    assert "Money in" not in page
    assert "/admin/orders" not in page
    assert "Nothing found" in desk.get("/admin/search?q=WH-")


def test_a_client_page_leaves_out_what_may_not_be_seen(inn: Inn, made: dict[str, str]) -> None:
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
