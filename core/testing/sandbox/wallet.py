"""The wallet: a payment is created by the seller, approved by the buyer on our page, then captured."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flask import Blueprint, Response, request

from core.testing.sandbox.api import Answer, act, as_json, require_secret_key, required_key, the_world
from core.testing.sandbox.books import Record, new_id, stamp
from core.testing.sandbox.charges import moved_amount
from core.testing.sandbox.fields import Body, Refusal
from core.testing.sandbox.refunds import read_refund, refund, refunded, refunds_of
from core.testing.sandbox.webhooks import emit
from core.testing.sandbox.world import World

server = Blueprint("payments", __name__)
server.before_request(require_secret_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the seller asks for. ``origin`` is where the buyer's browser finds this world."""

    key: str
    amount: int
    currency: str
    reference: str
    return_url: str
    cancel_url: str
    origin: str


@server.post("/v1/wallet/payments")
def create_payment() -> Response:
    body = Body.of_request()
    order = Order(
        key=required_key(),
        amount=body.amount(),
        currency=body.currency(),
        reference=body.text("reference", default=""),
        return_url=body.web_address("return_url"),
        cancel_url=body.web_address("cancel_url"),
        origin=request.host_url.rstrip("/"),
    )
    return act("payments.create", body, lambda tx: open_payment(tx, the_world(), order))


def open_payment(tx: sqlite3.Connection, world: World, order: Order) -> Answer:
    payment_id = new_id("wp")
    tx.execute(
        "INSERT INTO payments (id, key, reference, amount, currency, status, return_url, cancel_url, "
        "created_at) VALUES (?, ?, ?, ?, ?, 'created', ?, ?, ?)",
        (payment_id, order.key, order.reference, order.amount, order.currency, order.return_url,
         order.cancel_url, stamp(world.now())),
    )  # fmt: skip
    return Answer(payment_record(tx, find_payment(tx, payment_id), order.origin))


def find_payment(tx: sqlite3.Connection, payment_id: str) -> sqlite3.Row:
    row = tx.execute("SELECT * FROM payments WHERE id = ?", (payment_id,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_payment", "There is no such payment.")
    found: sqlite3.Row = row
    return found


def payment_record(tx: sqlite3.Connection, row: sqlite3.Row, origin: str) -> Record:
    """``amount`` is what was asked, ``captured`` what was taken."""
    names = ("id", "key", "reference", "amount", "currency", "status", "captured")
    return {
        **{name: row[name] for name in names},
        "refunded": refunded(tx, row["id"]),
        "refunds": refunds_of(tx, row["id"]),
        "approve_url": f"{origin}/wallet/approve/{row['id']}",
        "created_at": row["created_at"],
    }


def payment_records(tx: sqlite3.Connection, origin: str, key: str | None = None) -> list[Record]:
    rows = tx.execute("SELECT * FROM payments WHERE ?1 IS NULL OR key = ?1 ORDER BY n", (key,)).fetchall()
    return [payment_record(tx, row, origin) for row in rows]


def decide(tx: sqlite3.Connection, world: World, payment_id: str, origin: str, *, approved: bool) -> str:
    """The buyer's word, taken once: the status that holds afterwards, whatever was pressed later."""
    row = find_payment(tx, payment_id)
    if row["status"] != "created":
        return str(row["status"])
    status = "approved" if approved else "cancelled"
    tx.execute("UPDATE payments SET status = ? WHERE id = ?", (status, payment_id))
    if approved:
        emit(tx, world, "payment.approved", payment_record(tx, find_payment(tx, payment_id), origin))
    return status


@server.post("/v1/wallet/payments/<payment_id>/capture")
def capture_payment(payment_id: str) -> Response:
    """Take the money. A captured payment is captured once, under whatever key it is asked again."""
    body = Body.of_request()
    world, origin = the_world(), request.host_url.rstrip("/")
    return act("payments.capture", body, lambda tx: capture(tx, world, payment_id, origin))


def capture(tx: sqlite3.Connection, world: World, payment_id: str, origin: str) -> Answer:
    row = find_payment(tx, payment_id)
    if row["status"] == "captured":
        return Answer(payment_record(tx, row, origin))
    if row["status"] != "approved":
        raise Refusal(409, "not_approved", f"The buyer has not approved this: it is {row['status']}.")
    tx.execute(
        "UPDATE payments SET status = 'captured', captured = ? WHERE id = ?",
        (moved_amount(row["amount"]), payment_id),
    )
    record = payment_record(tx, find_payment(tx, payment_id), origin)
    emit(tx, world, "payment.captured", record)
    return Answer(record)


@server.get("/v1/wallet/payments/<payment_id>")
def show_payment(payment_id: str) -> Response:
    with the_world().books.reading() as tx:
        return as_json(payment_record(tx, find_payment(tx, payment_id), request.host_url.rstrip("/")))


@server.get("/v1/wallet/payments")
def find_payments() -> Response:
    """Payments oldest first; with ``?key=`` the one created under that Idempotency-Key, if any."""
    with the_world().books.reading() as tx:
        return as_json({"data": payment_records(tx, request.host_url.rstrip("/"), request.args.get("key"))})


@server.post("/v1/wallet/payments/<payment_id>/refund")
def refund_payment(payment_id: str) -> Response:
    body = Body.of_request()
    key = required_key()
    world, origin = the_world(), request.host_url.rstrip("/")
    with world.books.reading() as tx:
        amount = read_refund(body, find_payment(tx, payment_id)["currency"])

    def run(tx: sqlite3.Connection) -> Answer:
        row = find_payment(tx, payment_id)
        if row["status"] != "captured":
            raise Refusal(
                409, "not_captured", f"This payment is {row['status']}: there is nothing to refund."
            )
        record = refund(tx, world, payment_id, taken=row["captured"], amount=amount, key=key)
        emit(tx, world, "payment.refunded", payment_record(tx, row, origin) | {"refund": record})
        return Answer(record | {"currency": row["currency"]})

    return act("payments.refund", body, run)
