"""Money: a whole number of minor units beside its ISO 4217 currency. Floats never come near it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

# ISO 4217 exponents that are not two. Babel's digits differ from these for 13 currencies.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum. Nothing is ever converted silently."""


def exponent(currency: str) -> int:
    """How many decimals a currency has by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """``minor`` whole units of the smallest coin of ``currency`` (cents for USD, yen for JPY)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"money needs whole minor units, not {self.minor!r}")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is not an ISO 4217 code in capitals")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read ``"19.99"``. Raises ValueError for anything that is not a finite decimal number."""
        try:
            value = Decimal(text.strip())
        except ArithmeticError as error:
            raise ValueError(f"{text!r} is not an amount") from error
        if not value.is_finite():
            raise ValueError(f"{text!r} is not an amount")
        return cls(round_half_up(Fraction(value) * 10 ** exponent(currency)), currency)

    @property
    def major(self) -> Decimal:
        """The decimal a provider wants on the wire: ``Decimal("19.99")``."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

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

    def times(self, factor: Fraction | Decimal) -> Money:
        """Scale and round once, half up on the absolute value, so that a credit mirrors its charge."""
        return Money(round_half_up(self.minor * Fraction(factor)), self.currency)

    def split(self, weights: Iterable[int]) -> tuple[Money, ...]:
        """Split by largest remainder; ties go to the earliest part. The parts add up exactly."""
        parts = split_minor(abs(self.minor), tuple(weights))
        sign = -1 if self.minor < 0 else 1
        return tuple(Money(sign * part, self.currency) for part in parts)

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"


def round_half_up(value: Fraction | Decimal) -> int:
    """Round to a whole number, half away from zero: 0.5 -> 1, -0.5 -> -1."""
    value = Fraction(value)
    magnitude = abs(value) + Fraction(1, 2)
    whole = magnitude.numerator // magnitude.denominator
    return whole if value >= 0 else -whole


def split_minor(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Largest remainder over non-negative weights. Raises ValueError when nothing can be shared."""
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
    """Plain digits for logs and wires: ``"1234.50"``."""
    quantum = Decimal(1).scaleb(-exponent(amount.currency))
    return str(amount.major.quantize(quantum, rounding=ROUND_HALF_UP))
