"""The bank: eChecks that settle after three days, or come back, on a clock that can be moved."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request

from core.testing.sandbox.api import (
    Answer,
    act,
    as_json,
    require_secret_key,
    required_key,
    the_world,
    told_to,
)
from core.testing.sandbox.books import Record, keep_setting, new_id, setting, stamp
from core.testing.sandbox.charges import moved_amount
from core.testing.sandbox.fields import Body, Refusal, invalid
from core.testing.sandbox.refunds import read_refund, refund, refunded, refunds_of
from core.testing.sandbox.webhooks import emit
from core.testing.sandbox.world import World

SETTLES_AFTER = timedelta(days=3)
RETURNS_AFTER = 2  # business days after settlement
ROUTING = re.compile(r"[0-9]{9}")
ACCOUNT = re.compile(r"[0-9]{4,17}")
RETURN_CODE = re.compile(r"R[0-9]{2}")  # Nacha return reason codes
ENDINGS = {"1113": "account_closed", "1116": "no_account", "2227": "returns"}
ACCOUNT_TYPES = ("checking", "savings", "business")

server = Blueprint("transfers", __name__)
control = Blueprint("bank", __name__)
server.before_request(require_secret_key)


def bank_now(tx: sqlite3.Connection, world: World) -> datetime:
    """The bank's own time: ours, moved forward by what was asked for. It never goes back."""
    return world.now() + timedelta(seconds=int(setting(tx, "clock_offset", "0")))


def aba_valid(routing_number: str) -> bool:
    """The check digit of an ABA routing transit number: weights 3, 7, 1 over nine digits, modulo 10."""
    weighted = sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(routing_number))
    return routing_number != "000000000" and weighted % 10 == 0


def business_days_after(start: datetime, days: int) -> datetime:
    """The same time of day, so many days later that are neither Saturday nor Sunday."""
    moment = start
    while days > 0:
        moment += timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the seller asks for. Of the account only the last four digits and how it behaves."""

    key: str
    amount: int
    currency: str
    reference: str
    routing_number: str
    last4: str
    behaviour: str
    account_type: str
    holder: str


@server.post("/v1/transfers")
def create_transfer() -> Response:
    body = Body.of_request()
    routing = body.text("routing_number", shape=ROUTING)
    account = body.text("account_number", shape=ACCOUNT)
    if not aba_valid(routing):
        raise invalid("routing_number", "This is no routing number: its check digit is wrong.")
    body.mask("account_number", account[-4:])
    order = Order(
        key=required_key(),
        amount=body.amount(),
        currency=body.currency(),
        reference=body.text("reference", default=""),
        routing_number=routing,
        last4=account[-4:],
        behaviour=ENDINGS.get(account[-4:], "ok"),
        account_type=body.one_of("account_type", ACCOUNT_TYPES),
        holder=body.text("holder"),
    )
    return act("transfers.create", body, lambda tx: debit(tx, the_world(), order), refuses=False)


def debit(tx: sqlite3.Connection, world: World, order: Order) -> Answer:
    """Take the order in: declined at once, or pending until the bank's clock reaches its day."""
    now = bank_now(tx, world)
    code = order.behaviour if order.behaviour in ("account_closed", "no_account") else None
    if told_to("decline"):
        code = "account_closed"
    settles = None if code else now + SETTLES_AFTER
    returns = (
        business_days_after(settles, RETURNS_AFTER) if settles and order.behaviour == "returns" else None
    )
    transfer_id = new_id("tr")
    tx.execute(
        "INSERT INTO transfers (id, key, reference, amount, currency, status, code, routing_number, last4, "
        "behaviour, account_type, holder, created_at, settles_at, returns_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (transfer_id, order.key, order.reference, moved_amount(order.amount), order.currency,
         "declined" if code else "pending", code, order.routing_number, order.last4, order.behaviour,
         order.account_type, order.holder, stamp(now), stamp(settles) if settles else None,
         stamp(returns) if returns else None),
    )  # fmt: skip
    return Answer(transfer_record(tx, find_transfer(tx, transfer_id)))


def find_transfer(tx: sqlite3.Connection, transfer_id: str) -> sqlite3.Row:
    row = tx.execute("SELECT * FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_transfer", "There is no such transfer.")
    found: sqlite3.Row = row
    return found


def transfer_record(tx: sqlite3.Connection, row: sqlite3.Row) -> Record:
    names = (
        "id", "key", "reference", "amount", "currency", "status", "code", "routing_number", "last4",
        "account_type", "holder", "created_at", "settles_at", "settled_at", "returned_at",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "refunded": refunded(tx, row["id"]),
        "refunds": refunds_of(tx, row["id"]),
    }


def transfer_records(tx: sqlite3.Connection, key: str | None = None) -> list[Record]:
    rows = tx.execute("SELECT * FROM transfers WHERE ?1 IS NULL OR key = ?1 ORDER BY n", (key,)).fetchall()
    return [transfer_record(tx, row) for row in rows]


def post_due(world: World) -> None:
    """Settle and return what the bank's clock has reached, in the order of its days."""
    with world.books.reading() as tx:
        due = any(True for _ in _due(tx, world))
    if not due:  # looked at often, written seldom
        return
    with world.books.transaction() as tx:
        for moment, step, _, transfer_id in sorted(_due(tx, world)):
            if step == 0:
                settle(tx, world, transfer_id, moment)
            else:
                give_back(tx, world, transfer_id, "R01", moment)
    world.news.set()


def _due(tx: sqlite3.Connection, world: World) -> Iterable[tuple[str, int, int, str]]:
    """(moment, 0 settle | 1 return, number, id). One advance may bring both for one transfer."""
    now = stamp(bank_now(tx, world))
    rows = tx.execute(
        "SELECT n, id, status, settles_at, returns_at FROM transfers "
        "WHERE status = 'pending' AND settles_at <= ?1 OR status = 'settled' AND returns_at <= ?1",
        (now,),
    ).fetchall()
    for row in rows:
        if row["status"] == "pending":
            yield row["settles_at"], 0, row["n"], row["id"]
        if row["returns_at"] is not None and row["returns_at"] <= now:
            yield row["returns_at"], 1, row["n"], row["id"]


def settle(tx: sqlite3.Connection, world: World, transfer_id: str, moment: str) -> None:
    tx.execute("UPDATE transfers SET status = 'settled', settled_at = ? WHERE id = ?", (moment, transfer_id))
    _report(tx, world, transfer_id, "settled", None, moment)


def give_back(tx: sqlite3.Connection, world: World, transfer_id: str, code: str, moment: str) -> None:
    """The payer's bank takes a settled debit back."""
    tx.execute(
        "UPDATE transfers SET status = 'returned', code = ?, returned_at = ? WHERE id = ?",
        (code, moment, transfer_id),
    )
    _report(tx, world, transfer_id, "returned", code, moment)


def _report(
    tx: sqlite3.Connection, world: World, transfer_id: str, status: str, code: str | None, moment: str
) -> None:
    """One fact, one id: the report and the webhook carry the same, so that neither counts twice."""
    event_id = new_id("evt")
    tx.execute(
        "INSERT INTO settlements (event_id, transfer_id, status, code, occurred_at) VALUES (?, ?, ?, ?, ?)",
        (event_id, transfer_id, status, code, moment),
    )
    record = transfer_record(tx, find_transfer(tx, transfer_id)) | {"occurred_at": moment}
    emit(tx, world, f"transfer.{status}", record, event_id)


@server.get("/v1/transfers/<transfer_id>")
def show_transfer(transfer_id: str) -> Response:
    post_due(the_world())
    with the_world().books.reading() as tx:
        return as_json(transfer_record(tx, find_transfer(tx, transfer_id)))


@server.get("/v1/transfers")
def find_transfers() -> Response:
    """Transfers oldest first; with ``?key=`` the one made under that Idempotency-Key, if any."""
    post_due(the_world())
    with the_world().books.reading() as tx:
        return as_json({"data": transfer_records(tx, request.args.get("key"))})


@server.get("/v1/transfers/settlements")
def settlements() -> Response:
    """What cleared or came back at or after ``since`` (the bank's time), oldest first."""
    since = read_since(request.args.get("since"))
    post_due(the_world())
    with the_world().books.reading() as tx:
        rows = tx.execute(
            "SELECT event_id, transfer_id, key, settlements.status, settlements.code, amount, currency, "
            "occurred_at FROM settlements JOIN transfers ON transfers.id = transfer_id "
            "WHERE occurred_at >= ? ORDER BY settlements.n",
            (since,),
        ).fetchall()
    return as_json({"data": [dict(row) for row in rows]})


def read_since(text: str | None) -> str:
    """An instant with its zone (ISO 8601) as the books write it. A plus sign may have become a space."""
    if text is None:
        return ""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise invalid("since", "since must be an instant in ISO 8601.") from error
    if moment.tzinfo is None:
        raise invalid("since", "since must name its zone, as in 2026-05-01T00:00:00+00:00.")
    return stamp(moment)


@server.post("/v1/transfers/<transfer_id>/refund")
def refund_transfer(transfer_id: str) -> Response:
    body = Body.of_request()
    key = required_key()
    world = the_world()
    post_due(world)
    with world.books.reading() as tx:
        amount = read_refund(body, find_transfer(tx, transfer_id)["currency"])

    def run(tx: sqlite3.Connection) -> Answer:
        row = find_transfer(tx, transfer_id)
        if row["status"] != "settled":
            raise Refusal(
                409, "not_settled", f"This transfer is {row['status']}: there is nothing to refund."
            )
        record = refund(tx, world, transfer_id, taken=row["amount"], amount=amount, key=key)
        emit(tx, world, "transfer.refunded", transfer_record(tx, row) | {"refund": record})
        return Answer(record | {"currency": row["currency"]})

    return act("transfers.refund", body, run)


def advance(world: World, step: timedelta) -> Record:
    """Move the bank's clock forward and let it do what has come due."""
    with world.books.transaction() as tx:
        offset = int(setting(tx, "clock_offset", "0")) + int(step.total_seconds())
        keep_setting(tx, "clock_offset", str(offset))
    post_due(world)
    return clock(world)


def clock(world: World) -> Record:
    with world.books.reading() as tx:
        offset = int(setting(tx, "clock_offset", "0"))
        return {"now": bank_now(tx, world).astimezone(UTC).isoformat(), "offset_seconds": offset}


@control.get("/clock")
def show_clock() -> Response:
    return as_json(clock(the_world()))


@control.post("/clock/advance")
def advance_clock() -> Response:
    body = Body.of_request()
    step = timedelta(days=body.whole("days", 0, 3660, 0), hours=body.whole("hours", 0, 24 * 3660, 0))
    body.done()
    if not step:
        raise invalid("days", "Say how many days or hours.")
    return as_json(advance(the_world(), step))


@control.post("/bank/return/<transfer_id>")
def return_transfer(transfer_id: str) -> Response:
    """Return a settled transfer now, whatever account it came from."""
    body = Body.of_request()
    code = body.text("code", most=3, shape=RETURN_CODE)
    body.done()
    world = the_world()
    post_due(world)
    with world.books.transaction() as tx:
        row = find_transfer(tx, transfer_id)
        if row["status"] != "settled":
            raise Refusal(409, "not_settled", f"This transfer is {row['status']}, not settled.")
        give_back(tx, world, transfer_id, code, stamp(bank_now(tx, world)))
        record = transfer_record(tx, find_transfer(tx, transfer_id))
    world.news.set()
    return as_json(record)
