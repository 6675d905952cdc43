"""The pretend world inside a test's own process: no socket, no thread, its books in the test's folder.

For the harnesses of plugins that speak to it. What needs real sockets, faults that hang up, or a process
to kill uses core.testing.sandbox.client instead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client

from core.kernel.clock import SystemClock
from core.kernel.money import Money
from core.plugin_api.values import Notification
from core.testing.sandbox.app import create_app
from core.testing.sandbox.faults import FaultLayer
from core.testing.sandbox.webhooks import set_target, signature
from core.testing.sandbox.world import PUBLIC_KEY, SECRET_KEY, World, open_world
from core.testing.transport import WsgiTransport

URL = "http://127.0.0.1:8900"
WEBHOOK_SECRET = "whsec-kit-8d1f0a"
Row = dict[str, Any]
_idle: list[Flask] = []  # building the application takes longer than most tests: it is used again


class PretendWorld:
    """Its API through ``transport``, its books and its buttons as methods."""

    def __init__(self, folder: Path) -> None:
        self._world = open_world(folder)
        with self._world.books.transaction() as tx:
            set_target(tx, "http://127.0.0.1:1/nowhere", WEBHOOK_SECRET)
        self._application = _application(self._world)
        self.transport = WsgiTransport(self._application)

    def close(self) -> None:
        self._world.close()
        _idle.append(self._application)

    @property
    def settings(self) -> Mapping[str, str]:
        """Where it is, and its secret key: the settings that all plugins for it share."""
        return {"url": URL, "secret_key": SECRET_KEY}

    @property
    def public_key(self) -> str:
        return PUBLIC_KEY

    def call(self, method: str, path: str, body: object = None, *, key: str = SECRET_KEY) -> Row:
        """One call as somebody else than the plugin. Fails when it is refused."""
        answer = Client(self._application).open(
            path, base_url=URL, method=method, json=body, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json or {})

    def books(self, name: str) -> list[Row]:
        """One book, oldest entry first."""
        return list(self.call("GET", f"/books/{name}")["data"])

    def token(self, number: str = "4242424242424242", *, code: str = "123", name: str = "") -> str:
        """A card as the buyer's browser would turn it into a token."""
        card = {
            "number": number,
            "code": code,
            "expiry_month": 12,
            "expiry_year": next_year() + 2,
            "name": name,
        }
        return str(self.call("POST", "/v1/tokens", card, key=PUBLIC_KEY)["token"])

    def press(self, approve_url: str, choice: str) -> None:
        """Press a button of the wallet's page: approve or cancel."""
        answer = Client(self._application).post(
            approve_url.removeprefix(URL), base_url=URL, data={"choice": choice}
        )
        assert answer.status_code == 303, f"the wallet answered {answer.status_code}"

    def advance(self, days: int) -> None:
        """Move the bank's clock."""
        self.call("POST", "/clock/advance", {"days": days})

    def notice(self, kind: str, key: str) -> Notification:
        """The world's own notice of this kind about the payment made under ``key``, signed now."""
        for event in reversed(self.books("events")):
            if event["type"] == kind and event["data"]["key"] == key:
                told = {name: event[name] for name in ("id", "type", "created", "data")}
                return self.sign(json.dumps(told).encode())
        raise AssertionError(f"there is no event {kind} about {key}")

    def sign(self, body: bytes) -> Notification:
        """A body as the world would send it now."""
        now = SystemClock().now()
        headers = {
            "content-type": "application/json",
            "sandbox-signature": signature(WEBHOOK_SECRET, int(now.timestamp()), body),
        }
        return Notification(body=body, headers=headers, received_at=now)


def _application(world: World) -> Flask:
    if not _idle:
        return create_app(world)
    application = _idle.pop()
    layer = application.wsgi_app
    assert isinstance(layer, FaultLayer)
    application.extensions["sandbox"] = layer.world = world
    return application


def total(rows: Iterable[Row], name: str = "amount") -> Money:
    """The sum of one column; zero dollars when there is nothing."""
    found = list(rows)
    currency = str(found[0]["currency"]) if found else "USD"
    return Money(sum(int(row[name]) for row in found), currency)


def next_year() -> int:
    return datetime.fromtimestamp(time.time(), UTC).year + 1
