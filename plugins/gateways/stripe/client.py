"""Stripe's HTTP API: one request, one answer, and a clear word for each way it can go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from core.plugin_api.context import Session
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from plugins.gateways.stripe.encoding import Form, pairs
from plugins.gateways.stripe.values import Json, inner, maybe, rows, unusable

# The version every request is written for. Moving it: read Stripe's changelog, change this line, and run
# the tests, which check each request against the official SDK of the same version.
API_VERSION = "2026-10-28.endive"
PAGE = 100  # the most Stripe gives at once


class Refusal(Exception):
    """Stripe understood the request and said no; nothing was done. ``error`` is its error object."""

    def __init__(self, status: int, error: Json) -> None:
        super().__init__(f"{status} {maybe(error, 'code') or maybe(error, 'type')}")
        self.status = status
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``replayed``: the stored answer to an earlier request under this key, perhaps out of date."""

    data: Json = field(repr=False)
    replayed: bool = False


class StripeClient:
    """Speaks through the session that core owns; keeps nothing between calls."""

    def __init__(self, http: Session, base: str, secret_key: str) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret_key}", "Stripe-Version": API_VERSION}

    def get(self, path: str, query: Form | None = None) -> Json:
        """Read one object. Raises Refusal (404 when there is none), NoAnswer, NotSent, Misconfigured."""
        response = self._http.request(
            "GET", self._url(path), params=pairs(query or {}), headers=self._headers, allow_redirects=False
        )
        return read_answer(response.status_code, response.content)

    def post(self, path: str, form: Form, *, key: str | None = None) -> Answer:
        """Act, once per ``key``: Stripe keeps the first answer for at least 24 hours and repeats it.

        Raises Refusal, NoAnswer, NotSent, Misconfigured.
        """
        headers = {**self._headers, "Idempotency-Key": key} if key else self._headers
        response = self._http.request(
            "POST", self._url(path), data=pairs(form), headers=headers, allow_redirects=False
        )
        return Answer(
            data=read_answer(response.status_code, response.content),
            replayed=response.headers.get("Idempotent-Replayed") == "true",
        )

    def pages(self, path: str, query: Form, *, limit: int) -> Iterator[tuple[Json, ...]]:
        """Lists, newest first, at most ``limit`` pages. Raises LookupError when more were left unread."""
        after: str | None = None
        for _ in range(limit):
            data = self.get(path, {**query, "limit": PAGE, "starting_after": after})
            found = rows(data)
            yield found
            if data.get("has_more") is not True:
                return
            after = maybe(found[-1], "id") if found else unusable("an empty page with more behind it")
        raise LookupError(f"more than {limit * PAGE} entries")

    def _url(self, path: str) -> str:
        return f"{self._base}/v1/{quote(path)}"


def read_answer(status: int, body: bytes) -> Json:
    """Sort an answer by what it says of our request. Source: docs.stripe.com/api/errors."""
    if status >= 500 or 300 <= status < 400:
        raise NoAnswer(f"Stripe answered {status}")
    data = _json(status, body)
    error = inner(data, "error")
    if status < 300:
        return data
    if status in (401, 403):
        raise Misconfigured(f"Stripe refuses the key: {maybe(error, 'message') or status}")
    if status == 429:
        raise NotSent("Stripe takes no more requests at the moment (429)")
    if status == 409 or maybe(error, "type") == "idempotency_error":
        # An earlier request under this key is still running, or had other parameters: it may have acted.
        raise NoAnswer(f"Stripe knows this key from another request ({status})")
    raise Refusal(status, error)


def _json(status: int, body: bytes) -> Json:
    try:
        data = json.loads(body)
    except ValueError as error:
        raise NoAnswer(f"Stripe answered {status} without JSON") from error
    return data if isinstance(data, dict) else unusable("it is no object")
