"""What is deleted because it is old, as the settings say. A chunk at a time, so that others write between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.kernel import outbox
from core.kernel.work import House
from core.mail.forgetting import forget_texts
from core.payments.forgetting import forget_bodies


class Retention:
    """One per process. Each turn begins with the oldest: what waited longer is found the next time."""

    def __init__(
        self, house: House, *, events_days: int, mail_texts_days: int, webhook_texts_days: int
    ) -> None:
        self._house = house
        self._events = timedelta(days=events_days)
        self._mail_texts = timedelta(days=mail_texts_days)
        self._webhook_texts = timedelta(days=webhook_texts_days)

    def __call__(self) -> None:
        now = self._house.clock.now()
        while self._forget_events(now - self._events):
            pass
        self._empty(lambda session, last: forget_texts(session, now - self._mail_texts, after=last))
        self._empty(lambda session, last: forget_bodies(session, now - self._webhook_texts, after=last))

    def _forget_events(self, before: datetime) -> int:
        with self._house.db.transaction() as session:
            return outbox.forget(session, before)

    def _empty(self, chunk: Callable[[Session, UUID | None], UUID | None]) -> None:
        last: UUID | None = None
        while True:
            with self._house.db.transaction() as session:
                last = chunk(session, last)
            if last is None:
                return
