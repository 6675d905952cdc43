"""The real web application over a demo shop on SQLite, without a worker and without the pretend world."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import app as house_building
from core.app import Innkeeper
from core.demo import set_up
from core.identity import passwords
from core.settings import Settings, load
from core.web.flask_app import create_flask
from core.work.inline import InlineEngine

CONFIG = Path(__file__).resolve().parents[3] / "config" / "innkeeper.toml"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="session")
def demo_settings(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Settings:
    """Settings of a demo whose database file stands ready."""
    data = tmp_path_factory.mktemp("web")
    shutil.copyfile(migrated_sqlite, data / "innkeeper.sqlite3")
    return load(CONFIG, {"INNKEEPER_DATA": str(data), "INNKEEPER_SANDBOX_PORT": "1"})


@pytest.fixture(scope="session")
def demo_house(demo_settings: Settings) -> Iterator[Innkeeper]:
    """One house for all tests here: they read it, or leave carts of their own behind."""
    house = house_building.build(demo_settings, lambda _db, _plugins, _settings: InlineEngine())
    set_up(house)
    yield house
    house.db.dispose()


@pytest.fixture(scope="session")
def flask_app(demo_house: Innkeeper) -> Flask:
    """One application for all tests that leave it as it is."""
    return create_flask(demo_house)


@pytest.fixture
def own_app(demo_house: Innkeeper) -> Flask:
    """An application for one test, which may add pages to it."""
    return create_flask(demo_house)


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def client(flask_app: Flask) -> FlaskClient:
    return flask_app.test_client()


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser without script: it keeps cookies, and sends the forms it was given."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def token(self, path: str = "/cart") -> str:
        """The token of a form on the page."""
        found = TOKEN.search(self.get(path).text)
        assert found is not None, f"no form on {path}"
        return found.group(1)

    def send(self, path: str, fields: Mapping[str, object], *, page: str = "/cart") -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(page), **fields})


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture(scope="session")
def production_app(demo_house: Innkeeper) -> Flask:
    """The same house as a production site at https://shop.example."""
    settings = demo_house.settings.model_copy(
        update={
            "mode": "production",
            "base_url": "https://shop.example",
            "secret_key": type(demo_house.settings.secret_key)("0123456789abcdef" * 4),
        }
    )
    return create_flask(replace(demo_house, settings=settings))
