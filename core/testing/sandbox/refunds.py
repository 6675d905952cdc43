"""Giving money back, the same way for charges, wallet payments and transfers."""

from __future__ import annotations

import sqlite3

from core.testing.sandbox.books import Record, new_id, stamp
from core.testing.sandbox.fields import Body, Refusal
from core.testing.sandbox.world import World


def read_refund(body: Body, currency: str) -> int:
    """The amount to give back, in minor units. ``currency`` may be repeated, and must then agree."""
    amount = body.amount()
    if body.text("currency", most=3, default=currency) != currency:
        raise Refusal(422, "wrong_currency", f"This was paid in {currency}.", "currency")
    return amount


def refund(tx: sqlite3.Connection, world: World, parent: str, *, taken: int, amount: int, key: str) -> Record:
    """Write a refund of ``amount``. Raises Refusal (``over_refund``) beyond the ``taken`` in sum."""
    before = refunded(tx, parent)
    if before + amount > taken:
        raise Refusal(409, "over_refund", f"Of {taken}, {before} is refunded already.", "amount")
    record: Record = {
        "id": new_id("re"),
        "parent": parent,
        "key": key,
        "status": "succeeded",
        "amount": amount,
        "created_at": stamp(world.now()),
    }
    tx.execute(
        "INSERT INTO refunds (id, parent, key, amount, created_at) "
        "VALUES (:id, :parent, :key, :amount, :created_at)",
        record,
    )
    return record | {"refunded": before + amount}


def refunded(tx: sqlite3.Connection, parent: str) -> int:
    """Minor units given back so far."""
    row = tx.execute("SELECT coalesce(sum(amount), 0) FROM refunds WHERE parent = ?", (parent,)).fetchone()
    return int(row[0])


def refunds_of(tx: sqlite3.Connection, parent: str) -> list[Record]:
    rows = tx.execute(
        "SELECT id, key, amount, created_at FROM refunds WHERE parent = ? ORDER BY n", (parent,)
    ).fetchall()
    return [dict(row) | {"status": "succeeded"} for row in rows]
