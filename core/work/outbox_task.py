"""Delivering facts: the task that calls one subscriber, and the search for deliveries to try again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.kernel import audit, outbox
from core.kernel.outbox import DELIVER, Fact, OutboxDelivery
from core.kernel.problems import Conflict
from core.kernel.work import House, Task
from core.work.schedules import Due, DueWork, Schedule

QUEUE = "outbox"
FIRST_TRY_LATE = timedelta(minutes=1)  # enqueued with its fact, it should long be under way
AT_A_TIME = 500
EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


def task(house: House) -> Task:
    """The task under which ``core.kernel.work.publish`` enqueues."""
    return Task(name=DELIVER, run=lambda delivery_id: deliver(house, delivery_id))


def schedule(house: House) -> Schedule:
    """Tries again what is due."""
    return Schedule(
        name="outbox",
        every_seconds=EVERY_SECONDS,
        run=DueWork(house, DELIVER, deliveries_due),
    )


def deliver(house: House, delivery_id: UUID) -> None:
    """Call the subscriber of one delivery, outside any transaction, and write down how it went.

    Delivered already: nothing happens. A crash between the call and the note calls it again.
    """
    with house.db.read() as session:
        found = outbox.load(session, delivery_id)
    if found is None:
        return
    error = _call(house, *found)
    with house.db.transaction() as session:
        if error is None:
            outbox.mark_done(session, delivery_id)
        else:
            outbox.mark_failed(session, delivery_id, error, house.clock.now())


def offer_again(house: House, delivery_id: UUID, actor: str) -> None:
    """Staff have mended what was wrong: one more try at once. Raises Conflict when it was not given up."""
    now = house.clock.now()
    with house.db.transaction() as session:
        if not outbox.offer_again(session, delivery_id, now):
            raise Conflict("This event was taken meanwhile, or is being offered already.")
        audit.record(session, actor=actor, action="event.offer", target=f"delivery:{delivery_id}", now=now)


def deliveries_due(session: Session, now: datetime) -> Iterable[Due]:
    """Failed deliveries whose next try has come, and first tries that are suspiciously late."""
    statement = (
        select(OutboxDelivery.id, OutboxDelivery.attempts)
        .where(
            OutboxDelivery.state == "due",
            or_(
                and_(OutboxDelivery.attempts > 0, OutboxDelivery.next_try_at <= now),
                OutboxDelivery.next_try_at <= now - FIRST_TRY_LATE,
            ),
        )
        .order_by(OutboxDelivery.next_try_at, OutboxDelivery.id)
        .limit(AT_A_TIME)
    )
    return [Due(subject=row.id, turn=row.attempts, queue=QUEUE) for row in session.execute(statement)]


def _call(house: House, name: str, fact: Fact) -> str | None:
    """What went wrong, or None."""
    subscriber = house.outbox.find(name)
    if subscriber is None:
        return f"nobody is called {name!r} here: is a plugin switched off?"
    try:
        subscriber.handle(fact)
    except Exception as error:
        log.exception("delivery failed", subscriber=name, fact=fact.name, fact_id=str(fact.id))
        return f"{type(error).__name__}: {error}"
    return None
