"""What tests and demos use: the open books, the faults, a health answer. No key; loopback only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from flask import Blueprint, Response, request

from core.testing.sandbox.api import as_json, require_secret_key, the_world
from core.testing.sandbox.bank import post_due, transfer_records
from core.testing.sandbox.books import Record
from core.testing.sandbox.charges import charge_records
from core.testing.sandbox.faults import add_fault, all_faults, read_fault
from core.testing.sandbox.fields import Body, Refusal
from core.testing.sandbox.panel import account_records
from core.testing.sandbox.registrar import domain_records
from core.testing.sandbox.wallet import payment_records
from core.testing.sandbox.webhooks import event_records

control = Blueprint("control", __name__)
account = Blueprint("account", __name__)
account.before_request(require_secret_key)


def call_records(tx: sqlite3.Connection) -> list[Record]:
    return [dict(row) for row in tx.execute("SELECT * FROM calls ORDER BY n").fetchall()]


def _payments(tx: sqlite3.Connection) -> list[Record]:
    return payment_records(tx, request.host_url.rstrip("/"))


def _accounts(tx: sqlite3.Connection) -> list[Record]:
    return account_records(tx, deleted=True)


BOOKS: dict[str, Callable[[sqlite3.Connection], list[Record]]] = {
    "charges": charge_records,
    "payments": _payments,
    "transfers": transfer_records,
    "accounts": _accounts,
    "domains": domain_records,
    "events": event_records,
    "calls": call_records,
}


@control.get("/books/<name>")
def show_book(name: str) -> Response:
    """One book, oldest entry first."""
    if name not in BOOKS:
        raise Refusal(404, "no_such_book", f"The books are: {', '.join(BOOKS)}.")
    if name == "transfers":
        post_due(the_world())
    with the_world().books.reading() as tx:
        return as_json({"data": BOOKS[name](tx)})


@control.delete("/books")
def empty_books() -> Response:
    """Forget every act, key, event, call and fault. The webhook target and the bank's clock stay."""
    the_world().books.empty()
    return as_json({"emptied": True})


@control.get("/faults")
def list_faults() -> Response:
    with the_world().books.reading() as tx:
        return as_json({"data": [fault._asdict() for fault in all_faults(tx)]})


@control.post("/faults")
def set_fault() -> Response:
    fault = read_fault(Body.of_request())
    with the_world().books.transaction() as tx:
        return as_json(add_fault(tx, fault), 201)


@control.delete("/faults")
def clear_faults() -> Response:
    with the_world().books.transaction() as tx:
        tx.execute("DELETE FROM faults")
    return as_json({"data": []})


@control.get("/healthz")
def healthz() -> Response:
    with the_world().books.reading() as tx:
        tx.execute("SELECT 1").fetchone()
    return as_json({"status": "ok"})


@account.get("/v1/account")
def show_account() -> Response:
    """Proves that a secret key is right, and moves nothing."""
    return as_json({"mode": "test", "name": "Innkeeper sandbox"})
