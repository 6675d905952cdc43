"""Days in the form of their reader: what is read, what is shown, what is no day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import dates

LAST_OF_JANUARY = date(2000, 1, 31)


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "01/31/2000"), ("en-US", "01/31/2000"), ("en-GB", "31/01/2000"), ("de", "31.01.2000"),
        ("fr", "31/01/2000"), ("es", "31/01/2000"), ("ja", "2000/01/31"), ("sv", "2000-01-31"),
        ("hu", "2000.01.31"), ("xx", "01/31/2000"), ("", "01/31/2000"),
    ],
)  # fmt: skip
def test_each_locale_has_its_form(locale: str, shown: str) -> None:
    assert dates.example(locale) == shown
    assert dates.read(shown, locale) == LAST_OF_JANUARY


@pytest.mark.parametrize(
    "typed",
    [
        "01/31/2000", "1/31/2000", "01-31-2000", "01.31.2000", "01 31 2000", " 01 / 31 / 2000 ", "2000-01-31",
        "\u0660\u0661/\u0663\u0661/\u0662\u0660\u0660\u0660", "\u200e01/31/2000\u200f",
        "\uff10\uff11/\uff13\uff11/\uff12\uff10\uff10\uff10",
    ],
)  # fmt: skip
def test_what_is_understood(typed: str) -> None:
    assert dates.read(typed, "en") == LAST_OF_JANUARY


@pytest.mark.parametrize(
    "typed",
    [
        "", "31/01/2000", "02/31/2000", "02/29/2023", "00/10/2000", "13/01/2000", "01/31/00", "1/1/1", "soon",
        "01/31", "2000/31/01", "01/31/2000 12:00", "01/31/20000", "1/31/2000/1", "x" * 300,
        "01\x0031\x002000",
    ],
)  # fmt: skip
def test_what_is_no_day(typed: str) -> None:
    assert dates.read(typed, "en") is None


@given(st.dates(), st.sampled_from(["en", "en-GB", "de", "ja", "sv", "pt-BR", "ar", "fa"]))
def test_what_is_written_is_read(day: date, locale: str) -> None:
    assert dates.read(dates.write(day, locale), locale) == day
