"""Money, days and lines as they read in a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from core.brands.values import BrandView
from core.kernel.money import Money
from core.mail.letters import package_facts
from core.mail.words import Words, names, one_line


@pytest.mark.parametrize(
    ("amount", "locale", "shown"),
    [
        (Money(123450, "USD"), "en", "$1,234.50"),
        (Money(-1440, "USD"), "en", "\N{MINUS SIGN}$14.40"),
        (Money(1200, "JPY"), "en", "¥1,200"),
        (Money(1234567, "KWD"), "en", "KWD1,234.567"),
        (Money(123450, "EUR"), "de", "1.234,50\N{NO-BREAK SPACE}€"),
        (Money(123450, "USD"), "xx-nonsense", "$1,234.50"),
    ],
)
def test_money(amount: Money, locale: str, shown: str, brand: BrandView) -> None:
    assert Words.of(replace(brand, locale=locale)).money(amount) == shown


def test_an_instant_is_the_brands_day(brand: BrandView) -> None:
    words = Words.of(brand)
    assert words.day(datetime(2026, 11, 21, 3, tzinfo=UTC)) == "Nov 20, 2026"
    assert words.day(date(2026, 11, 21)) == "Nov 21, 2026"


def test_a_period_ends_the_day_before(brand: BrandView) -> None:
    shown = Words.of(brand).period(date(2026, 11, 20), date(2027, 11, 20))
    assert shown == "Nov 20, 2026 to Nov 19, 2027"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        (" a \r\n b\t c ", "a b c"),
        ("a\x00b\x1fc\x7f", "a b c"),
        ("a\u2028b\u2029c\u202ed", "a b c d"),
        ("\u0646\u0631\u0645\u200c\u0627", "\u0646\u0631\u0645\u200c\u0627"),  # Persian for software, cut
        ("", ""),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_one_line_is_cut() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_names() -> None:
    assert names(["A"]) == "A"
    assert names(["A", "B"]) == "A and B"
    assert names(["A", "B", "C"]) == "A, B and C"
    assert names(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"


def test_what_a_panel_told_reads_well() -> None:
    access = {
        "Username": "pine", "hostname": "cedar-3", "nameservers": "ns1.x, ns2.x", "disk_quota": "20 GB",
        "main_domain": "d.example", "empty": "",
    }  # fmt: skip
    assert package_facts(access, "d.example") == (
        ("Username", ("pine",)),
        ("Server", ("cedar-3",)),
        ("Name servers", ("ns1.x", "ns2.x")),
        ("Disk quota", ("20 GB",)),
    )
