"""The hosting panel: accounts with a plan, suspended and deleted. It keeps the seller's marker."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response

from core.testing.sandbox.api import Answer, act, as_json, idempotency_key, require_secret_key, the_world
from core.testing.sandbox.books import Record, new_id, stamp
from core.testing.sandbox.fields import PRINTABLE, Body, Refusal, invalid

USERNAME = re.compile(r"[a-z][a-z0-9]{0,15}")
PLANS = ("starter", "business")

server = Blueprint("panel", __name__, url_prefix="/panel")
server.before_request(require_secret_key)

Change = Callable[[sqlite3.Connection, sqlite3.Row], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An account to build. The password is checked and forgotten."""

    key: str | None
    username: str
    domain: str
    plan: str
    email: str
    marker: str | None


def read_plan(body: Body) -> str:
    plan = body.text("plan")
    if plan not in PLANS:
        raise invalid("plan", f"This panel has no plan {plan!r}.", "no_such_plan")
    return plan


def read_password(body: Body) -> None:
    if len(body.text("password", most=128, shape=PRINTABLE)) < 8:
        raise invalid("password", "A password has 8 characters or more.")


@server.get("/version")
def version() -> Response:
    return as_json({"name": "Sandbox Panel", "version": "1.0", "plans": list(PLANS)})


@server.post("/accounts")
def create_account() -> Response:
    body = Body.of_request()
    read_password(body)
    wish = Wish(
        key=idempotency_key(),
        username=body.text("username", most=16, shape=USERNAME),
        domain=body.host_name("domain"),
        plan=read_plan(body),
        email=body.email(),
        marker=body.optional_text("marker"),
    )
    return act("panel.create", body, lambda tx: build(tx, wish))


def build(tx: sqlite3.Connection, wish: Wish) -> Answer:
    """Raises Refusal when the name or the domain is in use; whose it is stays untold."""
    row = tx.execute(
        "SELECT username FROM accounts WHERE (username = ? OR domain = ?) AND deleted_at IS NULL "
        "ORDER BY username = ? DESC",
        (wish.username, wish.domain, wish.username),
    ).fetchone()
    if row is not None:
        name = "username" if row["username"] == wish.username else "domain"
        raise Refusal(409, f"{name}_taken", f"This {name} is in use on this panel.", name)
    tx.execute(
        "INSERT INTO accounts (id, key, username, domain, plan, email, marker, state, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?)",
        (new_id("acct"), wish.key, wish.username, wish.domain, wish.plan, wish.email, wish.marker,
         stamp(the_world().now())),
    )  # fmt: skip
    return Answer(account_record(find_account(tx, wish.username)), 201)


def find_account(tx: sqlite3.Connection, username: str) -> sqlite3.Row:
    row = tx.execute(
        "SELECT * FROM accounts WHERE username = ? AND deleted_at IS NULL", (username,)
    ).fetchone()
    if row is None:
        raise Refusal(404, "no_such_account", "There is no such account on this panel.")
    found: sqlite3.Row = row
    return found


def account_record(row: sqlite3.Row) -> Record:
    names = (
        "id", "key", "username", "domain", "plan", "email", "marker", "state", "password_changes",
        "created_at", "deleted_at",
    )  # fmt: skip
    return {name: row[name] for name in names}


def account_records(tx: sqlite3.Connection, *, deleted: bool) -> list[Record]:
    """Accounts oldest first. The books show the deleted too: what was built twice can not hide."""
    rows = tx.execute("SELECT * FROM accounts WHERE ? OR deleted_at IS NULL ORDER BY n", (deleted,))
    return [account_record(row) for row in rows.fetchall()]


@server.get("/accounts")
def list_accounts() -> Response:
    with the_world().books.reading() as tx:
        return as_json({"data": account_records(tx, deleted=False)})


@server.get("/accounts/<username>")
def show_account(username: str) -> Response:
    with the_world().books.reading() as tx:
        return as_json(account_record(find_account(tx, username)))


def _change(operation: str, username: str, body: Body, change: Change) -> Response:
    def run(tx: sqlite3.Connection) -> Answer:
        change(tx, find_account(tx, username))
        return Answer(account_record(find_account(tx, username)))

    return act(operation, body, run)


def _set_state(state: str) -> Change:
    def change(tx: sqlite3.Connection, row: sqlite3.Row) -> None:
        tx.execute("UPDATE accounts SET state = ? WHERE id = ?", (state, row["id"]))

    return change


@server.post("/accounts/<username>/suspend")
def suspend(username: str) -> Response:
    """Suspended already is fine. ``reason`` is read and not kept."""
    body = Body.of_request()
    body.text("reason", most=500, default="")
    return _change("panel.suspend", username, body, _set_state("suspended"))


@server.post("/accounts/<username>/unsuspend")
def unsuspend(username: str) -> Response:
    return _change("panel.unsuspend", username, Body.of_request(), _set_state("active"))


@server.post("/accounts/<username>/password")
def change_password(username: str) -> Response:
    body = Body.of_request()
    read_password(body)

    def change(tx: sqlite3.Connection, row: sqlite3.Row) -> None:
        tx.execute("UPDATE accounts SET password_changes = password_changes + 1 WHERE id = ?", (row["id"],))

    return _change("panel.password", username, body, change)


@server.post("/accounts/<username>/plan")
def change_plan(username: str) -> Response:
    body = Body.of_request()
    plan = read_plan(body)

    def change(tx: sqlite3.Connection, row: sqlite3.Row) -> None:
        tx.execute("UPDATE accounts SET plan = ? WHERE id = ?", (plan, row["id"]))

    return _change("panel.plan", username, body, change)


@server.delete("/accounts/<username>")
def delete_account(username: str) -> Response:
    now = stamp(the_world().now())

    def run(tx: sqlite3.Connection) -> Answer:
        row = find_account(tx, username)
        tx.execute("UPDATE accounts SET state = 'deleted', deleted_at = ? WHERE id = ?", (now, row["id"]))
        return Answer({"id": row["id"], "username": username, "deleted": True})

    return act("panel.delete", Body.of_request(), run)
