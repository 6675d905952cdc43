"""Telling the seller what happened: events, a durable queue, signed deliveries with retries."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Blueprint, Response

from core.testing.sandbox.api import as_json, the_world
from core.testing.sandbox.books import Record, keep_setting, new_id, setting, stamp
from core.testing.sandbox.faults import Fault, take_fault
from core.testing.sandbox.fields import Body, Refusal
from core.testing.sandbox.world import World

TIMEOUT = 10.0  # seconds for one delivery
LONGEST_PAUSE = timedelta(hours=1)
BATCH = 50  # events looked at before the queue is read again

control = Blueprint("webhooks", __name__)

Send = Callable[[str, bytes, Mapping[str, str]], int]


class Target(NamedTuple):
    url: str
    secret: str


def set_target(tx: sqlite3.Connection, url: str, secret: str) -> None:
    """Where events go from now on. Those of the past are not sent by themselves (see ``replay``)."""
    keep_setting(tx, "webhook_url", url)
    keep_setting(tx, "webhook_secret", secret)


def target(tx: sqlite3.Connection) -> Target | None:
    url = setting(tx, "webhook_url")
    return Target(url, setting(tx, "webhook_secret")) if url else None


def emit(
    tx: sqlite3.Connection, world: World, kind: str, data: Mapping[str, object], event_id: str | None = None
) -> str:
    """Write an event in the transaction of the act it tells of; queued only when there is a target."""
    event_id = event_id or new_id("evt")
    now = stamp(world.now())
    body = json.dumps({"id": event_id, "type": kind, "created": now, "data": data})
    tx.execute(
        "INSERT INTO events (id, type, created, body, next_try_at) VALUES (?, ?, ?, ?, ?)",
        (event_id, kind, now, body, now if target(tx) else None),
    )
    return event_id


def signature(secret: str, at: int, body: bytes) -> str:
    """The value of ``Sandbox-Signature``: HMAC-SHA256 over the time, a dot and the body as sent."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one delivery, following no redirect and no proxy. Raises OSError, HTTPException or
    ValueError (a host no resolver can take)."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def pause_after(tries: int) -> timedelta:
    """1, 2, 4, 8 ... seconds, an hour at most."""
    return min(timedelta(seconds=2 ** min(tries - 1, 12)), LONGEST_PAUSE)


class Deliverer:
    """Works off the queue: at least once, oldest first, a failed event again and again until it is taken."""

    def __init__(self, world: World, send: Send = post) -> None:
        self.world = world
        self.send = send

    def run(self) -> None:
        """Until the world closes. ``world.news`` cuts a pause short."""
        try:
            while True:
                self.world.news.clear()
                if self.world.closing.is_set():  # asked after clear(), so that no wake-up is lost
                    return
                self.world.news.wait(self.round())
        except sqlite3.ProgrammingError:  # the books were closed over a slow delivery: it is sent again
            if not self.world.closing.is_set():
                raise

    def round(self) -> float:
        """Try everything that is due; seconds until the next try, 30 at most."""
        for event in self._due():
            if self.world.closing.is_set():
                break
            self._try(event)
        return self._until_next()

    def _due(self) -> list[sqlite3.Row]:
        with self.world.books.reading() as tx:
            return tx.execute(
                "SELECT * FROM events WHERE next_try_at <= ? ORDER BY n LIMIT ?",
                (stamp(self.world.now()), BATCH),
            ).fetchall()

    def _until_next(self) -> float:
        with self.world.books.reading() as tx:
            row = tx.execute("SELECT min(next_try_at) AS due FROM events").fetchone()
        if row["due"] is None:
            return 30.0
        wait = datetime.fromisoformat(row["due"]) - self.world.now()
        return max(0.0, min(wait.total_seconds(), 30.0))

    def _try(self, event: sqlite3.Row) -> None:
        with self.world.books.reading() as tx:
            goal = target(tx)
        fault = take_fault(self.world, "webhooks", "POST")
        if fault is not None and fault.kind in ("stall", "late"):
            self._hold(event, fault)
        else:
            self._note(event, self._deliver(event, goal, fault.kind if fault else ""))

    def _deliver(self, event: sqlite3.Row, goal: Target | None, fault: str) -> str:
        """What came of it: a status, or the reason why there is none."""
        if goal is None:
            return "no target"
        if fault == "refuse":
            return "fault: refuse"
        body = str(event["body"]).encode()
        secret = "somebody else's" if fault == "garbage" else goal.secret
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Innkeeper-Sandbox",
            "Sandbox-Signature": signature(secret, int(self.world.now().timestamp()), body),
        }
        try:
            status = self.send(goal.url, body, headers)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return type(error).__name__
        return f"fault: {fault}" if fault else str(status)

    def _note(self, event: sqlite3.Row, answer: str) -> None:
        """Write what came of a try. An event replayed meanwhile keeps its new date."""
        now = self.world.now()
        tries = event["tries"] + 1
        taken = answer.startswith("2")
        with self.world.books.transaction() as tx:
            tx.execute(
                "UPDATE events SET tries = ?, last_answer = ?, delivered_at = coalesce(?, delivered_at), "
                "next_try_at = ? WHERE id = ? AND next_try_at = ?",
                (tries, answer, stamp(now) if taken else None,
                 None if taken else stamp(now + pause_after(tries)), event["id"], event["next_try_at"]),
            )  # fmt: skip

    def _hold(self, event: sqlite3.Row, fault: Fault) -> None:
        """A late delivery is only put off: others are not held up by it."""
        later = stamp(self.world.now() + timedelta(seconds=fault.seconds))
        with self.world.books.transaction() as tx:
            tx.execute("UPDATE events SET next_try_at = ? WHERE id = ?", (later, event["id"]))


def event_records(tx: sqlite3.Connection) -> list[Record]:
    rows = tx.execute("SELECT * FROM events ORDER BY n").fetchall()
    names = ("id", "type", "created", "tries", "next_try_at", "delivered_at", "last_answer")
    return [{name: row[name] for name in names} | {"data": json.loads(row["body"])["data"]} for row in rows]


@control.get("/webhooks")
def show_target() -> Response:
    with the_world().books.reading() as tx:
        goal = target(tx)
    return as_json({"url": goal.url if goal else None})


@control.post("/webhooks")
def change_target() -> Response:
    body = Body.of_request()
    url, secret = body.web_address("url"), body.text("secret")
    body.done()
    with the_world().books.transaction() as tx:
        set_target(tx, url, secret)
    return as_json({"url": url})


@control.post("/webhooks/replay/<event_id>")
def replay(event_id: str) -> Response:
    """Send an event again, whether it was taken or not."""
    world = the_world()
    with world.books.transaction() as tx:
        changed = tx.execute(
            "UPDATE events SET next_try_at = ?, tries = 0 WHERE id = ?", (stamp(world.now()), event_id)
        )
        if changed.rowcount == 0:
            raise Refusal(404, "no_such_event", "There is no such event.")
    world.news.set()
    return as_json({"id": event_id, "queued": True}, 202)
