"""Time is passed in, never taken from the air, so that tests and simulations can set it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the present instant, always aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved. For tests and previews."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, **parts: float) -> None:
        """Move by ``timedelta(**parts)``."""
        self._at += timedelta(**parts)


def local_date(instant: datetime, zone: str) -> date:
    """The calendar day of an instant in a zone: documents and due dates are dated locally."""
    return instant.astimezone(ZoneInfo(zone)).date()
