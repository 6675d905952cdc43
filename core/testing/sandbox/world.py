"""What every part of the pretend world shares."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.testing.sandbox.books import Books

SECRET_KEY = "sandbox-secret"
PUBLIC_KEY = "sandbox-public"
READY = "Sandbox ready at "  # how the one line begins that the process prints


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one clock of a world that has nobody to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The books, the keys and the time. ``news`` wakes the webhook deliverer, ``closing`` ends sleeps."""

    books: Books
    secret_key: str = SECRET_KEY
    public_key: str = PUBLIC_KEY
    now: Callable[[], datetime] = utc_now
    news: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """End every sleep, then close the books."""
        self.closing.set()
        self.news.set()
        self.books.close()


def open_world(data: Path, *, key: str = SECRET_KEY, now: Callable[[], datetime] = utc_now) -> World:
    """The world whose books lie in ``data``."""
    return World(books=Books(data), secret_key=key, now=now)
