"""What goes wrong is said in plain words, in the look of its area, without a trace."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.app import Innkeeper
from core.kernel.problems import Conflict, InvalidFields, NotFound, Problem, Refused
from core.plugin_host.errors import PluginMissing
from core.web.flask_app import create_flask
from tests.unit.web.conftest import Visitor


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound("There is no such order."), 404, "There is no such order."),
        (Conflict("The price has changed."), 409, "The price has changed."),
        (Refused("Too many tries."), 403, "Too many tries."),
        (InvalidFields({"a": "Enter a name."}), 422, "Enter a name."),
        (Problem("Something else."), 400, "Something else."),
        (PluginMissing("gateway", "gone"), 409, "switched off"),
        (RuntimeError("secret detail"), 500, "Something broke on our side"),
    ],
)
def test_each_problem_has_its_page(own_app: Flask, error: Exception, status: int, words: str) -> None:
    def fail() -> str:
        raise error

    own_app.add_url_rule("/fail", "fail", fail)
    answer = own_app.test_client().get("/fail")
    assert answer.status_code == status
    assert words in answer.text
    assert 'class="lobby"' in answer.text
    assert "Traceback" not in answer.text
    assert "secret detail" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_words_of_a_problem_are_escaped(own_app: Flask) -> None:
    def fail() -> str:
        raise Conflict("<script>alert(1)</script>")

    own_app.add_url_rule("/fail", "fail", fail)
    assert "<script>alert" not in own_app.test_client().get("/fail").text


def test_an_unforeseen_error_gives_a_number_to_quote(own_app: Flask) -> None:
    def fail() -> str:
        return str(1 / 0)

    own_app.add_url_rule("/fail", "fail", fail)
    answer = own_app.test_client().get("/fail")
    assert answer.headers["X-Request-Id"] in answer.text


def test_admin_errors_do_not_wear_the_shops_theme(client: FlaskClient) -> None:
    answer = client.get("/admin/nothing/here")
    assert "lobby" not in answer.text


def test_a_wrong_method_says_what_is_possible(client: FlaskClient) -> None:
    answer = client.delete("/cart")
    assert answer.status_code in (400, 405)
    answer = client.get("/look")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_large_post_gets_a_page(visitor: Visitor) -> None:
    body = io.BytesIO(b"coupon=" + b"x" * (10 * 1024 * 1024))
    answer = visitor.client.post(
        "/cart", input_stream=body, content_type="application/x-www-form-urlencoded",
        headers={"Content-Length": str(10 * 1024 * 1024 + 7)},
    )  # fmt: skip
    assert answer.status_code == 413
    assert "one megabyte" in answer.text
    assert body.read(1) == b""  # drained: a browser whose upload is cut off shows nothing


def test_too_many_fields_get_a_page(visitor: Visitor) -> None:
    token = visitor.token()
    fields = {f"f{number}": "x" for number in range(1100)}
    answer = visitor.client.post(
        "/cart", data={"csrf_token": token, **fields}, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


def test_without_a_database_there_is_still_a_page(demo_house: Innkeeper) -> None:
    house = replace(demo_house, db=_Away())  # type: ignore[arg-type]
    answer = create_flask(house).test_client().get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert create_flask(house).test_client().get("/healthz").status_code == 200


class _Away:
    """A database that does not answer."""

    def __getattr__(self, name: str) -> object:
        raise ConnectionError("the database is away")


def test_without_a_theme_the_shop_says_so(demo_house: Innkeeper) -> None:
    bare = replace(demo_house, plugins=replace(demo_house.plugins, themes={}))
    answer = create_flask(bare).test_client().get("/")
    assert answer.status_code == 503
    assert "No theme is enabled" in answer.text
