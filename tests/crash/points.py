"""Where a process can die: before and after each commit of ours and each call to the outside.

Counted only in threads that place an order or run a task, so that the numbering is the same each time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from core.kernel.db import Database
from core.plugin_host.http import GuardedAdapter


class Points:
    """Counts the points a run passes and kills the process at one of them (0: at none)."""

    def __init__(self, die_at: int) -> None:
        self._die_at = die_at
        self._passed = 0
        self._guard = threading.Lock()
        self._watched = threading.local()

    def reached(self, _what: str) -> None:
        if not getattr(self._watched, "on", False):
            return
        with self._guard:
            self._passed += 1
            if self._passed == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._watched.on = True
        try:
            yield
        finally:
            self.reached("end")
            self._watched.on = False

    def watch(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            with self.watching():
                return call(*args)

        return watched

    def plant(self) -> None:
        """Put a point before and after every commit and every call."""
        transaction, send = Database.transaction, GuardedAdapter.send

        @contextmanager
        def counted_transaction(db: Database) -> Iterator[Session]:
            with transaction(db) as session:
                yield session
                self.reached("before commit")
            self.reached("after commit")

        def counted_send(adapter: GuardedAdapter, *args: Any, **options: Any) -> Any:
            self.reached("before call")
            answer = send(adapter, *args, **options)
            self.reached("after call")
            return answer

        Database.transaction = counted_transaction  # type: ignore[method-assign]
        GuardedAdapter.send = counted_send  # type: ignore[method-assign]
