"""Durable books: one SQLite file, one writer at a time, every act committed before it is answered."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.testing.sandbox.schema import EMPTYING, SCHEMA

Record = dict[str, object]  # one JSON object

FILE_NAME = "sandbox.sqlite3"


class Books:
    """The books in ``folder``. Safe to share between threads; survives ``kill -9`` at any moment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            folder / FILE_NAME, isolation_level=None, check_same_thread=False, timeout=30
        )
        self._db.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")  # one wait for the disk, not twenty

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: committed (and synced) at exit, rolled back on any exception."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def jotting(self) -> Iterator[sqlite3.Connection]:
        """As ``transaction``, without waiting for the disk: it survives ``kill -9``, not a power cut.
        For the list of calls and for faults, of which no money depends."""
        with self._lock:
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._db.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A look at what is committed."""
        with self._lock:
            yield self._db

    def empty(self) -> None:
        """Forget every act, fault and call. The webhook target and the bank's clock stay."""
        with self.transaction() as tx:
            for statement in EMPTYING:
                tx.execute(statement)

    def close(self) -> None:
        """Wait for the act under way, then close the file. Safe to call twice."""
        with self._lock:
            self._db.close()


def new_id(prefix: str) -> str:
    """``ch_`` and 24 random hexadecimal digits: unguessable, and plainly from here."""
    return f"{prefix}_{secrets.token_hex(12)}"


def stamp(moment: datetime) -> str:
    """An instant as the books write it: UTC with six decimals, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def setting(tx: sqlite3.Connection, name: str, default: str = "") -> str:
    row = tx.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return default if row is None else str(row["value"])


def keep_setting(tx: sqlite3.Connection, name: str, value: str) -> None:
    tx.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
