"""Staff look after themselves: password, second factors, recovery codes, sessions."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pyotp
import pytest
from pydantic import SecretStr

from core.identity import factors
from core.identity.permissions import PERMISSIONS
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import (
    HOST,
    PASSWORD,
    Desk,
    build,
    cookie_of,
    hire,
    open_desk,
    sign_in,
    texts,
)

NEW = "a bell, a key and two lamps"


def second_browser(desk: Desk) -> Desk:
    """The same person elsewhere, signed in."""
    other = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    assert sign_in(other, "marta.lindqvist").status_code == 303
    return other


def is_in(desk: Desk) -> bool:
    return desk.browser.get("/admin/me", base_url=HOST).status_code == 200


def set_up_app(desk: Desk) -> tuple[str, list[str]]:
    """An authenticator app: its secret, and the recovery codes of the page."""
    page = desk.done("/admin/me/factors/app")
    secret = "".join(re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)[0].split())
    answer = desk.post("/admin/me/factors/app/confirm", code=code_of(desk, secret), label="My phone")
    assert answer.status_code == 200, texts(answer.text)
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def code_of(desk: Desk, secret: str) -> str:
    return pyotp.TOTP(secret).at(desk.inn.clock.now())


def show(desk: Desk, code: str) -> int:
    page = desk.browser.get("/admin/login/factor", base_url=HOST)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    data = {"code": code, "csrf_token": html.unescape(found[1]) if found else ""}
    return desk.browser.post("/admin/login/factor", data=data, base_url=HOST).status_code


def test_name_and_language_are_kept_and_two_browsers_meet(desk: Desk) -> None:
    old = desk.get("/admin/me")
    assert 'value="Marta Lindqvist"' in old
    assert "Saved" not in old
    assert "Marta L." in desk.done("/admin/me", name="Marta L.", language="en", version="1")
    stale = desk.post("/admin/me", name="Marta", language="en", version="1")
    assert stale.status_code == 409
    assert "It was" in stale.text
    for name in ("", "x" * 101, "Marta\x00"):
        assert desk.post("/admin/me", name=name, language="en", version="2").status_code == 422
    assert desk.post("/admin/me", name="Marta", language="xx", version="2").status_code == 422


def test_a_new_password_ends_the_other_sessions_and_turns_the_token(desk: Desk) -> None:  # A66, A67
    other, before = second_browser(desk), cookie_of(desk)
    refused = desk.post("/admin/me/password", current_password="wrong", password=NEW, confirm_password=NEW)
    assert refused.status_code == 422
    assert "not your present password" in refused.text
    assert NEW not in refused.text
    short = desk.post(
        "/admin/me/password", current_password=PASSWORD, password="short", confirm_password="short"
    )
    assert "15 characters" in short.text
    assert is_in(other)
    desk.done("/admin/me/password", current_password=PASSWORD, password=NEW, confirm_password=NEW)
    assert is_in(desk)
    assert not is_in(other)
    assert cookie_of(desk) != before
    assert sign_in(other, "marta.lindqvist").status_code == 422
    assert sign_in(other, "marta.lindqvist", NEW).status_code == 303


def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    second, third = second_browser(desk), second_browser(desk)
    page = desk.get("/admin/me")
    ends = re.findall(r'action="(/admin/me/sessions/[0-9a-f-]{36}/end)"', page)
    assert len(ends) == 2
    desk.done(ends[0])
    assert [is_in(second), is_in(third)].count(True) == 1
    assert "no such" in desk.post(ends[0]).text.lower() or desk.post(ends[0]).status_code == 404
    desk.done("/admin/me/sessions/end-others")
    assert not is_in(second)
    assert not is_in(third)
    assert is_in(desk)


def test_an_app_is_asked_for_from_then_on(desk: Desk) -> None:
    other, before = second_browser(desk), cookie_of(desk)
    secret, codes = set_up_app(desk)
    assert len(set(codes)) == factors.CODES
    assert is_in(desk)
    assert cookie_of(desk) != before
    assert not is_in(other), "a changed factor ends the other sessions"
    assert sign_in(other, "marta.lindqvist").headers["Location"].startswith("/admin/login/factor")
    assert not is_in(other), "half-way is not in"
    assert show(other, "000000") == 422
    half_way = cookie_of(other)
    assert show(other, code_of(desk, secret)) == 422, "the code that confirmed the app is used up"
    desk.inn.clock.advance(seconds=30)
    assert show(other, code_of(desk, secret)) == 303
    assert is_in(other)
    assert cookie_of(other) != half_way
    third = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    sign_in(third, "marta.lindqvist")
    assert show(third, code_of(desk, secret)) == 422, "a code counts once"


def test_five_wrong_codes_shut_the_second_door(desk: Desk) -> None:  # A68
    secret, _ = set_up_app(desk)
    desk.inn.clock.advance(seconds=30)
    other = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    sign_in(other, "marta.lindqvist")
    for number in range(factors.TRIES):
        assert show(other, f"{number:06}") == 422
    assert show(other, code_of(desk, secret)) == 422, "right, and too late"
    desk.inn.clock.advance(minutes=16)
    sign_in(other, "marta.lindqvist")
    assert show(other, code_of(desk, secret)) == 303


def test_a_recovery_code_opens_once(desk: Desk) -> None:
    _, codes = set_up_app(desk)
    other = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    sign_in(other, "marta.lindqvist")
    assert show(other, codes[0].upper().replace("-", " ")) == 303
    assert "9 of 10 left" in texts(other.get("/admin/me/factors"))
    third = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    sign_in(third, "marta.lindqvist")
    assert show(third, codes[0]) == 422
    fresh = desk.post("/admin/me/codes")
    assert codes[1] not in fresh.text
    assert show(third, codes[1]) == 422, "older codes are dead"
    saved = desk.post("/admin/me/codes/file", codes=" ".join(codes) + " <script>")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert "script" not in saved.text


def test_the_secret_is_shown_while_it_is_set_up_and_never_again(inn: Inn, desk: Desk) -> None:
    secret, _ = set_up_app(desk)
    assert desk.browser.get("/admin/me/factors/app", base_url=HOST).status_code == 303
    desk.get("/admin/me/factors/app.svg", 404)
    for path in ("/admin/me", "/admin/me/factors", f"/admin/staff/{desk.user_id}", "/admin/audit"):
        assert secret not in "".join(desk.get(path).split())
    answer = desk.post("/admin/me/factors/app")
    assert answer.status_code == 303
    picture = desk.browser.get("/admin/me/factors/app.svg", base_url=HOST)
    assert picture.headers["Cache-Control"] == "no-store"
    assert b"<script" not in picture.data


def test_the_last_factor_may_go_in_the_demo_alone(desk: Desk) -> None:
    set_up_app(desk)
    found = re.search(r'action="(/admin/me/factors/[0-9a-f-]{36}/remove)"', desk.get("/admin/me/factors"))
    assert found is not None
    assert "None yet" in texts(desk.done(found[1]) + desk.get("/admin/me"))
    other = Desk(inn=desk.inn, app=desk.app, browser=desk.app.test_client(), user_id=desk.user_id)
    assert sign_in(other, "marta.lindqvist").headers["Location"] == "/admin/"


@pytest.mark.parametrize("path", ["/admin/me/factors", "/admin/me/factors/app"])
def test_factors_are_for_who_has_just_proven_themselves(desk: Desk, path: str) -> None:
    desk.inn.clock.advance(minutes=16)
    answer = desk.browser.get(path, base_url=HOST)
    assert answer.headers["Location"] == f"/admin/prove?next={path}"
    assert desk.browser.get("/admin/me", base_url=HOST).status_code == 200


def test_nobody_ends_a_session_of_somebody_else(inn: Inn, desk: Desk) -> None:
    second_browser(desk)
    found = re.search(r'action="(/admin/me/sessions/[0-9a-f-]{36}/end)"', desk.get("/admin/me"))
    assert found is not None
    stranger = open_desk(inn, (), name="Other Person")
    assert stranger.post(found[1]).status_code == 404


def test_outside_the_demo_a_second_factor_comes_before_anything_else(inn: Inn) -> None:
    settings = inn.house.settings.model_copy(
        update={"mode": "production", "secret_key": SecretStr("0a1b2c3d" * 8)}
    )
    real = replace(inn, house=replace(inn.house, settings=settings))
    app = build(real)
    user_id = hire(real, tuple(PERMISSIONS))
    desk = Desk(inn=real, app=app, browser=app.test_client(), user_id=user_id)
    assert sign_in(desk, "marta.lindqvist").headers["Location"] == "/admin/"
    for path in ("/admin/", "/admin/me", "/admin/orders", "/admin/staff"):
        assert desk.browser.get(path, base_url=HOST).headers["Location"] == "/admin/me/factors"
    assert "Everybody who works here has one" in desk.get("/admin/me/factors")
    set_up_app(desk)
    desk.get("/admin/")
    found = re.search(r'action="(/admin/me/factors/[0-9a-f-]{36}/remove)"', desk.get("/admin/me/factors"))
    assert found is not None
    assert "This is your last one" in desk.post(found[1]).text
