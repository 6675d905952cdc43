"""Single cells: days, amounts, cycles, yes and no."""

from __future__ import annotations

from datetime import date

import pytest

from core.records.importing import parsing


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-11-20", "iso", date(2026, 11, 20)), ("2026-1-2", "mdy", date(2026, 1, 2)),
        ("2026-11-20 00:00:00", "iso", date(2026, 11, 20)),
        ("2026-11-20T09:30:00Z", "dmy", date(2026, 11, 20)),
        ("11/20/2026", "mdy", date(2026, 11, 20)), ("20.11.2026", "dmy", date(2026, 11, 20)),
        ("02/03/2026", "mdy", date(2026, 2, 3)), ("02/03/2026", "dmy", date(2026, 3, 2)),
        ("29.02.2028", "dmy", date(2028, 2, 29)),
    ],
)  # fmt: skip
def test_days(text: str, order: str, day: date) -> None:
    assert parsing.read_day(text, order) == day


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", "iso"), ("11/20/2026", "iso"), ("20/11/2026", "mdy"), ("2026-02-30", "iso"),
        ("31.02.2026", "dmy"),
        ("1/2/26", "mdy"), ("tomorrow", "iso"), ("0000-00-00", "iso"), ("2026-13-01", "iso"),
    ],
)  # fmt: skip
def test_what_is_no_day(text: str, order: str) -> None:
    with pytest.raises(ValueError, match=r"day"):
        parsing.read_day(text, order)


@pytest.mark.parametrize(
    ("text", "currency", "decimals", "minor"),
    [
        ("12", "USD", "point", 1200), ("12.5", "USD", "point", 1250), ("1,234.50", "USD", "point", 123450),
        ("$1,234.50", "USD", "point", 123450), ("USD 12.00", "USD", "point", 1200),
        ("12.00 usd", "USD", "point", 1200),
        ("0.00", "USD", "point", 0), ("12.500", "USD", "point", 1250),
        ("1.234,50 €", "EUR", "comma", 123450),
        ("9,90", "EUR", "comma", 990), ("1 234,50 EUR", "EUR", "comma", 123450),
        ("1200", "JPY", "point", 1200),
        ("¥1,200", "JPY", "point", 1200), ("1.250", "KWD", "point", 1250),
    ],
)  # fmt: skip
def test_amounts(text: str, currency: str, decimals: str, minor: int) -> None:
    assert parsing.read_amount(text, currency, decimals) == minor


@pytest.mark.parametrize(
    ("text", "currency", "decimals"),
    [
        ("", "USD", "point"), ("free", "USD", "point"), ("-5", "USD", "point"), ("12.345", "USD", "point"),
        ("1,23", "USD", "point"), ("1.234.50", "USD", "point"), ("12,50", "USD", "point"),
        ("9.90", "EUR", "comma"),
        ("12.5", "JPY", "point"), ("=1+1", "USD", "point"), ("1e3", "USD", "point"),
        ("\u0661\u0662", "USD", "point"),
    ],
)  # fmt: skip
def test_what_is_no_amount(text: str, currency: str, decimals: str) -> None:
    with pytest.raises(ValueError, match=r"amount"):
        parsing.read_amount(text, currency, decimals)


@pytest.mark.parametrize(
    ("text", "cycle"),
    [
        ("month:1", "month:1"), ("Monthly", "month:1"), ("quarterly", "month:3"),
        ("Semi-Annually", "month:6"),
        ("Annually", "year:1"), ("yearly", "year:1"), ("3 months", "month:3"), ("1 year", "year:1"),
        ("One Time", "once:1"), ("once", "once:1"), ("2 weeks", "week:2"), ("12 month", "month:12"),
    ],
)  # fmt: skip
def test_cycles(text: str, cycle: str) -> None:
    assert str(parsing.read_cycle(text)) == cycle


@pytest.mark.parametrize("text", ["", "fortnightly", "0 months", "999 months", "month", "1.5 years"])
def test_what_is_no_cycle(text: str) -> None:
    with pytest.raises(ValueError, match=r"billed"):
        parsing.read_cycle(text)


@pytest.mark.parametrize(
    ("text", "is_yes"),
    [("yes", True), ("TRUE", True), ("1", True), ("ja", True), ("no", False), ("0", False), ("", False)],
)
def test_yes_and_no(text: str, is_yes: bool) -> None:
    assert parsing.read_yes(text) is is_yes


def test_neither_yes_nor_no() -> None:
    with pytest.raises(ValueError, match=r"yes or no"):
        parsing.read_yes("perhaps")


@pytest.mark.parametrize("text", ["", "0", "1000", "-1", "1.0", "\u0661", "two"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"1 to 999"):
        parsing.read_number(text, 1, 999)
