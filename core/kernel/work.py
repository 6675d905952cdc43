"""How slices ask for work that must finish. ``core.work.engine`` implements it; no slice knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core.kernel.clock import Clock
from core.kernel.crypto import KeyRing
from core.kernel.db import Database
from core.kernel.outbox import DELIVER, Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A named piece of work on one row. ``run`` may be called again with the same id after a crash:
    it reads where it stands from the tables and goes on from there. It never takes secrets."""

    name: str
    run: Callable[[UUID], None]


class Engine(Protocol):
    """Starts durable work."""

    def enqueue(
        self, session: Session, task: str, subject: UUID, *, queue: str = "default", turn: int = 0
    ) -> None:
        """Start ``task`` on ``subject`` when the caller's transaction commits; never if it rolls back.

        The run's identity is (task, subject, turn): asking twice for the same one is one run. ``turn``
        counts the deliberate repeats of one row (a retry, a further look-up). ``queue`` separates the
        slow from the fast: "gateway:<id>", "server:<id>", "mail".
        """


class House(Protocol):
    """What the use cases of lower slices need of the application."""

    @property
    def db(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def keys(self) -> KeyRing: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def outbox(self) -> Outbox: ...


def publish(house: House, session: Session, name: str, payload: Mapping[str, object]) -> None:
    """Commit a fact with the caller's transaction and have it delivered soon after."""
    for delivery_id in house.outbox.publish(session, name, payload, now=house.clock.now()):
        house.engine.enqueue(session, DELIVER, delivery_id, queue="outbox")


def publish_many(house: House, session: Session, name: str, payloads: Sequence[Mapping[str, object]]) -> None:
    """``publish`` for many facts of one name."""
    for delivery_id in house.outbox.publish_many(session, name, payloads, now=house.clock.now()):
        house.engine.enqueue(session, DELIVER, delivery_id, queue="outbox")
