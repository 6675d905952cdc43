"""The conformance kit's harness: a pretend Commission with two numbers in its books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.testing.harness import RegisterHarness
from core.testing.transport import Request, Response, WsgiTransport

BOOKS = {
    ("DE", "136695976"): ("---", "---"),  # Germany tells no names
    ("IE", "6433435F"): ("KIT INN LIMITED", "1 QUAY STREET\nGALWAY"),
}


@dataclass(kw_only=True)
class Commission:
    """Answers as VIES does."""

    is_closed: bool = False

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        answer = self._answer(request)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.endswith("/check-status"):
            return _json({"vow": {"available": True}, "countries": [
                {"countryCode": "DE", "availability": "Available"},
                {"countryCode": "IE", "availability": "Unavailable"},
            ]})  # fmt: skip
        asked = request.get_json()
        if self.is_closed:
            return _json({"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]})
        found = BOOKS.get((asked["countryCode"], asked["vatNumber"]))
        number = "WAPIAAAAYeS8mBk1" if asked.get("requesterNumber") else ""
        name, address = found or ("---", "---")
        return _json({
            "countryCode": asked["countryCode"], "vatNumber": asked["vatNumber"], "valid": found is not None,
            "requestDate": "2026-11-24T09:31:00.000Z", "requestIdentifier": number, "name": name,
            "address": address,
        })  # fmt: skip


def _json(body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body), content_type="application/json")


class ViesHarness(RegisterHarness[Commission]):
    spec_id = "vies"
    registered = ("IE", "IE6433435F")
    unregistered = ("DE", "DE129273398")

    def open(self, folder: Path) -> Commission:
        return Commission()

    def settings(self, world: Commission) -> Mapping[str, Any]:
        return {"url": "https://vies.kit.example/rest-api", "requester": "DE136695976"}

    def transport(self, world: Commission) -> WsgiTransport:
        return WsgiTransport(world)

    def close_office(self, world: Commission) -> None:
        world.is_closed = True
