"""Scales and shapes of charts: zeros, gaps, one value, very large ones."""

from __future__ import annotations

from fractions import Fraction

import pytest

from core.web.admin import charts
from core.web.admin.charts import Scale


@pytest.mark.parametrize(
    ("least", "unit", "step"),
    [
        (Fraction(1, 3), 1, 1), (1, 1, 1), (2, 1, 2), (Fraction(21, 10), 1, 5), (3, 1, 5), (6, 1, 10),
        (Fraction(2001, 100), 1, 25), (26, 1, 50), (101, 1, 200), (2_001, 1, 2_500), (10**12, 1, 10**12),
        (1, 100, 1), (33, 100, 50), (100, 100, 100), (230, 100, 500), (26_000, 100, 50_000),
    ],
)  # fmt: skip
def test_a_step_is_the_next_round_number(least: Fraction | int, unit: int, step: int) -> None:
    assert charts.nice_step(Fraction(least), unit) == step


@pytest.mark.parametrize(
    ("values", "unit", "scale"),
    [
        ([], 1, Scale(0, 3, 1)), ([0, 0], 1, Scale(0, 3, 1)), ([0], 100, Scale(0, 300, 100)),
        ([1, 3], 1, Scale(0, 3, 1)), ([4], 1, Scale(0, 6, 2)),
        ([890_000, 120], 100, Scale(0, 1_500_000, 500_000)),
        ([60], 100, Scale(0, 300, 100)),
    ],
)  # fmt: skip
def test_a_scale_holds_its_largest_value(values: list[int], unit: int, scale: Scale) -> None:
    assert charts.scale_of(values, unit) == scale
    assert all(0 <= scale.height(value) <= charts.HEIGHT for value in values)


def test_a_line_begins_above_zero_only_when_all_of_it_lies_high() -> None:
    close = charts.close_scale([41_200_00, 48_214_00], 100)
    assert close == Scale(40_000_00, 55_000_00, 5_000_00)
    assert charts.close_scale([10, 100], 1).bottom == 0
    assert charts.close_scale([0, 0], 1) == charts.scale_of([0, 0])
    assert charts.close_scale([70, 70, 70], 1) == charts.scale_of([70]), "a level line has no range"
    assert close.marks == (55_000_00, 50_000_00, 45_000_00, 40_000_00)


@pytest.mark.parametrize(
    ("above", "below", "scale"),
    [
        ([0], [0], Scale(-1, 1, 1)), ([281, 198], [112, 61], Scale(-200, 400, 200)),
        ([0, 0], [7, 0], Scale(-10, 5, 5)),
        ([1], [0], Scale(-1, 1, 1)),
    ],
)  # fmt: skip
def test_two_sides_share_one_step(above: list[int], below: list[int], scale: Scale) -> None:
    assert charts.two_sided(above, below) == scale
    assert max(above) <= scale.top
    assert -max(below) >= scale.bottom


def test_bars_stand_on_the_ground_and_zeros_have_none() -> None:
    scale = charts.scale_of([0, 3, 1])
    first, second = charts.bars([0, 3, 1], scale)
    assert (first.x, first.width, first.y, first.height) == ("234.0", "132.0", "0.0", "150.0")
    assert (second.x, second.y, second.height) == ("434.0", "100.0", "50.0")
    assert charts.bars([], scale) == ()


def test_pairs_meet_at_the_zero_line() -> None:
    scale = charts.two_sided([4, 0], [2, 0])
    up, down = charts.pairs([4, 0], [2, 0], scale)
    zero = scale.height(0)
    assert charts.written(Fraction(up.y) + Fraction(up.height)) == charts.written(zero)
    assert Fraction(down.y) == zero + charts.GAP
    assert Fraction(down.y) + Fraction(down.height) == charts.HEIGHT
    assert (up.is_second, down.is_second) == (False, True)


def test_something_small_still_shows() -> None:
    (bar,) = charts.pairs([0], [1], charts.two_sided([100_000], [1]))
    assert Fraction(bar.height) >= 1


def test_a_line_goes_from_edge_to_edge() -> None:
    scale = Scale(0, 3, 1)
    assert charts.line([], scale) == ""
    assert charts.line([3], scale) == "M0.0 0.0 L600.0 0.0"
    assert charts.line([0, 3, 0], scale) == "M0.0 150.0 L300.0 0.0 L600.0 150.0"
    assert charts.area(charts.line([0, 3], scale)) == "M0.0 150.0 L600.0 0.0 L600 150 L0 150 Z"
    assert charts.area("") == ""


def test_grid_and_labels_go_down_together() -> None:
    scale = charts.two_sided([30], [10])
    assert charts.labels(scale, str) == ("40", "20", "0", "20")
    assert charts.grid(scale) == ("M0 0.0H600", "M0 50.0H600", "M0 100.0H600", "M0 150.0H600")


def test_few_labels_of_many() -> None:
    days = [str(number) for number in range(30)]
    assert [mark.text for mark in charts.spread(days)] == ["0", "10", "19", "29"]
    assert [mark.text for mark in charts.spread(["a", "b"])] == ["a", "b"]
    assert charts.spread([]) == ()
    months = charts.thinned(list("abcdefghijkl"))
    assert "".join(mark.text for mark in months) == "abcdefghijkl"
    assert [mark.text for mark in months if not mark.is_minor] == ["a", "e", "h", "l"]


def test_weeks_cover_every_day_once() -> None:
    assert charts.weekly([1] * 30) == ((0, 6, 7), (7, 13, 7), (14, 20, 7), (21, 27, 7), (28, 29, 2))
    assert charts.weekly([]) == ()
