"""What this plugin reads out of Stripe's answers: small typed values, everything else is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from core.plugin_api.errors import NoAnswer

Json = Mapping[str, object]


def unusable(what: str) -> NoReturn:
    """An answer that can not be read says nothing of what happened."""
    raise NoAnswer(f"Stripe's answer can not be used: {what}")


def text(data: Json, name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else unusable(f"{name} is no text")


def whole(data: Json, name: str) -> int:
    value = data.get(name)
    return value if type(value) is int else unusable(f"{name} is no whole number")


def maybe(data: Json, name: str) -> str:
    """A text, or nothing: Stripe writes null where there is none."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def inner(data: Json, name: str) -> Json:
    """An object inside an object; empty when it is not there."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def rows(data: Json) -> tuple[Json, ...]:
    """The objects of a list answer."""
    found = data.get("data")
    if not isinstance(found, list):
        unusable("it is no list")
    return tuple(one for one in found if isinstance(one, dict))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A PaymentIntent: one payment at Stripe, whatever happens to it."""

    id: str
    status: str
    amount: int
    received: int
    currency: str
    created: int
    client_secret: str = field(repr=False)
    key: str  # our idempotency key, kept in its metadata; empty for a payment that is not ours
    present: bool  # whether the customer was there to authenticate
    cancellation: str
    error: Json = field(repr=False)  # the last payment error

    @classmethod
    def read(cls, data: Json) -> Intent:
        """Raises NoAnswer when this is no PaymentIntent."""
        metadata = inner(data, "metadata")
        return cls(
            id=text(data, "id"),
            status=text(data, "status"),
            amount=whole(data, "amount"),
            received=whole(data, "amount_received"),
            currency=text(data, "currency"),
            created=whole(data, "created"),
            client_secret=maybe(data, "client_secret"),
            key=maybe(metadata, "key"),
            present=maybe(metadata, "present") == "yes",
            cancellation=maybe(data, "cancellation_reason"),
            error=inner(data, "last_payment_error"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund at Stripe. ``status``: pending, requires_action, succeeded, failed, canceled."""

    id: str
    status: str
    amount: int
    currency: str
    key: str
    failure: str

    @classmethod
    def read(cls, data: Json) -> Refund:
        """Raises NoAnswer when this is no refund."""
        return cls(
            id=text(data, "id"),
            status=text(data, "status"),
            amount=whole(data, "amount"),
            currency=text(data, "currency"),
            key=maybe(inner(data, "metadata"), "key"),
            failure=maybe(data, "failure_reason"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCard:
    """A SetupIntent with the card it has saved."""

    status: str
    client_secret: str = field(repr=False)
    method: str  # "pm_..."
    customer: str  # "cus_...", empty until the card is attached
    brand: str
    last4: str
    expires: tuple[int, int]
    email: str

    @classmethod
    def read(cls, data: Json) -> SavedCard:
        """Read a SetupIntent whose ``payment_method`` was expanded. Raises NoAnswer."""
        method = inner(data, "payment_method")
        card = inner(method, "card")
        return cls(
            status=text(data, "status"),
            client_secret=text(data, "client_secret"),
            method=maybe(method, "id"),
            customer=maybe(method, "customer"),
            brand=maybe(card, "brand"),
            last4=maybe(card, "last4"),
            expires=(whole(card, "exp_year"), whole(card, "exp_month")) if card else (0, 0),
            email=maybe(inner(method, "billing_details"), "email"),
        )
