"""Clients set up a second factor themselves: an app, recovery codes, and the proof that comes before."""

from __future__ import annotations

import re

import pyotp

from core.clients import signing_in
from core.identity import factors, own, sessions
from core.identity import service as identity
from core.identity.values import AREAS
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from core.mail.models import MailMessage
from core.web.portal.access import COOKIE, PROVEN
from tests.fixtures.innkeeper import PASSWORD, Inn
from tests.integration.web_admin.desk import hire, texts
from tests.integration.web_portal.guest import Guest, Stay, open_door, stay

FACTORS, PROVE = "/portal/security/factors", "/portal/security/prove"
STEP = "/portal/sign-in/factor"


def set_up_app(inn: Inn, guest: Guest) -> tuple[str, list[str]]:
    """Its secret, and the recovery codes of the page."""
    guest.post(f"{FACTORS}/app/begin", FACTORS)
    page = guest.get(f"{FACTORS}/app")
    secret = "".join(re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)[0].split())
    answer = guest.post(
        f"{FACTORS}/app/confirm", f"{FACTORS}/app", code=code_of(inn, secret), label="My phone"
    )
    assert answer.status_code == 200, texts(answer.text)
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def code_of(inn: Inn, secret: str) -> str:
    return pyotp.TOTP(secret).at(inn.clock.now())


def published(inn: Inn, name: str) -> list[dict[str, object]]:
    with inn.db.read() as session:
        return [
            row.payload for row in session.query(OutboxEvent).filter_by(name=name).order_by(OutboxEvent.id)
        ]


def test_an_app_is_set_up_asked_for_and_removed(inn: Inn, guest: Guest) -> None:  # A66, A67, A68
    one = stay(inn)
    guest.sign_in(one.username)
    other = open_door(inn, guest.app)
    other.sign_in(one.username)
    before = guest.cookie
    secret, codes = set_up_app(inn, guest)
    assert len(set(codes)) == factors.CODES
    assert guest.cookie != before
    assert other.open("/portal/").status_code == 303, "a changed factor ends the other sessions"
    assert "My phone" in guest.get("/portal/security")
    assert secret not in "".join(guest.get(FACTORS).split())
    assert guest.open(f"{FACTORS}/app").status_code == 303, "the secret is shown while it is set up alone"
    guest.get(f"{FACTORS}/app.svg", 404)
    saved = guest.post("/portal/security/codes/file", FACTORS, codes=" ".join(codes) + " <b>")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert codes[9] in saved.text
    assert "<b>" not in saved.text

    assert other.sign_in(one.username).headers["Location"] == STEP
    assert other.post(STEP, STEP, code="000000").status_code == 422
    inn.clock.advance(seconds=30)
    assert other.post(STEP, STEP, code=code_of(inn, secret)).status_code == 303
    assert other.open("/portal/").status_code == 200

    fresh = guest.post("/portal/security/codes", FACTORS)
    assert codes[0] not in fresh.text
    remove = re.findall(rf'action="({FACTORS}/[0-9a-f-]{{36}}/remove)"', guest.get(FACTORS))
    assert guest.post(remove[0], FACTORS).status_code == 303
    assert "None yet" in guest.get("/portal/security")
    assert other.open("/portal/").status_code == 303
    assert other.sign_in(one.username).headers["Location"] == "/portal/"
    told = published(inn, own.FACTOR_CHANGED)
    assert [(row["what"], row["area"]) for row in told] == [("added", "portal"), ("removed", "portal")]
    inn.drain()
    with inn.db.read() as session:
        mails = session.query(MailMessage).filter_by(type="factor_changed").all()
        assert {(mail.recipient, mail.subject) for mail in mails} == {
            (one.email, f"A second factor was {what} your account") for what in ("added to", "removed from")
        }  # fmt: skip
        noted = [row.action for row in session.query(AuditEntry).filter(AuditEntry.actor.like("client:%"))]
    assert {"user.add_factor", "user.remove_factor", "user.new_recovery_codes"} <= set(noted)


def test_factors_are_for_who_has_just_proven_it(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    guest.sign_in(one.username)
    inn.clock.advance(minutes=16)
    for rule in guest.app.url_map.iter_rules():
        if rule.endpoint not in PROVEN:
            continue
        path = rule.rule.replace("<uuid:factor_id>", str(one.client_id))
        answer = guest.post(path, "/portal/security") if "POST" in rule.methods else guest.open(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith(f"{PROVE}?next={FACTORS}"), path
    wrong = guest.post(PROVE, PROVE, password="wrong", next=FACTORS)
    assert wrong.status_code == 422
    assert "did not match" in wrong.text
    away = guest.post(PROVE, PROVE, password=PASSWORD, next="//evil.example")
    assert away.headers["Location"] == FACTORS
    before = guest.cookie
    secret, _codes = set_up_app(inn, guest)
    assert guest.cookie != before
    inn.clock.advance(minutes=16)
    assert guest.post(PROVE, PROVE, password=PASSWORD).status_code == 422, (
        "the password alone is no proof now"
    )
    guest.post(PROVE, PROVE, password=PASSWORD, code=code_of(inn, secret))
    guest.get(FACTORS)


def test_proof_is_tried_five_times(inn: Inn, guest: Guest) -> None:  # A62
    one = stay(inn)
    guest.sign_in(one.username)
    for _ in range(factors.TRIES):
        assert guest.post(PROVE, PROVE, password="wrong").status_code == 422
    assert guest.post(PROVE, PROVE, password=PASSWORD).status_code == 422


def acting(inn: Inn, guest: Guest, one: Stay) -> None:
    """Somebody of the staff inside the account, in the guest's browser."""
    staff_id, now = hire(inn, ["clients.impersonate"]), inn.clock.now()
    with inn.db.transaction() as session:
        user_id = signing_in.user_of(session, one.client_id, inn.brand_id)
        assert user_id is not None
        sessions.open_session(session, staff_id, AREAS["admin"], ip="", agent="", now=now)
        token = identity.open_acting(session, user_id=user_id, staff_id=staff_id, ip="", agent="", now=now)
    guest.browser.set_cookie(COOKIE, token, domain="127.0.0.1", path="/")


def test_staff_inside_the_account_have_no_part_in_it(inn: Inn, guest: Guest) -> None:  # A49
    acting(inn, guest, stay(inn))
    for path in ("/portal/security", FACTORS, f"{FACTORS}/app", f"{FACTORS}/app.svg", PROVE):
        guest.get(path, 403)
    for path in (PROVE, f"{FACTORS}/app/begin", "/portal/security/codes", "/portal/security/challenge"):
        assert guest.post(path, "/portal/services").status_code == 403, path


def test_what_is_no_code_is_refused_beside_its_field(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    guest.sign_in(one.username)
    guest.post(f"{FACTORS}/app/begin", FACTORS)
    for code in ("\uff11\uff12\uff13\uff14\uff15\uff16", "      ", "12345\xe9", "\x00" * 6, "x" * 5000):
        answer = guest.post(f"{FACTORS}/app/confirm", f"{FACTORS}/app", code=code)
        assert answer.status_code == 422, code
        assert 'id="code-error"' in answer.text


def test_a_passkey_that_is_none_opens_nothing(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    asked = guest.post("/portal/sign-in/challenge")
    assert asked.json["rpId"] == "localhost"
    refused = guest.post("/portal/sign-in/passkey", credential='{"response": {}}')
    assert refused.status_code == 422
    assert "was not taken" in refused.text
    guest.sign_in(one.username)
    made = guest.post(f"{FACTORS}/passkey/challenge", FACTORS)
    assert made.json["user"]["name"] == one.username
    wrong = guest.post(f"{FACTORS}/passkey", FACTORS, credential="{}", label="x")
    assert wrong.status_code == 422
    assert "The passkey was not taken" in wrong.text
    assert "None yet" in guest.get("/portal/security")
