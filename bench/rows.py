"""The limit unit: what SQLite itself needs to keep the rows of one invoice."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

INVOICES = 10_000
PER_TRANSACTION = 1_000
TABLES = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE service (id INTEGER PRIMARY KEY, next_due TEXT NOT NULL);
CREATE TABLE invoice (id INTEGER PRIMARY KEY, client_id INTEGER, number TEXT, total INTEGER, due TEXT);
CREATE TABLE line (id INTEGER PRIMARY KEY, invoice_id INTEGER, text TEXT, net INTEGER);
CREATE TABLE posting (id INTEGER PRIMARY KEY, invoice_id INTEGER, account TEXT, amount INTEGER);
"""


def measure(folder: Path) -> float:
    """Microseconds of CPU per invoice, one round."""
    connection = sqlite3.connect(folder / "rows.sqlite3", isolation_level=None)
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO service VALUES (?, '2026-01-01')", [(n,) for n in range(INVOICES)])
    started = time.process_time()
    for first in range(0, INVOICES, PER_TRANSACTION):
        _write(connection, range(first, first + PER_TRANSACTION))
    used = time.process_time() - started
    connection.close()
    return used / INVOICES * 1_000_000


def _write(connection: sqlite3.Connection, numbers: range) -> None:
    invoices = [(n, n % 997, f"INV-{n}", 3300, "2026-01-15") for n in numbers]
    lines = [(n, f"Hosting {k}", 1100) for n in numbers for k in range(3)]
    postings = [(n, account, 825) for n in numbers for account in ("receivable", "sales", "tax", "discount")]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?)", invoices)
    connection.executemany("INSERT INTO line (invoice_id, text, net) VALUES (?, ?, ?)", lines)
    connection.executemany("INSERT INTO posting (invoice_id, account, amount) VALUES (?, ?, ?)", postings)
    connection.executemany("UPDATE service SET next_due = '2026-02-01' WHERE id = ?", [(n,) for n in numbers])
    connection.execute("COMMIT")
