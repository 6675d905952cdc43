"""PowerDNS's HTTP API: one request, one answer, and a clear word for each way it can go wrong.

Its errors are bare text as often as JSON, so a body is read as JSON only where one is promised.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from core.plugin_api.context import Session
from core.plugin_api.errors import Misconfigured, NoAnswer
from plugins.provisioners.powerdns.records import Json, RecordSet, Zone, text, unusable


class Taken(Exception):
    """409: a zone of that name exists."""


class Refused(Exception):
    """PowerDNS understood and said no (422, 400); nothing was changed. The text is its reason."""


class Missing(Exception):
    """404 for a zone that was there a moment ago."""


class PowerDnsClient:
    """Speaks through the session that core owns; keeps nothing between calls."""

    def __init__(self, http: Session, url: str, server: str, api_key: str) -> None:
        self._http = http
        self._base = f"{url.rstrip('/')}/api/v1/servers/{quote(server, safe='')}"
        self._headers = {"X-API-Key": api_key}

    def version(self) -> str:
        """Which daemon answers. Raises Misconfigured when the key or the server id is wrong."""
        data = _object(self._ask("GET", ""))
        return f"{text(data, 'daemon_type')} {text(data, 'version')}"

    def owner(self, name: str) -> str | None:
        """The account field of a zone; None when there surely is no such zone.

        Asked through the list: a 404 here means that the address is wrong, not that the zone is absent.
        """
        found = [zone for zone in self._list(f"/zones?zone={quote(name)}") if zone.get("name") == name]
        return text(found[0], "account") if found else None

    def zone(self, name: str) -> Zone:
        """With all its records. Raises Missing."""
        return Zone.read(_object(self._ask("GET", f"/zones/{quote(name)}")))

    def zones(self) -> tuple[Zone, ...]:
        """Every zone, without records."""
        return tuple(Zone.read(zone) for zone in self._list("/zones"))

    def comments(self, pattern: str, most: int) -> dict[str, str]:
        """Zone name -> the comment in it that matches; ``most`` is how many there can be."""
        query = f"/search-data?q={quote(pattern)}&object_type=comment&max={max(most, 1)}"
        return {text(one, "zone"): text(one, "content") for one in self._list(query)}

    def create(self, name: str, kind: str, account: str, sets: Sequence[RecordSet]) -> None:
        """Raises Taken, Refused."""
        body = {
            "name": name, "kind": kind, "account": account, "nameservers": [],
            "rrsets": [found.written() for found in sets],
        }  # fmt: skip
        if text(_object(self._ask("POST", "/zones", body, wanted=201)), "name") != name:
            unusable("it is about another zone")

    def change(self, name: str, changes: Sequence[Json]) -> None:
        """All of them or none: PowerDNS takes a PATCH as one transaction. Raises Missing, Refused."""
        self._ask("PATCH", f"/zones/{quote(name)}", {"rrsets": list(changes)}, wanted=204)

    def delete(self, name: str) -> None:
        """Raises Missing."""
        self._ask("DELETE", f"/zones/{quote(name)}", wanted=204)

    def _list(self, path: str) -> tuple[Json, ...]:
        try:
            data = _json(self._ask("GET", path))
        except Missing as error:
            raise Misconfigured("PowerDNS does not know this server id, or the address is wrong") from error
        if not isinstance(data, list):
            unusable("it is no list")
        return tuple(one for one in data if isinstance(one, dict))

    def _ask(self, method: str, path: str, body: object = None, *, wanted: int = 200) -> bytes:
        response = self._http.request(
            method, f"{self._base}{path}", json=body, headers=self._headers, allow_redirects=False
        )
        return read_answer(response.status_code, response.content, wanted)


def read_answer(status: int, body: bytes, wanted: int = 200) -> bytes:
    """Sort an answer by what it says of our request. As PowerDNS 4.7 was seen to answer.

    Only the status that PowerDNS gives for this request is a yes: a page of a proxy has 200 too.
    """
    if status == wanted:
        return body
    if status in (401, 403):
        raise Misconfigured(f"PowerDNS refuses the API key ({status})")
    if status == 404:
        raise Missing("404")
    if status == 409:
        raise Taken("409")
    if status in (400, 422):
        raise Refused(_reason(body))
    raise NoAnswer(f"PowerDNS answered {status}")


def _reason(body: bytes) -> str:
    try:
        data = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")[:200]
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _object(body: bytes) -> Json:
    data = _json(body)
    return data if isinstance(data, dict) else unusable("it is no object")


def _json(body: bytes) -> object:
    try:
        data: object = json.loads(body)
    except ValueError as error:
        raise NoAnswer("PowerDNS answered without JSON") from error
    return data
