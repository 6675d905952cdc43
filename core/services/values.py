"""What other slices see of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service as it is bought. Money in minor units; ``period_end`` is the first day after.

    ``first_due_on``: nothing is billed yet, and the first period begins there; ``anchor_day`` is then the
    day of the month that the later ones follow. ``price_reason``: why the price is not the catalogue's.
    ``setup_minor``: what is still to be asked for its set-up, for all pieces together.
    """

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
    price_reason: str = ""
    setup_minor: int = 0
    first_due_on: date | None = None
    anchor_day: int | None = None


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
