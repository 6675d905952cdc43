"""How cycles read to a buyer."""

from __future__ import annotations

import pytest

from core.catalog.service import fold_code
from core.catalog.values import cycle_label, cycle_per
from core.kernel.calendar import Cycle


@pytest.mark.parametrize(
    ("cycle", "label", "per"),
    [
        ("month:1", "Monthly", "a month"),
        ("year:1", "Yearly", "a year"),
        ("week:1", "Weekly", "a week"),
        ("day:1", "Daily", "a day"),
        ("month:3", "Every 3 months", "every 3 months"),
        ("year:2", "Every 2 years", "every 2 years"),
        ("once:1", "Once", "once"),
    ],
)
def test_cycles_in_words(cycle: str, label: str, per: str) -> None:
    assert cycle_label(Cycle.parse(cycle)) == label
    assert cycle_per(Cycle.parse(cycle)) == per


@pytest.mark.parametrize(
    "typed", ["WELCOME10", "welcome10", " Welcome 10 ", "\uff37ELCOME10", "welcome10\u00a0\n"]
)
def test_a_code_is_one_however_it_is_typed(typed: str) -> None:
    assert fold_code(typed) == "WELCOME10"


def test_a_code_is_not_a_place_for_a_novel() -> None:
    assert len(fold_code("x" * 10_000)) == 64
