"""Money: exact, of one currency, rounded once, split to the last cent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.money import (
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    decimal_text,
    exact,
    exponent,
    round_half_up,
    split_minor,
    sum_money,
)

MINORS = st.integers(-(10**15), 10**15)
CURRENCIES = st.sampled_from(("USD", "JPY", "KWD", "CLF"))
FRACTIONS = st.fractions(min_value=-1000, max_value=1000)
# Not money anybody holds in an account: metals, bond units, special drawing rights, tests, "none".
NOT_MONEY = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XTS", "XXX"}


@pytest.mark.parametrize(
    ("text", "minor"), [("1.005", 101), ("0.125", 13), ("-1.005", -101), ("-0.125", -13)]
)  # M50
def test_rounds_half_away_from_zero(text: str, minor: int) -> None:
    assert Money.parse(text, "USD").minor == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [(" 10.5 ", "USD", 1050), ("25.00", "JPY", 25), ("1.234", "KWD", 1234), ("-3", "USD", -300)],
)
def test_reads_what_people_type(text: str, currency: str, minor: int) -> None:
    assert Money.typed(text, currency).minor == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.005", "USD"), ("1.000", "USD"), ("25.50", "JPY"), ("1.000", "JPY"), ("1,50", "USD"), ("", "USD")],
)
def test_refuses_to_round_what_people_type(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer"):
        Money.typed(text, currency)


@pytest.mark.parametrize(("text", "minor"), [("2.675", 268), ("19.99", 1999), ("1.15", 115)])  # M51
def test_reads_what_floats_get_wrong(text: str, minor: int) -> None:
    assert Money.parse(text, "USD").minor == minor


def test_splits_a_dollar_in_three() -> None:  # M52
    assert [part.minor for part in Money(100, "USD").split((1, 1, 1))] == [34, 33, 33]


@pytest.mark.parametrize(
    ("text", "currency", "minor", "shown"),
    [
        ("500", "JPY", 500, "500"),
        ("10", "USD", 1000, "10.00"),
        ("1.5", "KWD", 1500, "1.500"),
        ("0.0001", "CLF", 1, "0.0001"),
    ],
)  # M80
def test_exponents_of_iso_4217(text: str, currency: str, minor: int, shown: str) -> None:
    money = Money.parse(text, currency)
    assert money.minor == minor
    assert decimal_text(money) == shown
    assert money.major == Decimal(shown)


def test_every_currency_of_iso_4217_is_known() -> None:
    active = {one.alpha_3 for one in pycountry.currencies} - NOT_MONEY
    assert {code for code in active if not _known(code)} == set()
    assert not any(_known(code) for code in NOT_MONEY)


def _known(code: str) -> bool:
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


# The 13 for which Babel shows other digits than ISO 4217 has decimals.
@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("AFN", 2), ("ALL", 2), ("IRR", 2), ("IQD", 3), ("KPW", 2), ("LAK", 2), ("LBP", 2), ("MGA", 2),
     ("MMK", 2), ("RSD", 2), ("SOS", 2), ("SYP", 2), ("YER", 2)],
)  # fmt: skip
def test_decimals_are_iso_4217s_not_babels(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["usd", "US", "USDD", "", "ABC", "XXX", "\uff35\uff33\uff24"])
def test_unknown_codes_are_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, code)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1e3", "1E999999999", "NaN", "Inf", "-Infinity", "1,000.00", "1_000", "\uff11\uff12", "1.2.3",
     ".5", "5.", "0x10", "1 2", "1/2", "--1", "9" * 16, "\x001", "1\n2"],
)  # fmt: skip
def test_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        Money.parse(text, "USD")


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
def test_minor_units_are_whole_numbers(minor: Any) -> None:
    with pytest.raises(TypeError):
        Money(minor, "USD")


def test_floats_are_refused_as_factors() -> None:
    factor: Any = 1.15
    with pytest.raises(TypeError):
        Money(100, "USD").times(factor)
    with pytest.raises(TypeError):
        round_half_up(factor)
    with pytest.raises(TypeError):
        exact(factor)
    with pytest.raises(TypeError):
        Money(100, "USD") * factor


@pytest.mark.parametrize(
    "meet",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: sum_money([a, b], "USD"),
    ],
)
def test_two_currencies_never_meet(meet: Any) -> None:
    with pytest.raises(CurrencyMismatch):
        meet(Money(1, "USD"), Money(2, "EUR"))


def test_equal_only_in_one_currency() -> None:
    assert Money(1, "USD") != Money(1, "EUR")
    assert len({Money(1, "USD"), Money(1, "USD"), Money(1, "EUR")}) == 2


def test_reads_like_money() -> None:
    assert str(Money(-5, "USD")) == "-0.05 USD"
    assert str(Money(123450, "USD")) == "1234.50 USD"
    assert not Money.zero("USD")
    assert Money(1, "USD")
    assert max(Money(3, "USD"), Money(5, "USD"), Money(4, "USD")) == Money(5, "USD")


def test_text_is_exact_beyond_the_decimal_context() -> None:
    minor = 10**40 + 1
    assert decimal_text(Money(minor, "USD")) == "1" + "0" * 38 + ".01"
    assert Fraction(Money(minor, "USD").major) * 100 == minor


@given(MINORS, CURRENCIES)
def test_text_reads_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    text = decimal_text(money)
    if len(text.lstrip("-").partition(".")[0]) <= 15:
        assert Money.parse(text, currency) == money


@given(MINORS, FRACTIONS)
def test_scaling_mirrors(minor: int, factor: Fraction) -> None:
    money = Money(minor, "USD")
    assert (-money).times(factor) == -money.times(factor) == money.times(-factor)
    assert abs(Fraction(money.times(factor).minor) - minor * factor) <= Fraction(1, 2)


@given(FRACTIONS)
def test_halves_go_up_in_absolute_value(value: Fraction) -> None:
    rounded = round_half_up(value)
    assert abs(abs(rounded) - abs(value)) <= Fraction(1, 2)
    if abs(value) % 1 == Fraction(1, 2):
        assert abs(rounded) > abs(value)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_a_split_loses_nothing(total: int, weights: list[int]) -> None:
    parts = split_minor(total, tuple(weights))
    whole = sum(weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total * weight, whole)) < 1
        assert part * total >= 0
        assert weight or part == 0
    assert split_minor(-total, tuple(weights)) == tuple(-part for part in parts)


@given(st.integers(1, 1000), st.integers(2, 20))
def test_ties_go_to_the_earliest(total: int, count: int) -> None:
    parts = split_minor(total, (1,) * count)
    assert list(parts) == sorted(parts, reverse=True)


@pytest.mark.parametrize(("total", "weights"), [(1, ()), (1, (0, 0)), (1, (1, -1)), (0, ())])
def test_what_cannot_be_split(total: int, weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_minor(total, weights)


def test_nothing_splits_into_nothing() -> None:
    assert split_minor(0, (0, 0)) == (0, 0)
    assert split_minor(0, (2, 1)) == (0, 0)
