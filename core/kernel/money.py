"""Money: a whole number of minor units beside its ISO 4217 currency. Floats never come near it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# ISO 4217, table A.1 (amendment 180) and the codes that left it lately, which old documents still
# carry. Babel's digits differ from these exponents for 13 currencies, so it is only used for display.
_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys(
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
        "CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
        "GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
        "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
        "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP "
        "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG XSU XUA YER ZAR "
        "ZMW ZWG ZWL".split(),
        2,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison. Nothing is ever converted silently."""


class UnknownCurrency(ValueError):
    """No such code in ISO 4217, so nobody can say what its minor unit is."""


def exponent(currency: str) -> int:
    """How many decimals a currency has by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD.

    Raises UnknownCurrency: a guess would be wrong by a factor of a hundred one day.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 code in capitals") from None


@dataclass(frozen=True, slots=True)
class Money:
    """``minor`` whole units of the smallest coin of ``currency`` (cents for USD, yen for JPY).

    Comparing and adding raise CurrencyMismatch across currencies; equality is simply false.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"money needs whole minor units, not {self.minor!r}")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read ``"19.99"``, rounding what is finer than the coin half up.

        Plain ASCII digits with one point, as a form or a provider writes them: no exponent, no grouping,
        no "NaN", 15 digits at most. Raises ValueError for anything else.
        """
        if _AMOUNT.fullmatch(text.strip()) is None:
            raise ValueError(f"{text[:40]!r} is not an amount")
        return cls(round_half_up(Fraction(text.strip()) * 10 ** exponent(currency)), currency)

    @classmethod
    def typed(cls, text: str, currency: str) -> Money:
        """Read what a person typed into a form: as ``parse``, but nothing is rounded.

        ``"1.234"`` is a thousand and more where the point parts thousands: better asked again than booked
        as one dollar and 23 cents. Raises ValueError also for what is finer than the coin.
        """
        money, text = cls.parse(text, currency), text.strip()
        coin = exponent(currency)
        is_whole = Fraction(text) * 10**coin == money.minor
        if not is_whole or len(text.partition(".")[2]) > max(coin, 2):  # "25.00" is 25 yen
            raise ValueError(f"{text[:40]!r} is finer than {currency}")
        return money

    @property
    def major(self) -> Decimal:
        """The decimal a provider wants on the wire: ``Decimal("19.99")``. Exact at any size."""
        return Decimal(decimal_text(self))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor > other.minor

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.minor >= other.minor

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, quantity: int) -> Money:
        if type(quantity) is not int:
            raise TypeError("multiply by a whole number, or use times() with a Fraction")
        return Money(self.minor * quantity, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def times(self, factor: Fraction | Decimal | int) -> Money:
        """Scale and round once, half up on the absolute value, so that a credit mirrors its charge."""
        return Money(round_half_up(self.minor * exact(factor)), self.currency)

    def split(self, weights: Iterable[int]) -> tuple[Money, ...]:
        """Split by largest remainder; ties go to the earliest part. The parts add up exactly."""
        return tuple(Money(part, self.currency) for part in split_minor(self.minor, tuple(weights)))

    def __str__(self) -> str:
        return f"{decimal_text(self)} {self.currency}"


def exact(number: Fraction | Decimal | int) -> Fraction:
    """A factor as a fraction. Raises TypeError for a float, which is never exact enough for money."""
    if isinstance(number, float):
        raise TypeError("a float is not an exact factor: use Decimal or Fraction")
    return Fraction(number)


def round_half_up(value: Fraction | Decimal | int) -> int:
    """Round to a whole number, half away from zero: 0.5 -> 1, -0.5 -> -1."""
    value = exact(value)
    magnitude = abs(value) + Fraction(1, 2)
    whole = magnitude.numerator // magnitude.denominator
    return whole if value >= 0 else -whole


def split_minor(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Largest remainder over non-negative weights; a negative total mirrors the positive one.

    Raises ValueError when nothing can be shared.
    """
    if total < 0:
        return tuple(-part for part in split_minor(-total, weights))
    whole = sum(weights)
    if any(weight < 0 for weight in weights) or (whole == 0 and total != 0) or not weights:
        raise ValueError("weights must be non-negative and not all zero")
    if whole == 0:
        return tuple(0 for _ in weights)
    parts = [total * weight // whole for weight in weights]
    rests = [total * weight % whole for weight in weights]
    for index in sorted(range(len(weights)), key=lambda i: (-rests[i], i))[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """Add amounts of one currency. Raises CurrencyMismatch."""
    total = Money.zero(currency)
    for amount in amounts:
        total = total + amount
    return total


def decimal_text(amount: Money) -> str:
    """Plain digits for logs and wires: ``"1234.50"``, ``"500"`` for yen. Exact at any size."""
    decimals = exponent(amount.currency)
    whole, rest = divmod(abs(amount.minor), 10**decimals)
    sign = "-" if amount.minor < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}}" if decimals else f"{sign}{whole}"
