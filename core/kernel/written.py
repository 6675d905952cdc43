"""Amounts as people write them, in the digits and signs of a place."""

from __future__ import annotations

from copy import copy
from functools import cache, lru_cache
from typing import cast

from babel import Locale
from babel.numbers import NumberPattern

from core.kernel import i18n
from core.kernel.money import Money, exponent

MINUS = "\N{MINUS SIGN}"  # a hyphen is no minus sign
REMEMBERED = 4096  # as they were written last: a list writes the same ones again


@lru_cache(REMEMBERED)
def money(amount: Money, place: str, digits: int | None = None) -> str:
    """``$1,234.50``, ``1.234,50 €``. ``place`` is a locale; ``digits`` are those of ISO 4217 unless said,
    which Babel's differ from for 13 currencies."""
    locale = i18n.parsed(place) or Locale(i18n.SOURCE)
    pattern = _pattern(str(locale), exponent(amount.currency) if digits is None else digits)
    text: str = pattern.apply(amount.major, locale, currency=amount.currency, currency_digits=False)
    return text.replace("-", MINUS)


@cache
def _pattern(place: str, digits: int) -> NumberPattern:
    pattern = copy(Locale.parse(place).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return cast(NumberPattern, pattern)
