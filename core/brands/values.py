"""What other slices see of a brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandView:
    """A shop front as it is now. ``legal_address`` is lines joined by newlines."""

    id: UUID
    slug: str
    name: str
    theme: str
    tokens: Mapping[str, Any]
    currency: str
    timezone: str
    locale: str
    legal_name: str
    legal_address: str
    tax_number: str
    country: str
    mail_sender: str
    support_email: str
    number_prefix: str
    invoice_due_days: int
    tax_rounding: Literal["line", "invoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBrand:
    """What is known of a brand before it exists."""

    slug: str
    name: str
    currency: str
    timezone: str = "UTC"
    theme: str = "lobby"
    locale: str = "en"
    legal_name: str = ""
    legal_address: str = ""
    tax_number: str = ""
    country: str = "US"
    mail_sender: str = ""
    support_email: str = ""
    number_prefix: str = ""
    invoice_due_days: int = 14
    tax_rounding: Literal["line", "invoice"] = "line"
    hosts: tuple[str, ...] = ()
