"""Amounts as Stripe counts them. Source: docs.stripe.com/currencies, "Minor units", "Special cases"."""

from __future__ import annotations

from decimal import Decimal

from core.plugin_api.values import Money

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())  # the last digit must be 0
# ISK and UGX have no decimals any more, but Stripe still counts them in hundredths that must be 00.
# HUF and TWD are whole in payouts only: charges are counted in hundredths like most currencies.
WHOLE_HUNDREDS = frozenset({"ISK", "UGX"})


class NotPayable(ValueError):
    """Stripe can not take exactly this amount; rounding it would charge something else."""


def _exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def _step(currency: str) -> int:
    """Amounts on the wire must be multiples of this."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in WHOLE_HUNDREDS else 1


def to_stripe(amount: Money) -> int:
    """The whole number for the wire. Raises NotPayable instead of ever rounding."""
    wire = amount.major.scaleb(_exponent(amount.currency))
    if wire != wire.to_integral_value() or int(wire) % _step(amount.currency):
        raise NotPayable(f"Stripe can not take {amount}: the last decimals must be zero")
    return int(wire)


def from_stripe(wire: int, currency: str) -> Money:
    """What Stripe says it moved; ``currency`` as Stripe writes it, in small letters."""
    code = currency.upper()
    major = Decimal(wire).scaleb(-_exponent(code))
    return Money.parse(format(major, "f"), code)
