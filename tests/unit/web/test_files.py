"""Files for the browser: safe paths, cache headers, only what is enabled."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


def test_a_file_named_with_its_digest_is_kept_for_a_year(client: FlaskClient) -> None:
    page = client.get("/").text
    address = next(part.split('"')[0] for part in page.split('href="') if "base.css?v=" in part)
    answer = client.get(address, buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "text/css" in answer.headers["Content-Type"]


def test_modules_are_asked_about_again(client: FlaskClient) -> None:
    answer = client.get("/static/js/busy.js", buffered=True)
    assert answer.headers["Cache-Control"] == "public, no-cache"
    again = client.get("/static/js/busy.js", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True)
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/../flask_app.py",
        "/static/%2e%2e/flask_app.py",
        "/static/..%2fflask_app.py",
        "/static/.vendor.lock",
        "/static/css/",
        "/static/nothing.css",
        "/theme/lobby/../plugin.py",
        "/theme/lobby/%2e%2e/plugin.toml",
        "/theme/other/lobby.css",
        "/plugin-assets/gateway.unknown/a.js",
        "/plugin-assets/gateway.sandbox_card/../plugin.py",
        "/plugin-assets/gateway.sandbox_card/%2e%2e/plugin.py",
        "/plugin-assets/theme.lobby/../plugin.toml",
    ],
)
def test_nothing_else_of_the_disk_is_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import annotations" not in answer.text


def test_files_of_themes_and_plugins(client: FlaskClient) -> None:
    assert client.get("/theme/lobby/lobby.css", buffered=True).status_code == 200
    answer = client.get("/plugin-assets/gateway.sandbox_card/sandbox_card.js", buffered=True)
    assert answer.status_code == 200
    assert "javascript" in answer.headers["Content-Type"]


def test_asking_for_a_file_sets_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/static/css/base.css", buffered=True).headers
