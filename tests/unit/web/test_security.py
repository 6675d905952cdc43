"""What the browser is told: policy, caching, hosts."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.web import security
from tests.unit.web.conftest import Visitor

PAGES = ("/", "/order/starter-hosting", "/cart", "/terms", "/nothing", "/orders/unknown")


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_strict_policy(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = directives(answer.headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_inline_script_or_style(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert " onclick=" not in page
    assert "javascript:" not in page


def test_the_checkout_lets_in_what_its_gateways_need_and_no_other_page_does(visitor: Visitor) -> None:
    visitor.send(
        "/order/starter-hosting",
        {"cycle": "year:1", "domain": "csp.example", "domain_mode": "own"},
        page="/order/starter-hosting",
    )
    answer = visitor.get("/checkout")
    policy = directives(answer.headers["Content-Security-Policy"])
    assert "http://127.0.0.1:1" in policy["script-src"]  # the pretend world's tokeniser
    assert "http://127.0.0.1:1" in policy["connect-src"]
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert directives(visitor.get("/cart").headers["Content-Security-Policy"])["script-src"] == ["'self'"]


def test_an_origin_can_not_smuggle_in_a_directive(flask_app: Flask) -> None:
    with flask_app.test_request_context("/"):
        for text in ("https://a.example; script-src *", "'unsafe-inline'", "https://a.example/path", "*", ""):
            with pytest.raises(ValueError, match="is not an origin"):
                security.allow_origins(text)
        security.allow_origins("https://js.pay.example", "https://*.pay.example:8443")
        security.allow_form_targets("https://bank.example")
        policy = directives(security.policy())
        assert policy["script-src"] == ["'self'", "https://*.pay.example:8443", "https://js.pay.example"]
        assert policy["frame-src"] == ["https://*.pay.example:8443", "https://js.pay.example"]
        assert policy["form-action"] == ["'self'", "https://bank.example"]


def test_private_pages_are_never_kept(visitor: Visitor) -> None:
    assert visitor.get("/cart").headers["Cache-Control"] == "no-store"
    assert visitor.get("/orders/unknown").headers["Cache-Control"] == "no-store"
    assert visitor.get("/").headers["Cache-Control"] == "private, no-cache"


def test_tls_is_asked_for_only_where_there_is_tls(client: FlaskClient, production_app: Flask) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers
    answer = production_app.test_client().get("/", base_url="https://shop.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_production_answers_for_its_own_host_alone(production_app: Flask) -> None:
    client = production_app.test_client()
    assert client.get("/", base_url="https://shop.example").status_code == 200
    for host in ("evil.example", "localhost", "127.0.0.1", "shop.example.evil.example"):
        answer = client.get("/", base_url=f"https://{host}")
        assert answer.status_code == 400, host
        assert host not in answer.text
    assert client.get("/healthz", base_url="http://10.0.0.7").status_code == 200


def test_the_demo_answers_on_loopback(client: FlaskClient) -> None:
    assert client.get("/", base_url="http://localhost:8000").status_code == 200
    assert client.get("/", base_url="http://127.0.0.1:8000").status_code == 200
    assert client.get("/", base_url="http://evil.example").status_code == 400


def test_forwarded_headers_are_nobodys_word(production_app: Flask) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"}
    answer = production_app.test_client().get("/cart", base_url="https://shop.example", headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    ("path", "safe"),
    [("/cart", True), ("/a?b=c", True), ("//evil.example", False), ("/\\evil.example", False),
     ("https://evil.example", False), ("", False), ("/a\r\nX: y", False)],
)  # fmt: skip
def test_a_way_back_stays_on_this_site(path: str, safe: bool) -> None:
    assert security.is_safe_path(path) is safe
