"""Which periods are billed: anchored, without gap or overlap, passed over where nobody could be billed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.periods import MOST, TooFarBehind, next_start, periods_owed, runs
from core.clients.standing import Idle
from core.kernel.calendar import Cycle, Period

MONTH = Cycle.of("month", 1)
FIRST = date(2026, 1, 1)


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def billed(due: date, cycle: Cycle, anchor: int, on: date, *idle: Idle) -> list[date]:
    return [one.period.start for one in periods_owed(due, cycle, anchor, on, idle) if not one.idle]


@pytest.mark.parametrize(
    ("start", "cycle", "on", "starts"),
    [
        ("2026-01-31", "month:1", "2026-05-31", ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30",
                                                 "2026-05-31")),  # M01, M10
        ("2024-01-30", "month:1", "2024-03-30", ("2024-01-30", "2024-02-29", "2024-03-30")),  # M03
        ("2024-02-29", "year:1", "2028-02-29", ("2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28",
                                                "2028-02-29")),  # M04
        ("2026-11-30", "month:3", "2027-11-30", ("2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30",
                                                 "2027-11-30")),  # M08
        ("2026-03-20", "week:1", "2026-04-03", ("2026-03-20", "2026-03-27", "2026-04-03")),  # M11
        ("2026-06-01", "once:1", "2027-01-01", ("2026-06-01",)),
        ("2026-06-02", "month:1", "2026-06-01", ()),
    ],
)  # fmt: skip
def test_a_line_for_each_period_that_has_begun(
    start: str, cycle: str, on: str, starts: tuple[str, ...]
) -> None:
    begin = date.fromisoformat(start)
    found = billed(begin, Cycle.parse(cycle), begin.day, date.fromisoformat(on))
    assert found == days(*starts)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 31), st.integers(0, 1500),
    st.sampled_from(["month:1", "month:2", "month:6", "year:1"]),
)  # fmt: skip
def test_periods_follow_each_other_without_gap_or_overlap(
    due: date, anchor: int, ahead: int, cycle: str
) -> None:
    """M14, and what M27 asks: every period once, in order, however long nobody looked."""
    on = due + timedelta(days=ahead)
    owed = periods_owed(due, Cycle.parse(cycle), anchor, on)
    assert owed[0].period.start == due
    assert all(one.period.end == other.period.start for one, other in pairwise(owed))
    last = next_start(owed, due)
    assert last is not None
    assert last > on


def test_too_many_periods_wait_for_a_person() -> None:
    with pytest.raises(TooFarBehind):
        periods_owed(FIRST, Cycle.of("day", 1), 1, FIRST + timedelta(days=MOST))
    assert len(periods_owed(FIRST, Cycle.of("day", 1), 1, FIRST + timedelta(days=MOST - 1))) == MOST


def idle(since: str, until: str | None) -> Idle:
    return Idle(since=date.fromisoformat(since), until=date.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        # wholly inside: February and March; January began before it, April runs when it ends
        (idle("2026-01-10", "2026-04-05"), ("2026-01-01", "2026-04-01")),
        # the day it stopped is the first day of a period, and the day it came back the first of another
        (idle("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-03-01", "2026-04-01")),
        # one day of the period was a good day: it is billed as a whole
        (idle("2026-02-02", "2026-03-01"), ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")),
        (idle("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")),
        # it never came back
        (idle("2026-02-15", None), ("2026-01-01", "2026-02-01")),
    ],
)
def test_periods_wholly_inside_an_idle_time_are_passed_over(span: Idle, expected: tuple[str, ...]) -> None:
    assert billed(FIRST, MONTH, 1, date(2026, 4, 10), span) == days(*expected)
    assert next_start(periods_owed(FIRST, MONTH, 1, date(2026, 4, 10), [span]), FIRST) == date(2026, 5, 1)


def test_what_is_bought_once_is_never_passed_over() -> None:
    span = idle("2020-01-01", None)
    assert billed(FIRST, Cycle.of("once", 1), 1, date(2026, 4, 10), span) == [FIRST]


def test_two_idle_times_that_meet_do_not_make_one() -> None:
    """Between them the account was active for a day: what holds that day is billed."""
    spans = [idle("2026-01-20", "2026-02-14"), idle("2026-02-15", "2026-04-02")]
    assert billed(FIRST, MONTH, 1, date(2026, 4, 10), *spans) == days(
        "2026-01-01", "2026-02-01", "2026-04-01"
    )


def test_periods_in_a_row_are_told_as_one() -> None:
    first, second, later = (
        Period(date(2026, 1, 1), date(2026, 2, 1)),
        Period(date(2026, 2, 1), date(2026, 3, 1)),
        Period(date(2026, 5, 1), date(2026, 6, 1)),
    )
    assert list(runs([first, second, later])) == [Period(first.start, second.end), later]
    assert list(runs([])) == []
