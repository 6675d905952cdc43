"""The pretend world from a test: start it, ask it, let it misbehave, kill it.

::

    with SandboxProcess.start(tmp_path) as sandbox:
        sandbox.fault("charges", "lose_answer")
        ...
        assert len(sandbox.books("charges")) == 1
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.testing.sandbox.books import Record
from core.testing.sandbox.world import PUBLIC_KEY, READY, SECRET_KEY

PATIENCE = 20.0  # seconds for the process to start, and to end

_loopback = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the world answered."""

    status: int
    body: Record


class SandboxError(RuntimeError):
    """The process did not start, or refused an order of the test."""


class SandboxProcess:
    """A running pretend world. Its books stay in ``data`` over ``kill`` and ``restart``."""

    def __init__(self, data: Path, *, port: int, key: str, webhook_url: str, webhook_secret: str) -> None:
        self.data = data
        self.key = key
        self.public_key = PUBLIC_KEY
        self.port = port
        self._webhook = (webhook_url, webhook_secret)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        data: Path,
        port: int = 0,
        *,
        key: str = SECRET_KEY,
        webhook_url: str = "",
        webhook_secret: str = "",
    ) -> Self:
        """Start it with its books in ``data``; port 0 takes a free one. Raises SandboxError."""
        sandbox = cls(data, port=port, key=key, webhook_url=webhook_url, webhook_secret=webhook_secret)
        sandbox.restart()
        return sandbox

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Raises SandboxError when it is not running."""
        if self._process is None:
            raise SandboxError("the sandbox is not running")
        return self._process.pid

    def restart(self) -> None:
        """Start again on the same port and books, after ``stop`` or ``kill``."""
        self.stop()
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "sandbox.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment()
            )
        self.port = int(self._ready_line().rpartition(":")[2])

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "core.testing.sandbox", "--with-parent", "--port", str(self.port)]
        command += ["--data", str(self.data), "--key", self.key]
        url, secret = self._webhook
        return [*command, "--webhook-url", url, "--webhook-secret", secret] if url else command

    def _ready_line(self) -> str:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline().decode() if selector.select(PATIENCE) else ""
        if not line.startswith(READY):
            self.kill()
            tail = (self.data / "sandbox.log").read_text(errors="replace")[-2000:]
            raise SandboxError(f"the sandbox did not start: {tail}")
        return line.strip()

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait. Nothing happens when it has ended."""
        self._end(kill=False)

    def kill(self) -> None:
        """``kill -9``: no goodbye, as a machine dies."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        idempotency_key: str = "",
        key: str | None = None,
        timeout: float = 30.0,
    ) -> Reply:
        """One API call with the secret key (or another ``key``). An error status is a Reply as well;
        raises OSError or HTTPException when no whole answer comes."""
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - loopback
        try:
            with _loopback.open(request, timeout=timeout) as answer:
                return Reply(status=answer.status, body=_parsed(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(status=error.code, body=_parsed(error.read()))

    def books(self, name: str) -> list[Record]:
        """One of charges, payments, transfers, accounts, domains, events, calls; oldest first."""
        rows = self._done("GET", f"/books/{name}")["data"]
        assert isinstance(rows, list)
        return rows

    def empty(self) -> None:
        """Forget every act, fault and call."""
        self._done("DELETE", "/books")

    def fault(
        self, target: str, kind: str, times: int = 1, *, seconds: float | None = None, method: str = "POST"
    ) -> None:
        """Let ``target`` misbehave on its next ``times`` calls (-1: until ``clear_faults``)."""
        order: Record = {"target": target, "kind": kind, "times": times, "method": method}
        self._done("POST", "/faults", order if seconds is None else order | {"seconds": seconds})

    def clear_faults(self) -> None:
        self._done("DELETE", "/faults")

    def advance(self, days: int = 0, hours: int = 0) -> None:
        """Move the bank's clock forward."""
        self._done("POST", "/clock/advance", {"days": days, "hours": hours})

    def return_transfer(self, transfer_id: str, code: str = "R10") -> None:
        """Let a settled transfer come back now."""
        self._done("POST", f"/bank/return/{transfer_id}", {"code": code})

    def send_webhooks_to(self, url: str, secret: str) -> None:
        self._done("POST", "/webhooks", {"url": url, "secret": secret})

    def replay(self, event_id: str) -> None:
        """Deliver an event once more."""
        self._done("POST", f"/webhooks/replay/{event_id}")

    def token(self, number: str = "4242424242424242", *, code: str = "123") -> str:
        """A card token as a buyer's browser would fetch it. Raises SandboxError when it is refused."""
        card: Record = {"number": number, "code": code, "expiry_month": 12}
        card["expiry_year"] = time.gmtime().tm_year + 3
        return str(self._done("POST", "/v1/tokens", card, key=self.public_key)["token"])

    def press(self, approve_url: str, choice: str = "approve") -> str:
        """Press a button of the wallet's page; the address the buyer's browser is sent to."""
        data = f"choice={choice}".encode()
        request = urllib.request.Request(approve_url, data, method="POST")  # noqa: S310 - loopback
        try:
            with _no_redirects.open(request, timeout=30):
                raise SandboxError("the wallet sent the buyer nowhere")
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 303:
                    raise SandboxError(f"the wallet answered {error.code}") from error
                return str(error.headers["Location"])

    def _done(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Record:
        reply = self.call(method, path, body, key=key)
        if reply.status >= 300:
            raise SandboxError(f"{method} {path} was refused: {reply.status} {reply.body}")
        return reply.body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_no_redirects = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def _parsed(raw: bytes) -> Record:
    """The JSON object, or ``{"text": ...}`` where something else came (a fault)."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"text": raw.decode(errors="replace")}


def _environment() -> dict[str, str]:
    """Ours, with the folder of the ``core`` package findable from any working directory."""
    root = str(Path(__file__).resolve().parents[3])
    known = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, known]) if known else root}
