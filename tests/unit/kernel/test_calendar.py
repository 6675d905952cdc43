"""Billing time: anchored due dates, half-open periods, one run per local day."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernel.calendar import Cycle, Period, anchor_of, next_due, period_from, periods_due, run_days
from core.kernel.clock import local_date

MONTHLY, QUARTERLY, YEARLY, WEEKLY = Cycle("month"), Cycle("month", 3), Cycle("year"), Cycle("week")
ONCE = Cycle("once")


def due_dates(start: date, cycle: Cycle, count: int, anchor: int | None = None) -> list[date]:
    found, due = [], start
    for _ in range(count):
        following = next_due(anchor or anchor_of(start), due, cycle)
        assert following is not None
        found.append(due := following)
    return found


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    ("start", "cycle", "expected"),
    [
        pytest.param(
            "2026-01-31", MONTHLY, ("2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"), id="M01"
        ),
        pytest.param("2017-01-31", MONTHLY, ("2017-02-28", "2017-03-31", "2017-04-30"), id="M02"),
        pytest.param("2024-01-30", MONTHLY, ("2024-02-29", "2024-03-30"), id="M03"),
        pytest.param(
            "2024-02-29", YEARLY, ("2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"), id="M04"
        ),
        pytest.param(
            "2026-11-30", QUARTERLY, ("2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30"), id="M08"
        ),
        pytest.param("2026-12-15", MONTHLY, ("2027-01-15",), id="over the year"),
        pytest.param("2026-12-31", Cycle("month", 12), ("2027-12-31",), id="twelve months"),
        pytest.param("2026-02-26", Cycle("day", 3), ("2026-03-01", "2026-03-04"), id="days"),
    ],
)
def test_due_dates(start: str, cycle: Cycle, expected: tuple[str, ...]) -> None:
    assert due_dates(date.fromisoformat(start), cycle, len(expected)) == days(*expected)


def test_the_anchor_does_not_drift_in_a_hundred_years() -> None:  # M10
    start = date(2026, 1, 31)
    dues = due_dates(start, MONTHLY, 1200)
    assert [due.day for due in dues] == [monthrange(due.year, due.month)[1] for due in dues]
    drifting = due_dates(start, MONTHLY, 3, anchor=28)
    assert drifting != dues[:3]
    assert dues[-1] == date(2126, 1, 31)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(1, 31))
def test_every_month_lands_on_its_anchor(start: date, anchor: int) -> None:  # M10
    for due in due_dates(start, MONTHLY, 30, anchor):
        assert due.day == min(anchor, monthrange(due.year, due.month)[1])


def test_every_friday_daylight_saving_or_not() -> None:  # M11
    dues = due_dates(date(2026, 1, 2), WEEKLY, 104)
    assert {due.weekday() for due in dues} == {4}
    assert {b - a for a, b in pairwise(dues)} == {timedelta(days=7)}


@settings(max_examples=400)
@given(
    st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    st.integers(1, 31),
    st.sampled_from(
        [MONTHLY, QUARTERLY, YEARLY, WEEKLY, Cycle("day", 30), Cycle("month", 6), Cycle("year", 2)]
    ),
    st.integers(0, 2000),
)
def test_periods_leave_no_gap_and_no_overlap(start: date, anchor: int, cycle: Cycle, ahead: int) -> None:
    # M14: the union of the periods is [start, the end of the one that holds today)
    today = start + timedelta(days=ahead)
    periods = list(periods_due(start, cycle, anchor, today))
    assert periods[0].start == start
    assert all(a.end == b.start for a, b in pairwise(periods))
    assert today in periods[-1]
    assert sum(today in period for period in periods) == 1
    assert sum(period.days for period in periods) == (periods[-1].end - start).days  # type: ignore[operator]


def test_nothing_is_due_before_it_begins() -> None:
    assert list(periods_due(date(2026, 2, 1), MONTHLY, 1, date(2026, 1, 31))) == []


def test_a_run_that_was_down_for_months_catches_up_in_order() -> None:  # M27
    periods = periods_due(date(2026, 8, 31), MONTHLY, 31, date(2026, 11, 30))
    assert [period.start for period in periods] == days(
        "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"
    )


def test_what_is_bought_once_has_no_end() -> None:
    period = period_from(date(2026, 1, 1), ONCE, 1)
    assert period.end is None
    assert period.last_day is None
    assert date(2999, 1, 1) in period
    assert date(2025, 12, 31) not in period
    assert list(periods_due(date(2026, 1, 1), ONCE, 1, date(2027, 1, 1))) == [period]
    with pytest.raises(ValueError, match="without an end"):
        _ = period.days
    with pytest.raises(ValueError, match="without an end"):
        period.days_left(date(2026, 1, 1))


def test_a_period_as_people_read_it() -> None:
    period = period_from(date(2026, 11, 20), YEARLY, 20)
    assert (period.start, period.end, period.last_day) == (
        date(2026, 11, 20),
        date(2027, 11, 20),
        date(2027, 11, 19),
    )
    assert period.days == 365
    assert date(2027, 11, 20) not in period


@pytest.mark.parametrize(
    ("on", "left"),
    [("2026-06-01", 30), ("2026-06-16", 15), ("2026-07-01", 0), ("2026-08-01", 0), ("2026-05-01", 30)],
)
def test_days_left_stay_within_the_period(on: str, left: int) -> None:
    assert period_from(date(2026, 6, 1), MONTHLY, 1).days_left(date.fromisoformat(on)) == left


def test_daylight_saving_changes_no_number_of_days() -> None:  # M24
    berlin = Period(date(2026, 3, 29), date(2026, 3, 30))
    new_york = Period(date(2026, 11, 1), date(2026, 11, 2))
    assert (berlin.days, new_york.days) == (1, 1)
    for zone, day in (("Europe/Berlin", 29), ("America/New_York", 1)):
        month = 3 if zone.startswith("Europe") else 11
        start = datetime(2026, month, day, tzinfo=ZoneInfo(zone))
        end = start + timedelta(days=1)
        assert end.astimezone(UTC) - start.astimezone(UTC) != timedelta(days=1)
        assert local_date(end, zone) - local_date(start, zone) == timedelta(days=1)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        pytest.param("2026-02-01T04:30Z", "America/New_York", "2026-01-31", id="M22"),
        pytest.param("2026-01-31T19:00Z", "Pacific/Auckland", "2026-02-01", id="M23"),
    ],
)
def test_documents_are_dated_locally(instant: str, zone: str, day: str) -> None:
    local = local_date(datetime.fromisoformat(instant), zone)
    assert local == date.fromisoformat(day)


def test_the_anchor_is_the_local_day() -> None:  # M22: 31, not 1
    born = local_date(datetime(2026, 2, 1, 4, 30, tzinfo=UTC), "America/New_York")
    assert anchor_of(born) == 31
    assert next_due(anchor_of(born), born, MONTHLY) == date(2026, 2, 28)


def ticks(zone: str, first: datetime, last: datetime, at: time) -> list[date]:
    """What a scheduler that wakes every ten minutes runs for."""
    ran: list[date] = []
    newest: date | None = local_date(first, zone) - timedelta(days=1)
    now = first
    while now <= last:
        due = run_days(newest, now, zone, at)
        ran += due
        newest = due[-1] if due else newest
        now += timedelta(minutes=10)
    return ran


@pytest.mark.parametrize(
    ("zone", "first"),
    [("Europe/Berlin", datetime(2026, 3, 27, 12, tzinfo=UTC)),  # 02:30 is skipped on the 29th
     ("Europe/Berlin", datetime(2026, 10, 23, 12, tzinfo=UTC)),  # 02:30 comes twice on the 25th
     ("America/New_York", datetime(2026, 10, 30, 12, tzinfo=UTC))],  # 01:30 twice; 02:30 once
)  # fmt: skip
def test_a_daily_job_runs_once_per_local_day(zone: str, first: datetime) -> None:  # M25
    for at in (time(1, 30), time(2, 30), time(0, 0)):
        ran = ticks(zone, first, first + timedelta(days=5), at)
        start = local_date(first, zone)
        assert ran == [start + timedelta(days=step) for step in range(len(ran))]
        assert len(ran) in (5, 6)


def test_days_that_were_missed_come_in_order() -> None:
    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert list(run_days(date(2026, 5, 7), now, "UTC", time(6))) == days(
        "2026-05-08", "2026-05-09", "2026-05-10"
    )
    assert run_days(date(2026, 5, 10), now, "UTC", time(6)) == ()
    assert run_days(date(2026, 5, 12), now, "UTC", time(6)) == ()  # the clock went back
    assert run_days(None, now, "UTC", time(18)) == (date(2026, 5, 9),)


@pytest.mark.parametrize("text", ["month:1", "month:3", "year:1", "week:2", "day:30", "once:1"])
def test_a_cycle_reads_back(text: str) -> None:
    assert str(Cycle.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "month", "month:", "month:0", "month:-1", "month:1.5", "month:\uff11", "month:121", "month:1e1",
     "once:2", "fortnight:1", "MONTH:1", "month:1:2", " month:1", "month: 1"],
)  # fmt: skip
def test_what_is_not_a_cycle(text: str) -> None:
    with pytest.raises(ValueError, match="cycle"):
        Cycle.parse(text)


@pytest.mark.parametrize(("unit", "count"), [("moon", 1), ("month", True), ("month", 1.0), ("month", "1")])
def test_cycles_are_checked_however_they_are_made(unit: Any, count: Any) -> None:
    with pytest.raises(ValueError, match="cycle"):
        Cycle(unit, count)


@pytest.mark.parametrize("anchor", [0, 32, -1])
def test_an_anchor_is_a_day_of_a_month(anchor: int) -> None:
    with pytest.raises(ValueError, match="day of a month"):
        next_due(anchor, date(2026, 1, 1), MONTHLY)


def test_the_calendar_ends() -> None:
    with pytest.raises(OverflowError):
        next_due(31, date(9999, 12, 31), MONTHLY)
    with pytest.raises(OverflowError):
        next_due(31, date(9999, 12, 31), WEEKLY)


def test_a_period_is_never_empty() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(date(2026, 1, 1), date(2026, 1, 1))


def test_once_recurs_never() -> None:
    assert not ONCE.recurs
    assert MONTHLY.recurs
    assert next_due(1, date(2026, 1, 1), ONCE) is None
