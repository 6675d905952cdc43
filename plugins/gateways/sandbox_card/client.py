"""The sandbox's HTTP API: what a status means, and nothing of what an answer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from core.plugin_api.answers import Answer
from core.plugin_api.context import Response, Session
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer the provider gave, good or bad."""

    status: int
    body: Answer

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def error(self) -> str:
        """The provider's stable word for what is wrong."""
        return self.body.object("error").text("code")


class SandboxClient:
    """One set of keys. Raises NotSent, NoAnswer or Misconfigured; refusals come back as replies."""

    def __init__(self, http: Session, url: str, secret_key: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret_key}", "Accept": "application/json"}

    def get(self, *path: str, **query: str) -> Reply:
        return _reply(self._http.get(self._address(path), params=query, headers=self._headers))

    def post(self, *path: str, body: Mapping[str, object], key: str) -> Reply:
        """Act under ``key``: the provider acts once however often this is repeated."""
        headers = {**self._headers, "Idempotency-Key": key}
        return _reply(self._http.post(self._address(path), json=body, headers=headers))

    def delete(self, *path: str) -> Reply:
        return _reply(self._http.delete(self._address(path), headers=self._headers))

    def _address(self, path: tuple[str, ...]) -> str:
        return "/".join((self._url, *(quote(part, safe="") for part in path)))


def _reply(response: Response) -> Reply:
    status = response.status_code
    if status == 503 and response.headers.get("X-Not-Processed") == "true":
        raise NotSent("the sandbox is unavailable and did nothing")
    if status in (401, 403):
        raise Misconfigured("the sandbox refuses the secret key")
    if not (200 <= status < 300 or 400 <= status < 500):
        raise NoAnswer(f"the sandbox answered with status {status}")
    reply = Reply(status, Answer.of(response))
    if not reply.ok and reply.error == "key_reused":
        raise NoAnswer("the sandbox knows this key with another body")
    return reply
