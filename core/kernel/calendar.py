"""Billing time: cycles, anchored due dates and half-open periods. Pure; dates are the brand's own.

The anchor day is kept apart from the due date, so a service born on the 31st is due on 28 February,
31 March and 30 April. "One month after the last due date" would stay at the 28th for ever.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeGuard
from zoneinfo import ZoneInfo

Unit = Literal["once", "day", "week", "month", "year"]
UNITS: tuple[Unit, ...] = ("once", "day", "week", "month", "year")
MOST = 120  # of one unit in a cycle: ten years of months

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Cycle:
    """How often something is charged: every ``count`` ``unit``s, or ``once`` and never again.

    Raises ValueError for an unknown unit, a count outside 1..120, or "once" more than once.
    """

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        if not _is_unit(self.unit):
            raise ValueError(f"{self.unit!r} is not a unit of a cycle")
        most = 1 if self.unit == "once" else MOST
        if type(self.count) is not int or not 1 <= self.count <= most:
            raise ValueError(f"a cycle of {self.count!r} {self.unit} does not exist")

    @classmethod
    def of(cls, unit: str, count: int) -> Cycle:
        """A cycle from what a table or a form holds. Raises ValueError."""
        if not _is_unit(unit):
            raise ValueError(f"{unit!r} is not a unit of a cycle")
        return cls(unit, count)

    @classmethod
    def parse(cls, text: str) -> Cycle:
        """Read what ``str()`` writes: ``"month:3"``. Raises ValueError for anything else."""
        unit, separator, count = text.partition(":")
        if not separator or not (count.isascii() and count.isdigit()) or len(count) > 3:
            raise ValueError(f"{text!r} is not a cycle")
        return cls.of(unit, int(count))

    def __str__(self) -> str:
        return f"{self.unit}:{self.count}"

    @property
    def recurs(self) -> bool:
        return self.unit != "once"


def _is_unit(text: str) -> TypeGuard[Unit]:
    return text in UNITS


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``start`` up to and without ``end``; ``end`` is None for what is bought once."""

    start: date
    end: date | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a period from {self.start} cannot end on {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    @property
    def days(self) -> int:
        """How many days it has: 365 or 366 for a year. Raises ValueError when it never ends."""
        if self.end is None:
            raise ValueError("a period without an end has no number of days")
        return (self.end - self.start).days

    @property
    def last_day(self) -> date | None:
        """The last day inside, for people: "Nov 20, 2026 to Nov 19, 2027"."""
        return None if self.end is None else self.end - timedelta(days=1)

    def days_left(self, on: date) -> int:
        """The days from ``on`` to the end, ``on`` included; never below zero nor above ``days``."""
        if self.end is None:
            raise ValueError("a period without an end has no number of days")
        return min(max((self.end - on).days, 0), self.days)


def anchor_of(start: date) -> int:
    """The anchor day of something that starts on ``start``: its day of the month, 1..31."""
    return start.day


def next_due(anchor_day: int, due: date, cycle: Cycle) -> date | None:
    """The due date after ``due``; None for what is bought once.

    Months and years land on ``anchor_day`` or the last day of a shorter month; weeks and days count
    days and do not look at the anchor. When ``due`` is not on the anchor (a start in the middle of the
    client's month) the first step is shorter or longer, and every later one is regular.
    Raises ValueError for an anchor outside 1..31, OverflowError after the year 9999.
    """
    if not 1 <= anchor_day <= 31:
        raise ValueError(f"{anchor_day} is not a day of a month")
    if cycle.unit in _DAYS:
        return due + timedelta(days=_DAYS[cycle.unit] * cycle.count)
    if cycle.unit in _MONTHS:
        return _months_later(due, _MONTHS[cycle.unit] * cycle.count, anchor_day)
    return None


def _months_later(due: date, months: int, anchor_day: int) -> date:
    years, month = divmod(due.year * 12 + due.month - 1 + months, 12)
    if years > date.max.year:
        raise OverflowError("the calendar ends with the year 9999")
    last = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(anchor_day, last))


def period_from(start: date, cycle: Cycle, anchor_day: int) -> Period:
    """The period that begins on ``start``. Its end is the next due date, and the next one's start."""
    return Period(start, next_due(anchor_day, start, cycle))


def periods_due(start: date, cycle: Cycle, anchor_day: int, today: date) -> Iterator[Period]:
    """Every period that has begun by ``today``, oldest first: what a run that was down catches up.

    Without gap or overlap; nothing when ``start`` is still to come; one period for what is bought once.
    """
    due: date | None = start
    while due is not None and due <= today:
        period = period_from(due, cycle, anchor_day)
        yield period
        due = period.end


def run_days(last: date | None, now: datetime, zone: str, at: time) -> tuple[date, ...]:
    """The local days, oldest first, on which a daily job that runs ``at`` a local time is due by ``now``.

    ``last`` is the newest day it ran for; without one only the newest day is due. Each local day comes
    once, whether daylight saving skips ``at`` that night or shows it twice: the day counts, not the hour.
    """
    local = now.astimezone(ZoneInfo(zone))
    newest = local.date() if local.time() >= at else local.date() - timedelta(days=1)
    if last is None:
        return (newest,)
    return tuple(last + timedelta(days=step) for step in range(1, (newest - last).days + 1))
