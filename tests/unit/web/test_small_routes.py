"""Colours, health, webhooks, request numbers."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from core.app import Innkeeper
from core.web.flask_app import create_flask
from core.work.models import Worker
from tests.unit.web.conftest import Visitor


def test_the_chosen_colours_stay(visitor: Visitor) -> None:
    assert "tokens-dark.css" in visitor.get("/").text
    assert 'media="(prefers-color-scheme: dark)"' in visitor.get("/").text
    answer = visitor.send("/look", {"look": "dark", "back": "/terms"})
    assert answer.headers["Location"] == "/terms"
    page = visitor.get("/terms").text
    assert 'data-bs-theme="dark"' in page
    assert "prefers-color-scheme" not in page
    visitor.send("/look", {"look": "light", "back": "/"})
    assert "tokens-dark.css" not in visitor.get("/").text


def test_the_way_back_from_colours_never_leaves(visitor: Visitor) -> None:
    answer = visitor.send("/look", {"look": "dark", "back": "//evil.example"})
    assert answer.headers["Location"] == "/"
    assert visitor.send("/look", {"look": "pink"}).status_code == 400


def test_health_needs_nothing(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.text == "ok\n"
    assert "Set-Cookie" not in answer.headers


def test_ready_only_with_somebody_who_works(client: FlaskClient, demo_house: Innkeeper) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text == "database: ok\nmigrations: ok\nworker: not ready\n"
    now = demo_house.clock.now()
    with demo_house.db.transaction() as session:
        session.add(Worker(executor_id="test", started_at=now, seen_at=now))
    assert client.get("/readyz").status_code == 200
    with demo_house.db.transaction() as session:
        session.delete(session.get_one(Worker, "test"))


def test_webhooks_of_nobody_are_not_found(client: FlaskClient) -> None:
    assert client.post("/webhooks/nobody", data=b"{}").status_code == 404
    assert client.post("/webhooks/manual", data=b"{}").status_code == 404


def test_a_webhook_needs_no_form_but_a_signature(client: FlaskClient) -> None:
    answer = client.post("/webhooks/sandbox_card", data=b'{"number": "4242424242424242"}')
    assert answer.status_code == 400
    assert answer.text == ""


def test_request_numbers_come_from_us(client: FlaskClient) -> None:
    first = client.get("/healthz", headers={"X-Request-Id": "made-up-by-me"}).headers["X-Request-Id"]
    assert first != "made-up-by-me"
    assert first != client.get("/healthz").headers["X-Request-Id"]


def test_behind_a_proxy_its_number_and_address_hold(demo_house: Innkeeper) -> None:
    settings = demo_house.settings.model_copy(update={"proxies": 1, "hosts": ("shop.example",)})
    client = create_flask(replace(demo_house, settings=settings)).test_client()
    headers = {
        "X-Request-Id": "edge-1234567",
        "X-Forwarded-Host": "shop.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
    }
    answer = client.get("/cart", headers=headers)
    assert answer.headers["X-Request-Id"] == "edge-1234567"
    assert "Strict-Transport-Security" in answer.headers


def test_templates_are_not_given_the_application(flask_app: Flask) -> None:
    for name in ("config", "request", "session", "g"):
        assert name not in flask_app.jinja_env.globals
