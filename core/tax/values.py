"""What tax takes and gives. Money in minor units of the document's currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the buyer is: ISO 3166-1 country and the ISO 3166-2 part of it ("US", "TX")."""

    country: str
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxableLine:
    """A line after discounts. Negative on a credit note."""

    net_minor: int
    tax_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRuleView:
    """``rate`` of ``taxable_share`` of the net, both as fractions of one (0.0625 and 0.80)."""

    id: UUID
    name: str
    country: str
    region: str
    tax_class: str  # "" for every class
    rate: Decimal
    taxable_share: Decimal
    position: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOf:
    """One tax on one document, the rule as it was. ``base_minor`` is the taxable part of the net: what
    ``rate`` is taken of, after ``taxable_share``."""

    name: str
    rate: str
    taxable_share: str
    base_minor: int
    tax_minor: int

    @property
    def label(self) -> str:
        """For documents: "Texas sales tax, 6.25% of 80%"."""
        part = "" if Decimal(self.taxable_share) == 1 else f" of {percent(self.taxable_share)}"
        return f"{self.name}, {percent(self.rate)}{part}"


def percent(fraction: str) -> str:
    """ "0.0625" -> "6.25%", "0.2" -> "20%"."""
    return f"{(Decimal(fraction) * 100).normalize():f}%"
