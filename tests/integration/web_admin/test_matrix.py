"""Every route of the application against every role: generated, so that a new route is in it by itself.

A route of the admin that declares no permission, or a route elsewhere that is on none of the lists below,
fails the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, g
from werkzeug.exceptions import Forbidden
from werkzeug.routing import Rule

from core.identity.permissions import PERMISSIONS
from core.identity.sessions import Held
from core.identity.values import PROVEN_FOR, Identity
from core.kernel.ids import new_id
from core.web.admin import access
from core.web.csrf import UNSAFE
from core.web.portal import access as portal
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, Desk, build, cookie_of, open_desk, things

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # who may do what is no matter of dialect

DOOR = {  # of the admin: nobody can be signed in yet
    "admin.login", "admin.sign_in", "admin.login_factor", "admin.show_factor", "admin.login_passkey",
    "admin.login_challenge", "admin.reset", "admin.ask_reset", "admin.choose_password", "admin.set_password",
}  # fmt: skip
SETTING_UP = {  # of staff who have no second factor yet: setting one up, proving oneself, leaving
    "admin.sign_out", "admin.prove", "admin.prove_now", "admin.passkey_challenge", "admin.factors",
    "admin.factor_app_begin", "admin.factor_app", "admin.factor_app_picture", "admin.factor_app_confirm",
    "admin.factor_passkey_challenge", "admin.factor_passkey", "admin.factor_remove", "admin.codes_new",
    "admin.codes_file",
}  # fmt: skip
# For everybody. What is not here, not in the portal and not in the admin fails the build.
PUBLIC = {
    "shop": "the shop: orders are reached by a secret in the address",
    "files": "stylesheets, scripts, pictures",
    "health": "whether we are alive and ready",
    "look": "light or dark",
    "webhooks": "what gateways tell: each proves itself by a signature",
    "seeds": "the colours of a brand",
}
SAYS_NO_FORM = {"webhooks.receive"}  # the only unsafe requests without a token of a form
ALSO = {  # what else must be there: who may not see a list does not get it as a file either
    "lists.export": {name for name in PERMISSIONS if name.endswith(".view")},
}
PROVEN = {  # money and secrets
    "admin.staff_new", "admin.staff_add", "admin.staff_save", "admin.staff_disable", "admin.staff_enable",
    "admin.staff_end_sessions", "admin.staff_end_session", "admin.staff_reset_factor", "admin.staff_invite",
    "admin.role_new", "admin.role_add", "admin.role_save", "admin.role_remove",
    "admin.factors", "admin.codes_new", "admin.factor_remove", "admin.factor_passkey",
    "admin.mark_paid", "admin.refund", "admin.credit_add", "admin.credit_use", "admin.credit_pay_out",
    "admin.client_merge_now", "admin.client_export", "admin.client_erase",
}  # fmt: skip


def rules(app: Flask, blueprint: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint}.")]


def path_of(rule: Rule, made: dict[str, str]) -> str:
    """The address with something in each of its places; an id that does not exist where nothing is known."""
    path = rule.rule
    for name in rule.arguments:
        given = made.get(name)
        path = path.replace(f"<uuid:{name}>", given or str(new_id()))
        path = path.replace(f"<{name}>", given or "x").replace(f"<path:{name}>", given or "x")
        path = path.replace(f"<int:{name}>", given or "1")
    return path


def addresses(app: Flask, made: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, path) of everything in the admin."""
    for rule in rules(app, "admin"):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, path_of(rule, made)


@pytest.fixture
def app(inn: Inn) -> Flask:
    return build(inn)


@pytest.fixture
def everybody(inn: Inn, app: Flask) -> Identity:
    """Somebody who may do everything; tests take permissions away."""
    desk = open_desk(inn, name="Chameleon Smith")
    found = access.identity.session_of(inn.house, str(cookie_of(desk)), "admin")
    assert found is not None
    return found


def test_every_route_says_who_it_is_for(inn: Inn, app: Flask) -> None:
    with app.app_context():
        declared = {rule.endpoint: access.declared(rule.endpoint) for rule in rules(app, "admin")}
        proven = {endpoint for endpoint in declared if access.asks_for_proof(endpoint)}
    assert [endpoint for endpoint, needed in declared.items() if needed is None] == []
    assert {endpoint for endpoint, needed in declared.items() if needed == access.PUBLIC} == DOOR
    assert {endpoint for endpoint, needed in declared.items() if needed == access.SETTING_UP} == SETTING_UP
    assert proven >= PROVEN
    elsewhere = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.rule.startswith("/admin")}
    unlisted = [one for one in elsewhere if one.partition(".")[0] not in {*PUBLIC, "portal"}]
    assert unlisted == []
    assert {one for one in elsewhere if one in portal.OPEN} == set(portal.OPEN)


def test_every_permission_guards_something(inn: Inn, app: Flask) -> None:
    with app.app_context():
        used = {access.declared(rule.endpoint) for rule in rules(app, "admin")}
    beside = {  # looked at within pages and tasks, not at their door
        "reports.view", "lists.export", "lists.bulk",
    }  # fmt: skip
    assert set(PERMISSIONS) - used - beside == set()


def test_each_role_is_let_in_where_its_permission_is_asked_for_and_nowhere_else(
    inn: Inn, app: Flask, everybody: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:  # A44
    """The guard itself, over every route and method: no permission, each one alone, nobody at all."""
    asked = list(addresses(app, {}))
    roles: dict[str, frozenset[str]] = {"": frozenset(), **{name: frozenset({name}) for name in PERMISSIONS}}
    monkeypatch.setattr(access, "brand", lambda: None)
    for endpoint, method, path in asked:
        with app.test_request_context(path, method=method, base_url=HOST):
            needed = access.declared(endpoint)
            for role, permissions in roles.items():
                g.admin_identity = replace(everybody, permissions=permissions)
                is_open = needed in (role, access.PUBLIC, access.SIGNED_IN, access.SETTING_UP)
                assert _let_in() == is_open, (endpoint, method, role)
            g.admin_identity = None
            assert _let_in() == (needed == access.PUBLIC), (endpoint, method, "nobody")
    assert len(asked) > 100


def _let_in() -> bool:
    try:
        return access.guard() is None
    except Forbidden:
        return False


def test_money_and_secrets_ask_who_is_there(
    inn: Inn, app: Flask, everybody: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of an hour after the proof, and before any."""
    monkeypatch.setattr(access, "brand", lambda: None)
    stale = (None, inn.clock.now() - PROVEN_FOR, inn.clock.now() - timedelta(days=1))
    for endpoint, method, path in addresses(app, {}):
        with app.test_request_context(path, method=method, base_url=HOST):
            if not access.asks_for_proof(endpoint):
                continue
            for proven_at in stale:
                g.admin_identity = replace(everybody, proven_at=proven_at)
                with pytest.raises(access.ProofNeeded):
                    access.guard()
            g.admin_identity = replace(everybody, proven_at=inn.clock.now())
            assert access.guard() is None


def test_who_has_no_second_factor_reaches_the_page_that_sets_one_up_and_no_other(
    inn: Inn, app: Flask, everybody: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:  # A68: outside the demo
    monkeypatch.setattr(access, "brand", lambda: None)
    monkeypatch.setattr(
        access, "must_set_up", lambda person: not person.has_factor
    )  # as outside the demo: the house of tests is one
    for endpoint, method, path in addresses(app, {}):
        with app.test_request_context(path, method=method, base_url=HOST):
            g.admin_identity = replace(everybody, has_factor=False)
            answer = access.guard()
            if endpoint in DOOR | SETTING_UP:
                assert answer is None, endpoint
            else:
                assert answer is not None, endpoint
                assert answer.headers["Location"] == "/admin/me/factors"
            g.admin_identity = replace(everybody, has_factor=True)
            assert access.guard() is None


def test_pages_are_drawn_for_who_has_their_permission_alone(
    inn: Inn, app: Flask, everybody: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, with real things: served with one permission, 403 with all others."""
    made = things(inn)
    desk = Desk(inn=inn, app=app, browser=app.test_client(), user_id=everybody.user_id)
    wrong: list[tuple[str, int, str | None]] = []
    wearing = [everybody]
    monkeypatch.setattr(access.identity, "held", lambda *_: Held(identity=wearing[-1], until=None))
    desk.browser.set_cookie(access.COOKIE, "worn", domain="127.0.0.1", path="/admin")
    for endpoint, method, path in addresses(app, made):
        with app.app_context():
            needed = access.declared(endpoint)
        if method != "GET" or needed in (access.PUBLIC, access.SIGNED_IN, access.SETTING_UP):
            continue
        for permissions, statuses in (
            (set(PERMISSIONS) - {str(needed)}, {403}),
            ({str(needed), *ALSO.get(str(needed), ())}, {200, 303, 404}),
        ):
            wearing.append(replace(everybody, permissions=frozenset(permissions)))
            answer = desk.browser.get(path, base_url=HOST)
            if answer.status_code not in statuses:
                wrong.append((path, answer.status_code, needed))
            answer.close()
    assert wrong == []


def test_no_form_is_taken_without_its_token(inn: Inn, app: Flask) -> None:  # A71
    """Every unsafe method of every route: without a token, with a made-up one, with another visitor's."""
    token = open_desk(inn, (), name="Nobody Here").token()
    browser = app.test_client()
    browser.get("/admin/login", base_url=HOST)  # a seed of one's own, which those tokens are not of
    for name, view in list(app.view_functions.items()):
        app.view_functions[name] = _stub(view)
    seen = set()
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & UNSAFE):
            for data in ({}, {"csrf_token": "made up"}, {"csrf_token": token}):
                answer = browser.open(path_of(rule, {}), method=method, data=data, base_url=HOST)
                if answer.status_code != 400:
                    seen.add(rule.endpoint)
    assert seen == SAYS_NO_FORM


def _stub(view: Any) -> Any:
    """A view that does nothing, with what the real one declares."""

    def nothing(**_arguments: object) -> str:
        return "nothing"

    nothing.__dict__.update(view.__dict__)
    return nothing
