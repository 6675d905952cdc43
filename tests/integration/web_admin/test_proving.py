"""Before money and secrets a page asks who is there; the door leads nowhere else; nobody becomes somebody."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from core.identity import resetting, tokens
from core.identity.models import SignInSession, Staff, User
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.kernel.outbox import OutboxEvent
from core.mail.models import MailMessage
from core.web.admin import access, proving, signing
from core.web.admin.access import COOKIE
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, PASSWORD, cookie_of, open_desk, texts

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
# Where ``next=`` may not lead: other hosts, other schemes, the door itself, and what some program reads so.
SLASHES = (
    "//", "///", "////", "/\\", "\\\\", "\\/", "/\\/", "/\t/", "/\n/", "/\r/", "/%09/", "/%5C", "/%2F",
    "/%2f%2f", "/%5c%5c", "/.//", "/..//", "/;//", "/ /", "\t//", " //", "\x00//",
)  # fmt: skip
ASTRAY = [
    *(f"{slashes}evil.example{path}" for slashes in SLASHES for path in ("", "/admin/")),
    "https://evil.example", "http:evil.example", "http:/evil.example", "HTTPS://evil.example",
    "ftp://evil.example", "https:evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x",
    "data:text/html,x", "//admin@evil.example", "/admin@evil.example", "admin", ".", "..", "", "#", "?", "/",
    "/cart", "/administrator", "/admin/login", "/admin/login?next=/admin/", "/admin/login/factor",
    "/admin/reset", "/admin/reset/x", "/admin/%5C%5Cevil.example", "/admin/\\evil", "/admin/\r\nX: y",
    "/admin/\x00", "/admin/%0d%0aX", "x" * 5000,
]  # fmt: skip


def test_the_door_leads_into_the_admin_and_nowhere_else(inn: Inn) -> None:  # A70
    desk = open_desk(inn, ())
    assert len(ASTRAY) >= 60
    with desk.app.test_request_context("/admin/login", base_url=HOST):
        for wanted in ASTRAY:
            assert signing._wanted(wanted) == "/admin/", wanted
        for good in ("/admin/orders?state=placed", "/admin/", "/admin/clients/x/edit"):
            assert signing._wanted(good) == good
    for wanted in ASTRAY[:12]:
        answer = desk.browser.get("/admin/login", query_string={"next": wanted}, base_url=HOST)
        assert urlsplit(answer.headers["Location"]).netloc == ""
        assert answer.headers["Location"] == "/admin/"


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's main form."""
    main = page[page.index('<main class="ad-main"') :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main)
    return {name: html.unescape(value) for name, value in found}


def test_a_form_that_needs_proof_is_kept_and_sent_by_the_person(inn: Inn) -> None:
    order = inn.view(inn.place_order("manual"))
    desk = open_desk(inn)
    inn.clock.advance(minutes=16)
    path, before = f"/admin/invoices/{order.invoice_id}/mark-paid", cookie_of(desk)
    asked = desk.post(path, reference="BANK & 7 <b>", gateway="manual", password="not kept")
    assert asked.status_code == 403
    assert "Is it still you" in asked.text
    assert "not kept" not in asked.text.replace("are not kept", "")
    assert "Waits for" in desk.get(f"/admin/orders/{order.id}"), "nothing was done"
    kept = fields(asked.text)["kept"]
    wrong = desk.post("/admin/prove", kept=kept, password="wrong")
    assert wrong.status_code == 422
    assert fields(wrong.text)["kept"] == kept
    ready = desk.post("/admin/prove", kept=kept, password=PASSWORD)
    assert ready.status_code == 200
    assert cookie_of(desk) != before
    found = re.search(r'<form[^>]*action="([^"]+)" method="post" id="kept"', ready.text)
    assert found is not None
    assert found[1] == path
    sent = fields(ready.text)
    assert sent["reference"] == "BANK & 7 <b>"
    assert "Waits for" in desk.get(f"/admin/orders/{order.id}"), "not sent by itself"
    sent.pop("csrf_token")
    desk.done(found[1], **sent)
    assert "Waits for" not in desk.get(f"/admin/orders/{order.id}")
    with inn.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action.contains("paid"))).first()
    assert entry is not None
    assert (entry.ip, bool(entry.request_id)) == ("127.0.0.1", True)


def test_a_button_that_needs_proof_says_what_it_does(inn: Inn) -> None:
    desk = open_desk(inn)
    inn.clock.advance(minutes=16)
    path = f"/admin/staff/{new_id()}/reset-factor"
    stood_in = {"Referer": f"{HOST}/admin/staff"}
    asked = desk.browser.post(path, data={"csrf_token": desk.token()}, base_url=HOST, headers=stood_in)
    kept = fields(asked.text)["kept"]
    ready = desk.post("/admin/prove", kept=kept, password=PASSWORD).text
    assert "Asked for Reset the second factor Do it now" in texts(ready)
    assert "as you typed it" not in texts(ready)
    assert '<a class="btn btn-quiet" href="/admin/staff">Leave it</a>' in ready


def test_the_words_are_of_buttons_that_ask_for_proof(inn: Inn) -> None:
    """A route that is renamed takes its words along."""
    app = open_desk(inn).browser.application
    known = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert set(proving.DEEDS) <= known
    with app.app_context():
        assert [one for one in proving.DEEDS if not access.asks_for_proof(one)] == []


def test_a_kept_form_is_of_its_own_session_and_unchanged(inn: Inn) -> None:
    desk, other = open_desk(inn), open_desk(inn, name="Other Person")
    inn.clock.advance(minutes=16)
    kept = fields(desk.post("/admin/staff/new", name="Bo").text)["kept"]
    for browser, text in ((other, kept), (desk, kept[:-2] + "xx"), (desk, "made up")):
        answer = browser.post("/admin/prove", kept=text, password=PASSWORD)
        assert answer.headers["Location"] == "/admin/", text
        inn.clock.advance(minutes=16)
    page = desk.browser.get("/admin/staff/new", base_url=HOST)
    assert page.headers["Location"] == "/admin/prove?next=/admin/staff/new"
    done = desk.post("/admin/prove", next="/admin/staff/new", password=PASSWORD)
    assert done.headers["Location"] == "/admin/staff/new"
    away = desk.post("/admin/prove", next="//evil.example/admin/", password=PASSWORD)
    assert away.headers["Location"] == "/admin/"


def test_no_header_makes_somebody_anybody(inn: Inn) -> None:  # A51, A46
    desk = open_desk(inn, ())
    headers = {
        "X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1", "X-User": "admin", "Remote-User": "admin",
        "X-Original-URL": "/admin/me", "X-Rewrite-URL": "/admin/me", "X-Forwarded-Prefix": "/admin",
    }  # fmt: skip
    assert desk.browser.get("/admin/orders", headers=headers, base_url=HOST).status_code == 403
    stranger = desk.app.test_client()
    assert stranger.get("/admin/orders", headers=headers, base_url=HOST).status_code == 303
    for token in ("system", "staff:00000000-0000-0000-0000-000000000000", "shell", "\x00", "x" * 4000):
        stranger.set_cookie(COOKIE, token, domain="127.0.0.1", path="/admin")
        assert stranger.get("/admin/me", base_url=HOST).status_code in (303, 400)
    page = desk.browser.get("/admin/me", headers=headers, base_url=HOST)
    assert page.status_code == 200
    with inn.db.read() as session:
        assert {row.ip for row in session.scalars(select(SignInSession))} == {"127.0.0.1"}


def test_no_form_changes_what_it_does_not_declare(inn: Inn) -> None:  # A52
    """Every column of the tables of people, posted to every form about people."""
    desk = open_desk(inn)
    names = {column.key for table in (User, Staff, SignInSession) for column in table.__table__.columns}
    extra = dict.fromkeys(names - {"name", "email", "role_id", "username", "version"}, "1")
    with inn.db.read() as session:
        was = session.get_one(User, desk.user_id)
        before = {name: getattr(was, name) for name in ("password_hash", "status", "username", "email")}
    desk.done("/admin/me", **{**extra, "name": "Marta L.", "language": "en", "version": "1"})
    member = f"/admin/staff/{desk.user_id}"
    form = dict(re.findall(r'name="(email)" [^>]*value="([^"]+)"', desk.get(member)))
    chosen = re.search(r'<option value="([0-9a-f-]{36})" selected', desk.get(member))
    assert chosen is not None
    desk.done(member, **{**extra, **form, "name": "Marta", "role_id": chosen[1], "version": "2"})
    with inn.db.read() as session:
        now_is = session.get_one(User, desk.user_id)
        assert {name: getattr(now_is, name) for name in before if name != "email"} == {
            name: value for name, value in before.items() if name != "email"
        }
        live = session.scalars(select(SignInSession)).all()
    assert {row.acting_staff_id for row in live} == {None}


def test_no_secret_of_a_person_is_on_any_page_about_people(inn: Inn) -> None:  # A53
    desk = open_desk(inn)
    with inn.db.read() as session:
        users, live = session.scalars(select(User)).all(), session.scalars(select(SignInSession)).all()
    secrets = {row.password_hash for row in users} | {row.token_hash for row in live} | {str(cookie_of(desk))}
    for path in ("/admin/me", "/admin/staff", f"/admin/staff/{desk.user_id}", "/admin/roles", "/admin/audit"):
        page = desk.get(path)
        assert not [one for one in secrets if one in page], path
    assert "argon2" not in texts(desk.get("/admin/staff"))


def test_the_log_is_narrowed_on_its_page(inn: Inn) -> None:
    desk = open_desk(inn)
    desk.done("/admin/me", name="Marta L.", language="en", version="1")
    page = desk.get("/admin/audit?who=marta&action=user.edit")
    assert "Marta Lindqvist" in page
    assert re.search(r"<td[^>]*>Marta Lindqvist</td><td[^>]*>Marta L\.</td>", page), (
        "both sides of the change"
    )
    for nothing in (
        "who=nobody",
        "action=user.edi",
        "since=2100-01-01",
        "until=2001-01-01",
        "target=client:1",
    ):
        assert "Nothing fits" in desk.get(f"/admin/audit?{nothing}"), nothing
    day = inn.clock.now().date().isoformat()
    for harmless in (f"since={day[:4]}-02-31", "until=x", "since=9999-12-31&until=9999-12-31", "who=%00"):
        desk.get(f"/admin/audit?{harmless}")
    desk.get("/admin/audit?check=1")


def test_a_forgotten_password_of_staff(inn: Inn) -> None:  # A60, A61
    desk = open_desk(inn)
    browser = desk.app.test_client()
    page = browser.get("/admin/reset", base_url=HOST).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    said = [
        browser.post("/admin/reset", data={"csrf_token": token[1], "username": name}, base_url=HOST)
        for name in ("marta.lindqvist", "nobody.at.all")
    ]
    assert texts(said[0].text) == texts(said[1].text)
    inn.drain()
    with inn.db.read() as session:
        (event,) = session.scalars(select(OutboxEvent).filter_by(name=resetting.ASKED))
        (mail,) = session.scalars(select(MailMessage).filter_by(type="password_reset"))
    link = tokens.unseal(inn.house.keys, event.payload["sealed"], desk.user_id, tokens.RESET)
    assert mail.recipient.endswith("marta.lindqvist@wayside.example")
    assert link not in mail.body_text + mail.body_html
    assert link not in desk.get(f"/admin/mails/{mail.id}")
    path = tokens.link_path("admin", link)
    page = browser.get(path, base_url=HOST).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    new = {"password": "a new and longer sentence", "confirm_password": "a new and longer sentence"}
    done = browser.post(path, data={"csrf_token": token[1], **new}, base_url=HOST)
    assert done.headers["Location"] == "/admin/login?said=chosen"
    assert desk.browser.get("/admin/me", base_url=HOST).status_code == 303
    assert browser.get(path, base_url=HOST).status_code == 404
