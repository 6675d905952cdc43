"""Money, days and words as pages show them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from flask import Flask, g

from core.kernel import i18n
from core.kernel.money import Money
from core.web import shown


@pytest.mark.parametrize(
    ("locale", "amount", "text"),
    [
        ("en", Money(123450, "USD"), "$1,234.50"),
        ("en", Money(-1440, "USD"), "\N{MINUS SIGN}$14.40"),
        ("en", Money(1500, "JPY"), "¥1,500"),
        ("en", Money(1234567, "KWD"), "KWD1,234.567"),
        ("de", Money(123450, "EUR"), "1.234,50\xa0€"),
        ("xx-nonsense", Money(100, "USD"), "$1.00"),
    ],
)
def test_money(flask_app: Flask, locale: str, amount: Money, text: str) -> None:
    with flask_app.test_request_context("/"), i18n.using(locale):
        g.brand = SimpleNamespace(locale=locale, timezone="UTC")
        assert shown.money(amount) == text


def test_the_admin_is_english_with_the_numbers_of_the_brand(flask_app: Flask) -> None:
    with flask_app.test_request_context("/admin/clients"), i18n.using("de"):
        g.brand = SimpleNamespace(locale="en_GB", timezone="UTC")
        assert shown.money(Money(123450, "GBP")) == "£1,234.50"
        assert shown.language() == "en"


def test_round_amounts_stand_without_cents_when_they_are_large() -> None:
    assert shown.whole_money(Money(1200, "USD")) == "$12"
    assert shown.whole_money(Money(1250, "USD")) == "$12.50"


def test_times_are_those_of_the_brand(flask_app: Flask) -> None:
    late = datetime(2026, 11, 21, 3, 42, 9, tzinfo=UTC)
    with flask_app.test_request_context("/"):
        g.brand = SimpleNamespace(locale="en", timezone="America/Chicago")
        assert shown.day(late) == "Nov 20, 2026"
        assert shown.day(date(2026, 11, 21)) == "Nov 21, 2026"
        assert shown.clock(late) == "9:42\xa0PM"
        assert shown.moment(late) == "Nov 20, 9:42\xa0PM"
        assert shown.held_until(late, late) == "9:42\xa0PM"
        assert shown.held_until(late, datetime(2026, 11, 22, 12, tzinfo=UTC)) == "Nov 20, 9:42\xa0PM"


def test_paragraphs_are_escaped() -> None:
    html = shown.paragraphs("One <b>\nline\n\n\nTwo & more\r\n\r\n")
    assert html == "<p>One &lt;b&gt;<br>line</p><p>Two &amp; more</p>"


def test_small_words() -> None:
    assert shown.rate("0.0625") == "6.25%"
    assert shown.rate("0.2") == "20%"
    assert shown.sentence("postal code") == "Postal code"
    assert shown.phone("+15125550186") == "+1 512-555-0186"
    assert shown.phone("call me") == "call me"
