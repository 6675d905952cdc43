"""How clients sign in, change their password, and get a new one when it is forgotten."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select

from core.identity import factors, resetting, tokens
from core.identity.models import Membership, OneTimeToken
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from tests.fixtures.innkeeper import PASSWORD, Inn
from tests.integration.web_portal.guest import Guest, open_door, stay

NEW = "three lamps and one open door"
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}


def link_of(inn: Inn) -> str:
    """The token of the newest reset that was asked for, as the mail gets it."""
    with inn.db.read() as session:
        asked = select(OutboxEvent).filter_by(name=resetting.ASKED).order_by(OutboxEvent.id.desc())
        payload = session.scalars(asked.limit(1)).one().payload
    token = tokens.unseal(inn.house.keys, payload["sealed"], UUID(payload["user_id"]), tokens.RESET)
    assert token not in str(payload)
    return tokens.link_path(payload["area"], token)


def test_a_forgotten_password(inn: Inn, guest: Guest) -> None:  # A60, A61, A63, A67
    one = stay(inn)
    guest.sign_in(one.username)
    door = open_door(inn, guest.app)
    answers = {door.post("/portal/reset", "/portal/reset", username=name).text
               for name in (one.email, "nobody@at.example", "", "x" * 5000, "a\x00b")}  # fmt: skip
    words = {re.sub(r'value="[^"]*"', "", answer) for answer in answers}
    assert len(words) == 1, "the answer tells who is known"
    inn.drain()
    path = link_of(inn)
    assert path.startswith("/portal/reset/")
    assert door.open(path).status_code == 200, "looking at a link uses nothing up"
    short = door.post(path, path, password="short", confirm_password="short")
    assert short.status_code == 422
    done = door.post(path, path, password=NEW, confirm_password=NEW)
    assert done.headers["Location"] == "/portal/sign-in?said=chosen"
    assert guest.open("/portal/").status_code == 303, "every session has ended"
    assert "does not work any more" in door.get(path, 404)
    assert door.sign_in(one.username).status_code == 422
    assert door.sign_in(one.username, NEW).status_code == 303


def test_the_link_is_built_from_the_configured_address(inn: Inn, guest: Guest) -> None:  # A60
    one = stay(inn)
    page = guest.open("/portal/reset").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    data = {"csrf_token": found[1], "username": one.email}
    answer = guest.browser.post("/portal/reset", data=data, headers=EVIL)
    assert answer.status_code == 400, "a host that is not ours is not served at all"
    poisoned = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    guest.browser.post("/portal/reset", data=data, headers=poisoned, base_url="http://127.0.0.1:8000")
    inn.drain()
    with inn.db.read() as session:
        written = " ".join(str(row.payload) for row in session.scalars(select(OutboxEvent)))
    assert "evil.example" not in written
    assert link_of(inn).startswith("/portal/reset/")


def test_own_password_and_sessions(inn: Inn, guest: Guest) -> None:
    one = stay(inn)
    other = open_door(inn, guest.app)
    for browser in (guest, other):
        browser.sign_in(one.username)
    before = guest.cookie
    wrong = guest.post(
        "/portal/security/password", "/portal/security", current_password="no", password=NEW,
        confirm_password=NEW,
    )  # fmt: skip
    assert wrong.status_code == 422
    empty = guest.post("/portal/security/password", "/portal/security")
    assert "Enter your present password." in empty.text
    assert empty.text.count('aria-invalid="true"') == 2, "both are told at once"
    guest.post(
        "/portal/security/password", "/portal/security", current_password=PASSWORD, password=NEW,
        confirm_password=NEW,
    )  # fmt: skip
    assert other.open("/portal/").status_code == 303
    assert guest.open("/portal/").status_code == 200
    assert guest.cookie != before
    other.sign_in(one.username, NEW)
    ends = re.findall(
        r'action="(/portal/security/sessions/[0-9a-f-]{36}/end)"', guest.get("/portal/security")
    )
    assert len(ends) == 1
    guest.post(ends[0], "/portal/security")
    assert other.open("/portal/").status_code == 303
    with inn.db.read() as session:
        entry = session.scalars(select(AuditEntry).filter_by(action="user.set_password")).one()
    assert entry.ip == "127.0.0.1"
    assert entry.request_id


def test_a_second_factor_counts_at_this_door_too(inn: Inn, guest: Guest) -> None:  # A68: another way in
    one = stay(inn)
    with inn.db.transaction() as session:
        user_id = session.scalars(select(Membership.user_id).filter_by(client_id=one.client_id)).one()
        factors.begin_totp(session, inn.house.keys, user_id, inn.clock.now())
        secret = factors.prepared(session, inn.house.keys, user_id, inn.clock.now())
        code = factors.pyotp.TOTP(secret).at(inn.clock.now())
        assert factors.confirm_totp(session, inn.house.keys, user_id, code, "", inn.clock.now())
        codes = factors.new_codes(session, user_id)
    answer = guest.sign_in(one.username, wanted="/portal/invoices")
    assert answer.headers["Location"] == "/portal/sign-in/factor?next=/portal/invoices"
    assert guest.open("/portal/").status_code == 303
    assert guest.post("/portal/sign-in/factor", "/portal/sign-in/factor", code=code).status_code == 422
    page = guest.post(
        "/portal/sign-in/factor", "/portal/sign-in/factor", code=codes[0], next="/portal/invoices"
    )
    assert page.headers["Location"] == "/portal/invoices"
    assert guest.open("/portal/").status_code == 200


def test_tokens_of_links_can_not_be_guessed_through(inn: Inn, guest: Guest) -> None:  # A62
    page = guest.open("/portal/sign-in").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    answers = []
    for number in range(resetting.GUESSES_PER_NETWORK + 3):
        answer = guest.open(f"/portal/reset/guess-{number}")
        answers.append(answer.status_code)
    assert answers[0] == 404
    assert set(answers[-3:]) == {403}
    guessed = [guest.open(f"/orders/guess-{number}").status_code for number in range(70)]
    assert guessed[0] == 404
    assert guessed[-1] == 429
    with inn.db.read() as session:
        assert session.scalars(select(OneTimeToken)).all() == []
