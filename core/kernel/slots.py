"""Sorting rows into slots of time inside one query, on both databases alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import InstrumentedAttribute


def slot(column: InstrumentedAttribute[Any], ends: Sequence[date | datetime]) -> ColumnElement[int]:
    """The number of the first slot that ends after the column's value; ``len(ends)`` after the last one and
    for NULL. ``ends`` ascend and are not part of their slots."""
    return case(*((column < end, number) for number, end in enumerate(ends)), else_=len(ends))


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins in a zone. Where a clock is put forward at midnight it is the first
    moment there is."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def days_from(first: date, count: int) -> tuple[date, ...]:
    """``count`` days from ``first`` on."""
    return tuple(first + timedelta(days=step) for step in range(count))


def month_starts(last: date, count: int) -> tuple[date, ...]:
    """The first days of ``count`` months, the last of them that of ``last``."""
    whole = last.year * 12 + last.month - 1
    return tuple(date(month // 12, month % 12 + 1, 1) for month in range(whole - count + 1, whole + 1))


def month_after(start: date) -> date:
    """The first day of the month after that of ``start``."""
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)
