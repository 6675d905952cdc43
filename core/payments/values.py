"""What other slices see of payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.kernel.money import Money
from core.plugin_api.forms import BrowserSetup, FormField

BY_HAND = "Received by hand"  # the method of a payment that staff booked


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    id: UUID
    number: int
    brand_id: UUID
    client_id: UUID
    invoice_id: UUID
    idempotency_key: str
    kind: str
    gateway: str
    mode: str
    billing_account_id: UUID | None
    parent_id: UUID | None
    method: str
    amount: Money
    refunded_minor: int
    state: str
    reference: str | None
    code: str | None
    action: Mapping[str, Any] | None
    approve_url: str | None
    customer_present: bool
    lookups: int
    next_lookup_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None

    @property
    def waits_for_buyer(self) -> bool:
        """At the provider's page, or answering a question of the bank."""
        return self.approve_url is not None or self.action is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """What to charge, and how. ``method`` is what people read: "Visa ending in 4242"."""

    invoice_id: UUID
    gateway: str
    billing_account_id: UUID | None
    method: str
    customer_present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodView:
    """One payment method that can be chosen, from an enabled plugin."""

    id: str
    plugin_id: str
    name: str
    kind: str
    icon: str
    starts: str
    note: str
    marks: tuple[str, ...]
    fields: tuple[FormField, ...]
    setup: BrowserSetup | None
    test_mode: bool
    trouble: str = ""  # the gateway does not answer now: shown, not choosable
