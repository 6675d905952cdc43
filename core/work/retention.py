"""What is deleted because it is old, as the settings say. A chunk at a time, so that others write between."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from core.kernel import outbox
from core.kernel.work import House
from core.mail.forgetting import forget_texts


class Retention:
    """One per process. Each turn begins with the oldest: a mail that waited longer is found the next time."""

    def __init__(self, house: House, *, events_days: int, mail_texts_days: int) -> None:
        self._house = house
        self._events = timedelta(days=events_days)
        self._mail_texts = timedelta(days=mail_texts_days)

    def __call__(self) -> None:
        now = self._house.clock.now()
        while self._forget_events(now - self._events):
            pass
        last: UUID | None = None
        while last := self._empty_mails(now - self._mail_texts, last):
            pass

    def _forget_events(self, before: datetime) -> int:
        with self._house.db.transaction() as session:
            return outbox.forget(session, before)

    def _empty_mails(self, before: datetime, after: UUID | None) -> UUID | None:
        with self._house.db.transaction() as session:
            return forget_texts(session, before, after=after)
