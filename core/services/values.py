"""What other slices see of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service as it is bought. Money in minor units; ``period_end`` is the first day after."""

    brand_id: UUID
    client_id: UUID
    product_id: UUID
    label: str
    domain: str
    cycle_unit: str
    cycle_count: int
    quantity: int
    price_minor: int
    currency: str
    started_on: date
    period_end: date | None
    billing_account_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    id: UUID
    number: int
    brand_id: UUID
    client_id: UUID
    product_id: UUID
    label: str
    domain: str
    status: str
    currency: str
    cycle_unit: str
    cycle_count: int
