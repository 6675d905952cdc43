"""The outbox: facts committed with what caused them, delivered at least once afterwards.

Writing an event also writes one delivery per subscriber and enqueues the task that delivers it, all in
the caller's transaction. Each delivery succeeds or is retried alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.kernel.db import Base, changed, key
from core.kernel.ids import new_id

RETRY_AFTER = (5, 30, 120, 600, 3600)  # seconds; afterwards hourly until staff look
GIVE_UP_AFTER = 20
DELIVER = "outbox"  # the task's name


class OutboxEvent(Base):
    __tablename__ = "outbox_event"

    id: Mapped[UUID] = key()
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class OutboxDelivery(Base):
    __tablename__ = "outbox_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "subscriber"),
        Index("ix_outbox_delivery_due", "state", "next_try_at"),
    )

    id: Mapped[UUID] = key()
    event_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_event.id"))
    subscriber: Mapped[str]
    state: Mapped[str] = mapped_column(default="due")  # due, done, dead
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A committed event as a handler sees it."""

    id: UUID
    name: str
    occurred_at: datetime
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """``handle`` runs outside any transaction and must bear being called twice with one fact."""

    name: str
    event: str
    handle: Callable[[Fact], None]
    after: timedelta = timedelta(0)  # it is called so long after the fact, not at once


class Outbox:
    """Who listens. One per process, filled while the app is built."""

    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}

    def subscribe(self, subscriber: Subscriber) -> None:
        """Raises ValueError when the name is taken."""
        if subscriber.name in self._subscribers:
            raise ValueError(f"two subscribers are called {subscriber.name!r}")
        self._subscribers[subscriber.name] = subscriber

    def listeners(self, event: str) -> list[Subscriber]:
        return [one for one in self._subscribers.values() if one.event == event]

    def find(self, name: str) -> Subscriber | None:
        return self._subscribers.get(name)

    def publish(
        self, session: Session, name: str, payload: Mapping[str, object], *, now: datetime
    ) -> list[UUID]:
        """Write the event and its deliveries; returns the ids of the deliveries to enqueue now. The later
        ones are found when they are due."""
        event_id = new_id()
        values = {field: str(value) for field, value in payload.items()}
        session.add(OutboxEvent(id=event_id, name=name, payload=values, created_at=now))
        session.flush()
        deliveries = [(one, self._delivery(session, event_id, one, now)) for one in self.listeners(name)]
        return [delivery_id for one, delivery_id in deliveries if not one.after]

    def publish_many(
        self, session: Session, name: str, payloads: Sequence[Mapping[str, object]], *, now: datetime
    ) -> list[UUID]:
        """``publish`` for many facts of one name: two lists are written, whatever their number."""
        events: list[dict[str, Any]] = [
            {
                "id": new_id(), "name": name, "created_at": now,
                "payload": {field: str(value) for field, value in payload.items()},
            }
            for payload in payloads
        ]  # fmt: skip
        listeners = self.listeners(name)
        deliveries = [
            {"id": new_id(), "event_id": one["id"], "subscriber": to.name, "next_try_at": now + to.after}
            for one in events
            for to in listeners
        ]
        if events:
            session.execute(insert(OutboxEvent), events)
        if deliveries:
            session.execute(insert(OutboxDelivery), deliveries)
        return [one["id"] for one in deliveries if one["next_try_at"] <= now]

    def _delivery(self, session: Session, event_id: UUID, listener: Subscriber, now: datetime) -> UUID:
        delivery = OutboxDelivery(
            id=new_id(), event_id=event_id, subscriber=listener.name, next_try_at=now + listener.after
        )
        session.add(delivery)
        return delivery.id


def load(session: Session, delivery_id: UUID) -> tuple[str, Fact] | None:
    """The subscriber's name and the fact, or None when it was delivered already."""
    delivery = session.get(OutboxDelivery, delivery_id)
    if delivery is None or delivery.state != "due":
        return None
    row = session.get_one(OutboxEvent, delivery.event_id)
    fact = Fact(id=row.id, name=row.name, occurred_at=row.created_at, payload=dict(row.payload))
    return delivery.subscriber, fact


def mark_done(session: Session, delivery_id: UUID) -> None:
    session.execute(
        update(OutboxDelivery).where(OutboxDelivery.id == delivery_id).values(state="done", error="")
    )


def mark_failed(session: Session, delivery_id: UUID, error: str, now: datetime) -> None:
    """Plan the next try on the ladder; after GIVE_UP_AFTER tries it is dead and staff see it."""
    tries = session.scalars(select(OutboxDelivery.attempts).where(OutboxDelivery.id == delivery_id)).one()
    step = RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)]
    values = {
        "attempts": tries + 1,
        "error": error[:500],
        "next_try_at": now + timedelta(seconds=step),
        "state": "dead" if tries + 1 >= GIVE_UP_AFTER else "due",
    }
    as_read = (OutboxDelivery.state == "due", OutboxDelivery.attempts == tries)
    # Another run of the same delivery may have ended well meanwhile, or failed: then it is written down.
    session.execute(update(OutboxDelivery).where(OutboxDelivery.id == delivery_id, *as_read).values(**values))


def forget(session: Session, before: datetime, limit: int = 500) -> int:
    """Delete facts from before a moment that everybody has taken; returns how many. What is still to be
    delivered, or was given up and waits for staff, stays with its fact."""
    open_ones = select(OutboxDelivery.id).where(
        OutboxDelivery.event_id == OutboxEvent.id, OutboxDelivery.state != "done"
    )
    old = select(OutboxEvent.id).where(OutboxEvent.created_at < before, ~open_ones.exists())
    ids = list(session.scalars(old.order_by(OutboxEvent.created_at).limit(limit)))
    session.execute(delete(OutboxDelivery).where(OutboxDelivery.event_id.in_(ids)))
    session.execute(delete(OutboxEvent).where(OutboxEvent.id.in_(ids)))
    return len(ids)


def offer_again(session: Session, delivery_id: UUID, now: datetime) -> bool:
    """Give a dead delivery one more try; False when it is not dead (any more)."""
    statement = (
        update(OutboxDelivery)
        .where(OutboxDelivery.id == delivery_id, OutboxDelivery.state == "dead")
        .values(state="due", next_try_at=now)
    )
    return changed(session, statement)
