"""How a call is let in, read, acted on once, and answered."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, current_app, request

from core.testing.sandbox.books import Record, keep_setting, setting, stamp
from core.testing.sandbox.fields import Body, Refusal
from core.testing.sandbox.world import World

FAULT = "sandbox.fault"  # in the WSGI environment: a fault that the act itself must play
KEY_SHAPE = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    body: Mapping[str, object]
    status: int = 200


def the_world() -> World:
    world = current_app.extensions["sandbox"]
    assert isinstance(world, World)
    return world


def as_json(body: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")


def refused(refusal: Refusal) -> Response:
    """The one shape of every error."""
    error: Record = {"code": refusal.code, "message": refusal.message}
    if refusal.field:
        error["field"] = refusal.field
    return as_json({"error": error}, refusal.status)


def require_secret_key() -> None:
    """Only the seller's server may ask this."""
    given = _bearer()
    if hmac.compare_digest(given, the_world().public_key.encode()):
        raise Refusal(403, "public_key", "This call needs the secret key, not the public one.")
    if not hmac.compare_digest(given, the_world().secret_key.encode()):
        raise Refusal(401, "unauthorized", "Send 'Authorization: Bearer <secret key>'.")


def require_public_key() -> None:
    """A browser may ask this; the secret key opens it too. The CORS question carries no key."""
    if request.method == "OPTIONS":
        return
    given = _bearer()
    world = the_world()
    if not any(hmac.compare_digest(given, key.encode()) for key in (world.public_key, world.secret_key)):
        raise Refusal(401, "unauthorized", "Send 'Authorization: Bearer <public key>'.")


def _bearer() -> bytes:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip().encode() if scheme.lower() == "bearer" else b""


def idempotency_key() -> str | None:
    """The caller's key; None when there is none. Raises Refusal when it is unusable."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY_SHAPE.fullmatch(key):
        raise Refusal(400, "invalid_key", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key


def required_key() -> str:
    """The caller's key, without which no money is moved. Raises Refusal."""
    key = idempotency_key()
    if key is None:
        raise Refusal(400, "key_missing", "Whoever moves money must send an Idempotency-Key.")
    return key


def told_to(kind: str) -> bool:
    """Whether a fault of this kind was set for the present call."""
    return bool(request.environ.get(FAULT) == kind)


def act(
    operation: str, body: Body, run: Callable[[sqlite3.Connection], Answer], *, refuses: bool = True
) -> Response:
    """Run ``run`` in one transaction together with the record of its key.

    The same key with the same body gives the first answer, byte for byte, and acts no second time; with
    another body it is refused (``key_reused``). A refusal changed nothing and is not remembered, so the
    same key may be tried again. ``refuses`` False: ``run`` plays the fault ``decline`` itself.
    """
    body.done()
    key = idempotency_key()
    if refuses and told_to("decline"):
        raise _told_refusal()
    world = the_world()
    with world.books.transaction() as tx:
        fingerprint = _fingerprint(tx, body)
        known = _known_answer(tx, operation, key, fingerprint)
        if known is not None:
            return known
        answer = run(tx)
        text = json.dumps(answer.body)
        if key is not None:
            tx.execute(
                "INSERT INTO keys (operation, key, fingerprint, status, answer, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (operation, key, fingerprint, answer.status, text, stamp(world.now())),
            )
    world.news.set()
    return Response(text, status=answer.status, mimetype="application/json")


def _told_refusal() -> Refusal:
    if request.path.startswith("/v1/"):
        return Refusal(402, "declined", "The sandbox was told to decline this.")
    return Refusal(409, "refused", "The sandbox was told to refuse this.")


def _known_answer(
    tx: sqlite3.Connection, operation: str, key: str | None, fingerprint: str
) -> Response | None:
    row = tx.execute("SELECT * FROM keys WHERE operation = ? AND key = ?", (operation, key)).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise Refusal(409, "key_reused", "This Idempotency-Key was used for another request.")
    answer = Response(row["answer"], status=row["status"], mimetype="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _fingerprint(tx: sqlite3.Connection, body: Body) -> str:
    """Tells two requests apart without keeping either. Keyed, because it covers passwords too."""
    pepper = setting(tx, "pepper")
    if not pepper:
        pepper = secrets.token_hex(32)
        keep_setting(tx, "pepper", pepper)
    text = json.dumps([request.method, request.path, body.identity()], sort_keys=True)
    return hmac.new(pepper.encode(), text.encode(), hashlib.sha256).hexdigest()
