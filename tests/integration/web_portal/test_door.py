"""Signing in to the portal and out of it: one answer for every refusal, and no way to elsewhere."""

from __future__ import annotations

import pytest

from core.identity import signing
from core.web.portal.access import COOKIE
from tests.fixtures.innkeeper import PASSWORD, Inn
from tests.integration.web_admin.desk import HOST, build, hire, open_desk, texts
from tests.integration.web_portal.guest import DOOR, Guest, open_door, stay

PAGES = ("/portal/", "/portal/services", "/portal/invoices")


def test_a_username_and_an_email_both_open_the_door(inn: Inn, guest: Guest) -> None:
    one = stay(inn, first_name="Grace", last_name="Hopper")
    for name in (one.username, one.email.upper()):
        answer = guest.sign_in(name)
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/portal/"
        assert "Hello, Grace" in guest.get("/portal/")
        guest.sign_out()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(inn: Inn, guest: Guest) -> None:
    answer = guest.sign_in(stay(inn).username)
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{COOKIE}="))
    assert COOKIE == "innkeeper_portal"
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie.split("; ")
    assert "Max-Age" not in cookie


def test_every_refusal_reads_the_same(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    hire(inn, (), name="Marta Lindqvist")  # of the staff, and nobody's client
    said = set()
    for name, password in ((one.username, "not the password"), ("nobody", PASSWORD), ("", ""),
                           ("marta.lindqvist", "a lamp, a key and a bell")):  # fmt: skip
        answer = guest.sign_in(name, password)
        assert answer.status_code == 422
        assert f'value="{name}"' in answer.text or not name
        assert password not in answer.text or not password
        said.add(texts(answer.text[answer.text.index('id="refused"') :])[:150])
        assert not guest.cookie
    assert len(said) == 1
    assert "do not match" in said.pop()


def test_too_many_tries_shut_the_door_for_the_right_password_too(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    for _ in range(signing.TRIES_PER_ACCOUNT):
        assert guest.sign_in(one.username, "not the password").status_code == 422
    refused = guest.sign_in(one.username)
    assert refused.status_code == 422
    assert "do not match" in refused.text
    inn.clock.advance(seconds=signing.WINDOW_SECONDS + 1)
    assert guest.sign_in(one.username).status_code == 303


@pytest.mark.parametrize("path", PAGES)
def test_without_signing_in_a_page_leads_to_the_door_and_back(inn: Inn, guest: Guest, path: str) -> None:
    wanted = f"{path}?after=x" if path != "/portal/" else path
    answer = guest.open(wanted)
    assert answer.status_code == 303
    door = answer.headers["Location"]
    assert door.startswith(DOOR)
    assert "no-store" in answer.headers["Cache-Control"]
    if path != "/portal/":
        assert guest.get(door).count(f'name="next" value="{wanted}"') == 2  # by password and by passkey
    assert guest.sign_in(stay(inn).username, wanted=wanted).headers["Location"] == wanted


HOSTILE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/portal\\..\\..//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
    "javascript:alert(1)", "evil.example", "http:evil.example", " //evil.example", "/\x00/evil.example",
    "/\u2028/evil.example", "/%09/evil.example", "/%2fevil.example", "/%5cevil.example", "/%00",
    "@evil.example", ".evil.example", "", "/" + "x" * 3000, DOOR, f"{DOOR}/",
    f"{DOOR}?next=//evil.example", "/portal/sign-in?next=/portal/sign-in",
)  # fmt: skip


def test_no_address_of_another_site_is_ever_gone_on_to(inn: Inn) -> None:
    """Each hostile ``next`` ends at the overview: sent with the form, or asked for by who is signed in."""
    one = stay(inn)
    app = build(inn)
    for wanted in HOSTILE:
        guest = open_door(inn, app)
        page = guest.browser.get(DOOR, query_string={"next": wanted}, base_url=HOST).text
        assert "evil" not in page, wanted
        assert guest.sign_in(one.username, wanted=wanted).headers["Location"] == "/portal/", wanted
        answer = guest.browser.get(DOOR, query_string={"next": wanted}, base_url=HOST)
        assert answer.headers["Location"] == "/portal/", wanted
        answer = guest.sign_out(next=wanted)
        assert answer.headers["Location"] == DOOR, wanted


@pytest.mark.parametrize("wanted", ["/checkout", "/portal/invoices?after=1", "/orders/abc/pay", "/"])
def test_pages_of_this_site_are(inn: Inn, guest: Guest, wanted: str) -> None:
    assert guest.sign_in(stay(inn).username, wanted=wanted).headers["Location"] == wanted


def test_signing_out_ends_the_session_itself(inn: Inn, guest: Guest) -> None:
    guest.sign_in(stay(inn).username)
    token = guest.cookie
    assert token
    assert guest.open("/portal/sign-out").status_code == 405
    answer = guest.browser.post("/portal/sign-out", base_url=HOST)
    assert answer.status_code == 400  # no form of ours
    assert guest.sign_out().headers["Location"] == DOOR
    assert not guest.cookie
    guest.browser.set_cookie(COOKIE, token, domain="127.0.0.1", path="/")
    assert guest.open("/portal/").status_code == 303


def test_signing_in_anew_ends_the_session_before(inn: Inn, guest: Guest) -> None:
    """Another person signs in over the open session of the first: the first token is worth nothing."""
    first, second = stay(inn), stay(inn)
    guest.sign_in(first.username)
    token = guest.cookie
    form = guest.post(DOOR, "/portal/", username=second.username, password=PASSWORD)
    assert form.status_code == 303
    assert guest.cookie != token
    other = open_door(inn, guest.app)
    other.browser.set_cookie(COOKIE, token, domain="127.0.0.1", path="/")
    assert other.open("/portal/").status_code == 303


def test_staff_are_not_clients_and_clients_not_staff(inn: Inn, guest: Guest) -> None:
    guest.sign_in(stay(inn).username)
    assert guest.open("/admin/").status_code == 303
    guest.browser.set_cookie("innkeeper_admin", guest.cookie, domain="127.0.0.1", path="/admin")
    assert guest.open("/admin/").status_code == 303
    desk = open_desk(inn)
    held = desk.browser.get_cookie("innkeeper_admin", domain="127.0.0.1", path="/admin")
    assert held is not None
    stranger = open_door(inn, guest.app)
    stranger.browser.set_cookie(COOKIE, held.value, domain="127.0.0.1", path="/")
    assert stranger.open("/portal/").status_code == 303


def test_the_head_of_every_page_names_who_is_signed_in(inn: Inn, guest: Guest) -> None:
    one = stay(inn, company_name="Pinewood Bakery")
    assert "Sign in" in texts(guest.get("/"))
    guest.sign_in(one.username)
    for path in ("/", "/terms", "/cart", "/portal/", f"/orders/{one.order}"):
        page = guest.get(path)
        assert "Pinewood Bakery" in page, path
        assert 'action="/portal/sign-out"' in page, path
