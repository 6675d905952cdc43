"""Misbehaviour on order: a WSGI layer around the world that loses, delays and garbles answers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.wrappers import Response

from core.testing.sandbox.api import FAULT
from core.testing.sandbox.books import Record, stamp
from core.testing.sandbox.fields import Body, invalid
from core.testing.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TARGETS = ("charges", "tokens", "payments", "transfers", "panel", "registrar", "webhooks", "*")
BEFORE = ("refuse", "stall", "garbage")  # the call is not acted on
WITHIN = ("decline", "wrong_amount")  # the act itself plays it
AFTER = ("lose_answer", "late", "server_error")  # acted on, then the answer suffers
KINDS = BEFORE + WITHIN + AFTER
METHODS = ("GET", "POST", "PUT", "DELETE", "*")
DEFAULT_SECONDS = 60.0
CALLS_KEPT = 50_000

PLACES = (
    ("charges", "/v1/charges"),
    ("tokens", "/v1/tokens"),
    ("payments", "/v1/wallet/payments"),
    ("transfers", "/v1/transfers"),
    ("panel", "/panel"),
    ("registrar", "/registrar"),
    ("account", "/v1/account"),
)
MOVES_AN_AMOUNT = re.compile(r"/v1/(charges|transfers|wallet/payments/[^/]+/capture)")

GARBAGE = "<!doctype html><html><body><h1>It works!</h1><p>Welcome to this web server.</p></body></html>"
BAD_GATEWAY = "<!doctype html><html><body><center><h1>502 Bad Gateway</h1></center></body></html>"
UNAVAILABLE = '{"error": {"code": "unavailable", "message": "Told to refuse. Nothing was done."}}'


class Dropped(ConnectionAbortedError):
    """The connection must end without an answer. The server closes it; an in-process client sees this."""


class Fault(NamedTuple):
    id: int
    target: str
    kind: str
    times: int
    seconds: float
    method: str


def place(path: str) -> str | None:
    """Which part of the world a path belongs to; None for pages, books and the controls."""
    for name, prefix in PLACES:
        if path == prefix or path.startswith(prefix + "/"):
            return name
    return None


def take_fault(world: World, target: str, method: str, path: str = "") -> Fault | None:
    """The oldest fault that fits this call, counted down by one. ``*`` means every API call, not webhooks."""
    with world.books.reading() as tx:
        chosen = _choose(tx, target, method, path)
    if chosen is None:  # the common case costs no write
        return None
    with world.books.jotting() as tx:
        chosen = _choose(tx, target, method, path)
        if chosen is not None and chosen.times == 1:
            tx.execute("DELETE FROM faults WHERE id = ?", (chosen.id,))
        elif chosen is not None and chosen.times > 1:
            tx.execute("UPDATE faults SET times = times - 1 WHERE id = ?", (chosen.id,))
    return chosen


def _choose(tx: sqlite3.Connection, target: str, method: str, path: str) -> Fault | None:
    return next((fault for fault in all_faults(tx) if _fits(fault, target, method, path)), None)


def _fits(fault: Fault, target: str, method: str, path: str) -> bool:
    if target == "webhooks":
        return fault.target == target
    if fault.target not in (target, "*") or fault.method not in (method, "*"):
        return False
    if fault.kind == "wrong_amount":
        return method == "POST" and MOVES_AN_AMOUNT.fullmatch(path) is not None
    return fault.kind != "decline" or method == "POST"


def all_faults(tx: sqlite3.Connection) -> list[Fault]:
    rows = tx.execute("SELECT id, target, kind, times, seconds, method FROM faults ORDER BY id").fetchall()
    return [Fault(*row) for row in rows]


def read_fault(body: Body) -> Record:
    """A fault as ordered. ``method`` is POST unless said otherwise, so that look-ups stay honest."""
    fault: Record = {
        "target": body.one_of("target", TARGETS),
        "kind": body.one_of("kind", KINDS),
        "times": body.whole("times", -1, 1_000_000, default=1),
        "seconds": body.number("seconds", 0, 3600, DEFAULT_SECONDS),
        "method": body.one_of("method", METHODS, default="POST"),
    }
    body.done()
    if fault["times"] == 0:
        raise invalid("times", "times must be at least 1, or -1 for ever.")
    if fault["target"] == "webhooks" and fault["kind"] in WITHIN:
        raise invalid("kind", f"A webhook can not {fault['kind']}.")
    return fault


def add_fault(tx: sqlite3.Connection, fault: Record) -> Record:
    row = tx.execute(
        "INSERT INTO faults (target, kind, times, seconds, method) "
        "VALUES (:target, :kind, :times, :seconds, :method)",
        fault,
    )
    return {"id": row.lastrowid} | fault


class FaultLayer:
    """Around the Flask app: writes down every API call and plays the faults set for it."""

    def __init__(self, app: WSGIApplication, world: World) -> None:
        self.app = app
        self.world = world

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], _path(environ)
        target = place(path)
        if target is None or method == "OPTIONS":
            return self.app(environ, start_response)
        fault = take_fault(self.world, target, method, path)
        call = self._arrived(method, path, environ.get("HTTP_IDEMPOTENCY_KEY"), fault)
        try:
            response = self._answer(environ, fault)
        except Dropped:
            self._answered(call, "closed")
            raise
        self._answered(call, str(response.status_code))
        return response(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, fault: Fault | None) -> Response:
        if fault is not None and fault.kind in BEFORE:
            return self._instead(fault)
        if fault is not None and fault.kind in WITHIN:
            environ[FAULT] = fault.kind
        response = Response.from_app(self.app, environ, buffered=True)
        if fault is not None and fault.kind in AFTER:
            return self._afterwards(fault, response)
        return response

    def _instead(self, fault: Fault) -> Response:
        if fault.kind == "garbage":
            return Response(GARBAGE, mimetype="text/html")
        if fault.kind == "stall":
            self.world.closing.wait(fault.seconds)
            raise Dropped("stalled, and nothing was done")
        return Response(UNAVAILABLE, 503, {"X-Not-Processed": "true"}, mimetype="application/json")

    def _afterwards(self, fault: Fault, response: Response) -> Response:
        if fault.kind == "lose_answer":
            raise Dropped("acted, and the answer is lost")
        if fault.kind == "server_error":
            return Response(BAD_GATEWAY, 502, mimetype="text/html")
        self.world.closing.wait(fault.seconds)
        return response

    def _arrived(self, method: str, path: str, key: str | None, fault: Fault | None) -> int:
        with self.world.books.jotting() as tx:
            row = tx.execute(
                "INSERT INTO calls (method, path, key, at, fault) VALUES (?, ?, ?, ?, ?)",
                (method, path[:500], key, stamp(self.world.now()), fault.kind if fault else None),
            )
            number = row.lastrowid or 0
            tx.execute("DELETE FROM calls WHERE n <= ?", (number - CALLS_KEPT,))
        return number

    def _answered(self, call: int, answer: str) -> None:
        with self.world.books.jotting() as tx:
            tx.execute("UPDATE calls SET answer = ? WHERE n = ?", (answer, call))


def _path(environ: WSGIEnvironment) -> str:
    """PATH_INFO carries bytes dressed as Latin-1 (PEP 3333)."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1").decode(errors="replace")
