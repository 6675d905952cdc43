"""What other slices give to and get from billing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from core.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """One line as it will be issued. Money in minor units of the draft's currency."""

    service_id: UUID | None
    kind: str  # recurring, setup, once
    period_start: date | None
    period_end: date | None
    text: str
    quantity: int
    unit_minor: int
    discount_minor: int
    gl_code: str
    explanation: str = ""

    @property
    def net_minor(self) -> int:
        return self.unit_minor * self.quantity - self.discount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTax:
    name: str
    rate: str
    taxable_share: str
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document ready to be issued. ``facts`` are seller and buyer as they are now."""

    brand_id: UUID
    client_id: UUID
    order_id: UUID | None
    series_prefix: str  # "WH"
    issued_on: date
    due_on: date
    currency: str
    lines: tuple[DraftLine, ...]
    taxes: tuple[DraftTax, ...]
    facts: Mapping[str, Any]

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(tax.tax_minor for tax in self.taxes)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHead:
    id: UUID
    brand_id: UUID
    client_id: UUID
    order_id: UUID | None
    label: str
    status: str
    total: Money
    paid: Money
    issued_on: date
    due_on: date

    @property
    def open(self) -> Money:
        """What is still owed."""
        return self.total - self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of money laid on an invoice: some on it, the rest to the client's credit."""

    allocated_minor: int
    credited_minor: int
    settled: bool  # the invoice became paid by this
