"""How these tests speak to the world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

START = datetime(2026, 5, 13, 10, 0, tzinfo=UTC)  # a Wednesday


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


class Caller:
    """Speaks to the world as a seller's server does. ``last`` is the latest answer."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def send(
        self, method: str, path: str, body: object = None, *, key: str = "", auth: str = "sandbox-secret"
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {auth}"} if auth else {}
        if key:
            headers["Idempotency-Key"] = key
        extra: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.open(path, method=method, headers=headers, **extra)

    def post(self, path: str, body: object = None, *, key: str = "", auth: str = "sandbox-secret") -> Any:
        return self.send("POST", path, {} if body is None else body, key=key, auth=auth).get_json()

    def get(self, path: str) -> Any:
        return self.send("GET", path).get_json()

    def books(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(f"/books/{name}")["data"]
        return rows

    def token(self, number: str = "4242424242424242", **changes: object) -> str:
        card = {"number": number, "expiry_month": 12, "expiry_year": 2030, "code": "123"} | changes
        return str(self.post("/v1/tokens", card, auth="sandbox-public")["token"])

    def charge(self, number: str = "4242424242424242", *, key: str = "k1", **changes: object) -> Any:
        token = changes.pop("token") if "token" in changes else self.token(number)
        order = {"amount": 17926, "currency": "USD", "token": token, "reference": "INV-1"}
        return self.post("/v1/charges", order | changes, key=key)

    def fault(self, target: str, kind: str, **more: object) -> None:
        assert self.send("POST", "/faults", {"target": target, "kind": kind} | more).status_code == 201


def error_of(response: TestResponse) -> tuple[int, str, str]:
    """(status, code, field) of a refusal."""
    error = response.get_json()["error"]
    assert error["message"]
    return response.status_code, error["code"], error.get("field", "")
