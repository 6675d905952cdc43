"""The card processor: tokens, charges, challenges, refunds."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from flask import Blueprint, Response, request

from core.testing.sandbox import cards
from core.testing.sandbox.api import (
    Answer,
    act,
    as_json,
    require_public_key,
    require_secret_key,
    required_key,
    the_world,
    told_to,
)
from core.testing.sandbox.books import Record, new_id, stamp
from core.testing.sandbox.fields import Body, Refusal, invalid
from core.testing.sandbox.refunds import read_refund, refund, refunded, refunds_of
from core.testing.sandbox.webhooks import emit
from core.testing.sandbox.world import World

server = Blueprint("charges", __name__)
browser = Blueprint("tokeniser", __name__)
server.before_request(require_secret_key)
browser.before_request(require_public_key)


@browser.after_request
def allow_other_origins(response: Response) -> Response:
    """The tokeniser is called from the seller's page, which stands on another origin."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
    response.headers["Access-Control-Max-Age"] = "600"
    return response


@browser.post("/v1/tokens")
def create_token() -> Response:
    """Number in, token out. Of the number only the last four digits are kept."""
    body = Body.of_request()
    details = cards.CardDetails(
        number=body.text("number", most=40),
        expiry_month=body.whole("expiry_month", 1, 12),
        expiry_year=body.whole("expiry_year", 2000, 2099),
        code=body.text("code", most=8),
    )
    name = body.text("name", default="")
    world = the_world()
    card = cards.check(details, world.now().date())
    body.mask("number", card.last4)
    body.mask("code", "")
    return act("tokens.create", body, lambda tx: keep_token(tx, world, card, name))


def keep_token(tx: sqlite3.Connection, world: World, card: cards.Card, name: str) -> Answer:
    token = new_id("tok")
    tx.execute(
        "INSERT INTO tokens (id, brand, last4, expiry_month, expiry_year, name, behaviour, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (token, card.brand, card.last4, card.expiry_month, card.expiry_year, name, card.behaviour,
         stamp(world.now())),
    )  # fmt: skip
    return Answer(token_record(find_token(tx, token)))


def token_record(row: sqlite3.Row) -> Record:
    return {
        "token": row["id"],
        "brand": row["brand"],
        "last4": row["last4"],
        "expiry_month": row["expiry_month"],
        "expiry_year": row["expiry_year"],
        "name": row["name"],
    }


def find_token(tx: sqlite3.Connection, token: str) -> sqlite3.Row:
    row = tx.execute("SELECT * FROM tokens WHERE id = ? AND deleted_at IS NULL", (token,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_token", "This token is unknown here, or was deleted.")
    found: sqlite3.Row = row
    return found


@server.get("/v1/tokens/<token>")
def show_token(token: str) -> Response:
    with the_world().books.reading() as tx:
        return as_json(token_record(find_token(tx, token)))


@server.delete("/v1/tokens/<token>")
def delete_token(token: str) -> Response:
    world = the_world()

    def run(tx: sqlite3.Connection) -> Answer:
        find_token(tx, token)
        tx.execute("UPDATE tokens SET deleted_at = ? WHERE id = ?", (stamp(world.now()), token))
        return Answer({"token": token, "deleted": True})

    return act("tokens.delete", Body.of_request(), run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the seller asks for."""

    key: str
    amount: int
    currency: str
    token: str
    reference: str
    customer_present: bool


@server.post("/v1/charges")
def create_charge() -> Response:
    body = Body.of_request()
    order = Order(
        key=required_key(),
        amount=body.amount(),
        currency=body.currency(),
        token=body.text("token"),
        reference=body.text("reference", default=""),
        customer_present=body.flag("customer_present", True),
    )
    return act("charges.create", body, lambda tx: charge(tx, the_world(), order), refuses=False)


def charge(tx: sqlite3.Connection, world: World, order: Order) -> Answer:
    """Ask the issuer, write the charge. A decline is an answer too, and is kept."""
    try:
        token = find_token(tx, order.token)
    except Refusal as unknown:
        raise invalid("token", unknown.message, unknown.code) from unknown
    result = issuer_says(token, order, world)
    charge_id = new_id("ch")
    tx.execute(
        "INSERT INTO charges (id, key, reference, amount, currency, status, decline_code, token, challenge, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (charge_id, order.key, order.reference, moved_amount(order.amount), order.currency, result.status,
         result.decline_code, order.token,
         secrets.token_urlsafe(12) if result.status == "requires_action" else None, stamp(world.now())),
    )  # fmt: skip
    return Answer(announce(tx, world, charge_id))


def issuer_says(token: sqlite3.Row, order: Order, world: World) -> cards.Verdict:
    if told_to("decline"):
        return cards.Verdict(status="declined", decline_code="card_declined")
    return cards.verdict(
        token["behaviour"],
        expired=cards.has_expired(token["expiry_month"], token["expiry_year"], world.now().date()),
        trusted=bool(token["trusted"]),
        customer_present=order.customer_present,
    )


def moved_amount(asked: int) -> int:
    """What is moved of what was asked: all of it, unless told to get it wrong by one minor unit."""
    if not told_to("wrong_amount"):
        return asked
    return asked - 1 if asked > 1 else asked + 1


def announce(tx: sqlite3.Connection, world: World, charge_id: str) -> Record:
    """Tell the seller's webhook how a charge ended, and give its record."""
    record = charge_record(tx, find_charge(tx, charge_id))
    if record["status"] != "requires_action":
        emit(tx, world, f"charge.{record['status']}", record)
    return record


def find_charge(tx: sqlite3.Connection, charge_id: str) -> sqlite3.Row:
    row = tx.execute(
        "SELECT charges.*, brand, last4 FROM charges JOIN tokens ON tokens.id = token WHERE charges.id = ?",
        (charge_id,),
    ).fetchone()
    if row is None:
        raise Refusal(404, "no_such_charge", "There is no such charge.")
    found: sqlite3.Row = row
    return found


def charge_record(tx: sqlite3.Connection, row: sqlite3.Row) -> Record:
    return {
        **{name: row[name] for name in ("id", "key", "reference", "amount", "currency", "status")},
        "decline_code": row["decline_code"],
        "action": {"challenge": row["challenge"]} if row["status"] == "requires_action" else None,
        "brand": row["brand"],
        "last4": row["last4"],
        "refunded": refunded(tx, row["id"]),
        "refunds": refunds_of(tx, row["id"]),
        "created_at": row["created_at"],
    }


@browser.post("/v1/charges/<charge_id>/authenticate")
def authenticate(charge_id: str) -> Response:
    """The buyer's answer to the challenge. The same answer twice is one; another one comes too late."""
    body = Body.of_request()
    result = body.one_of("result", ("ok", "fail"))
    challenge = body.optional_text("challenge")
    world = the_world()
    return act(
        "charges.authenticate", body, lambda tx: finish_challenge(tx, world, charge_id, result, challenge)
    )


def finish_challenge(
    tx: sqlite3.Connection, world: World, charge_id: str, result: str, challenge: str | None
) -> Answer:
    row = find_charge(tx, charge_id)
    if row["challenge"] is None or challenge not in (None, row["challenge"]):
        raise Refusal(409, "no_such_challenge", "This charge waits for no such challenge.")
    status = "succeeded" if result == "ok" else "declined"
    if row["status"] == "requires_action":
        code = None if result == "ok" else "authentication_failed"
        tx.execute("UPDATE charges SET status = ?, decline_code = ? WHERE id = ?", (status, code, charge_id))
        tx.execute("UPDATE tokens SET trusted = ? WHERE id = ?", (result == "ok", row["token"]))
        announce(tx, world, charge_id)
    elif row["status"] != status:
        raise Refusal(409, "already_finished", f"This charge has {row['status']} already.")
    return Answer({"id": charge_id, "status": status})


@server.get("/v1/charges/<charge_id>")
def show_charge(charge_id: str) -> Response:
    with the_world().books.reading() as tx:
        return as_json(charge_record(tx, find_charge(tx, charge_id)))


@server.get("/v1/charges")
def find_charges() -> Response:
    """Charges oldest first; with ``?key=`` the one made under that Idempotency-Key, if any."""
    with the_world().books.reading() as tx:
        return as_json({"data": charge_records(tx, request.args.get("key"))})


def charge_records(tx: sqlite3.Connection, key: str | None = None) -> list[Record]:
    rows = tx.execute(
        "SELECT charges.*, brand, last4 FROM charges JOIN tokens ON tokens.id = token "
        "WHERE ?1 IS NULL OR key = ?1 ORDER BY n",
        (key,),
    ).fetchall()
    return [charge_record(tx, row) for row in rows]


@server.post("/v1/charges/<charge_id>/refund")
def refund_charge(charge_id: str) -> Response:
    body = Body.of_request()
    key = required_key()
    world = the_world()
    with world.books.reading() as tx:
        amount = read_refund(body, find_charge(tx, charge_id)["currency"])

    def run(tx: sqlite3.Connection) -> Answer:
        row = find_charge(tx, charge_id)
        if row["status"] != "succeeded":
            raise Refusal(409, "not_captured", f"This charge is {row['status']}: there is nothing to refund.")
        record = refund(tx, world, charge_id, taken=row["amount"], amount=amount, key=key)
        emit(tx, world, "charge.refunded", charge_record(tx, find_charge(tx, charge_id)) | {"refund": record})
        return Answer(record | {"currency": row["currency"]})

    return act("charges.refund", body, run)
