"""Sums over services: exact months, dues that come again, anchors of what ran elsewhere."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from core.kernel.calendar import Cycle
from core.services.figures import DueGroup, months_of, per_day
from core.services.taking_over import anchor_day

TODAY, UNTIL = date(2026, 11, 20), date(2026, 12, 20)


def due(day: date, cycle: str, minor: int = 1000, count: int = 1, anchor: int = 0) -> DueGroup:
    return DueGroup(
        currency="USD",
        due=day,
        cycle=Cycle.parse(cycle),
        anchor_day=anchor or day.day,
        count=count,
        minor=minor,
    )


@pytest.mark.parametrize(
    ("cycle", "months"),
    [
        ("month:1", Fraction(1)), ("month:3", Fraction(3)), ("year:2", Fraction(24)),
        ("week:1", Fraction(7 * 4800, 146097)), ("day:1", Fraction(4800, 146097)),
    ],
)  # fmt: skip
def test_months_of_a_cycle(cycle: str, months: Fraction) -> None:
    assert months_of(Cycle.parse(cycle)) == months


def test_four_hundred_years_of_days_are_as_many_months() -> None:
    assert months_of(Cycle.parse("day:1")) * 146097 == 4800


def test_what_is_bought_once_does_not_recur() -> None:
    with pytest.raises(ValueError, match="once"):
        months_of(Cycle.parse("once:1"))


def test_a_week_is_due_every_week() -> None:
    days = per_day([due(date(2026, 11, 22), "week:1")], TODAY, UNTIL)["USD"]
    assert sorted(days) == [date(2026, 11, 22), date(2026, 11, 29), date(2026, 12, 6), date(2026, 12, 13)]


def test_what_is_late_is_due_today() -> None:
    groups = [due(date(2026, 10, 31), "month:1"), due(date(2026, 11, 20), "year:1", minor=500, count=2)]
    days = per_day(groups, TODAY, UNTIL)["USD"]
    assert days == {TODAY: (3, 1500), date(2026, 11, 30): (1, 1000)}


def test_the_day_after_the_last_is_not_counted() -> None:
    assert per_day([due(UNTIL, "month:1")], TODAY, UNTIL) == {"USD": {}}


def test_currencies_stay_apart() -> None:
    euros = DueGroup(currency="EUR", due=TODAY, cycle=Cycle("month"), anchor_day=20, count=1, minor=700)
    groups = [due(TODAY, "month:1"), euros]
    assert {currency: days[TODAY] for currency, days in per_day(groups, TODAY, UNTIL).items()} == {
        "USD": (1, 1000), "EUR": (1, 700),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("started", "next_due", "anchor"),
    [
        (date(2024, 1, 31), date(2027, 2, 28), 31), (date(2024, 1, 15), date(2027, 2, 15), 15),
        (date(2024, 1, 29), date(2028, 2, 29), 29), (date(2024, 1, 5), date(2027, 1, 31), 31),
        (date(2024, 1, 30), date(2026, 12, 15), 15), (date(2026, 4, 30), date(2026, 4, 30), 30),
    ],
)  # fmt: skip
def test_the_anchor_of_what_ran_elsewhere(started: date, next_due: date, anchor: int) -> None:
    assert anchor_day(started, next_due) == anchor
