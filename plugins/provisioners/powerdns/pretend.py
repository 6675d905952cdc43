"""A pretend PowerDNS in memory: the part of its HTTP API that this plugin uses, for the conformance kit.

It answers as PowerDNS 4.7 was seen to answer, bare texts for errors included. The tests of this plugin
run against a real daemon; this one is for machines without it.
"""

from __future__ import annotations

import fnmatch
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

Zone = dict[str, Any]
Answer = tuple[int, Any]
ROOT = "/api/v1/servers/localhost"
STATUS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
}


class PretendPowerDns:
    """A WSGI application. ``zones`` are its books: name -> zone as the API shows it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.zones: dict[str, Zone] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = json.loads(environ["wsgi.input"].read(length) or b"null")
        with self._lock:
            status, answer = self._answer(environ, body)
        plain = isinstance(answer, str)
        content = answer.encode() if plain else b"" if answer is None else json.dumps(answer).encode()
        kind = "text/plain; charset=utf-8" if plain else "application/json"
        start_response(f"{status} {STATUS.get(status, 'Unprocessable')}", [("Content-Type", kind)])
        return [content]

    def stranger(self, name: str) -> None:
        """A zone that somebody else has made."""
        self.zones[name] = {"name": name, "account": "somebody", "kind": "Native", "rrsets": []}

    def _answer(self, environ: Mapping[str, Any], body: Any) -> Answer:
        if environ.get("HTTP_X_API_KEY") != self.key:
            return 401, "Unauthorized"
        path: str = environ["PATH_INFO"]
        if not path.startswith(ROOT):
            return 404, "Not Found"
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        place, method = path.removeprefix(ROOT).strip("/"), environ["REQUEST_METHOD"]
        if place == "":
            return 200, {"daemon_type": "authoritative", "id": "localhost", "version": "pretend"}
        if place == "search-data":
            return 200, self._search(query["q"])
        if place == "zones":
            return self._create(body) if method == "POST" else (200, self._list(query.get("zone")))
        return self._zone(method, place.removeprefix("zones/"), body)

    def _list(self, name: str | None) -> list[Zone]:
        found = [zone for zone in self.zones.values() if name in (None, zone["name"])]
        return [{key: value for key, value in zone.items() if key != "rrsets"} for zone in found]

    def _create(self, body: Zone) -> Answer:
        if body["name"] in self.zones:
            return 409, "Conflict"
        if not body["name"].endswith("."):
            return 422, {"error": f"DNS Name '{body['name']}' is not canonical"}
        self.zones[body["name"]] = {**body, "rrsets": list(body["rrsets"])}
        return 201, self.zones[body["name"]]

    def _zone(self, method: str, name: str, body: Any) -> Answer:
        zone = self.zones.get(name)
        if zone is None:
            return 404, "Not Found"
        if method == "DELETE":
            del self.zones[name]
            return 204, None
        if method == "PATCH":
            for change in body["rrsets"]:
                _apply(zone, change)
            return 204, None
        return 200, zone

    def _search(self, pattern: str) -> list[dict[str, str]]:
        return [
            {"object_type": "comment", "zone": name, "name": found["name"], "content": comment["content"]}
            for name, zone in self.zones.items()
            for found in zone["rrsets"]
            for comment in found.get("comments", [])
            if fnmatch.fnmatchcase(comment["content"], pattern)
        ]


def _apply(zone: Zone, change: Zone) -> None:
    """Replace the records, the comments or both of one set, or take it away."""
    place = (change["name"], change["type"])
    before: Zone = next((one for one in zone["rrsets"] if (one["name"], one["type"]) == place), {})
    zone["rrsets"] = [one for one in zone["rrsets"] if one is not before]
    if change["changetype"] == "REPLACE":
        new = {name: value for name, value in change.items() if name != "changetype"}
        zone["rrsets"].append({"comments": [], **before, **new})
