"""Which periods of a service are to be billed, and which are passed over. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.clients.standing import Idle
from core.kernel.calendar import Cycle, Period, periods_due

MOST = 60  # of one service at once: more is a mistake in its due date, and waits for a person


class TooFarBehind(ValueError):
    """More than ``MOST`` periods are due: nobody bills that by pressing one button."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One period that has begun. ``idle``: the client could not be billed in all of it."""

    period: Period
    idle: bool


def periods_owed(
    due: date, cycle: Cycle, anchor_day: int, on: date, idle: Sequence[Idle] = ()
) -> tuple[Owed, ...]:
    """Every period from ``due`` that has begun by ``on``, oldest first, without gap or overlap.

    A period that lies wholly inside a time when the client could not be billed is passed over; one that
    the client was active in for a day is billed as a whole, and so is what is bought once. Raises
    TooFarBehind.
    """
    found: list[Owed] = []
    for period in periods_due(due, cycle, anchor_day, on):
        if len(found) == MOST:
            raise TooFarBehind
        found.append(Owed(period, any(_lies_in(period, span) for span in idle)))
    return tuple(found)


def _lies_in(period: Period, span: Idle) -> bool:
    if period.end is None or period.start < span.since:
        return False
    return span.until is None or period.end <= span.until


def next_start(owed: Sequence[Owed], due: date) -> date | None:
    """Where billing goes on after these periods; None after what is bought once."""
    return owed[-1].period.end if owed else due


def runs(passed: Sequence[Period]) -> Iterator[Period]:
    """Periods that follow each other as one: for people, who want to know from when to when."""
    start: date | None = None
    end: date | None = None
    for period in passed:
        if end == period.start:
            end = period.end
            continue
        if start is not None:
            yield Period(start, end)
        start, end = period.start, period.end
    if start is not None:
        yield Period(start, end)
