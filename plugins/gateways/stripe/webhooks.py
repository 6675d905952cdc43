"""Webhooks: is it really from Stripe, is it fresh, and what is it about.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.plugin_api.errors import NotificationRejected
from core.plugin_api.values import Notification
from plugins.gateways.stripe.values import Json, inner, maybe

HEADER = "stripe-signature"
TOLERANCE = 300  # seconds, either way


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvent:
    """Only what is needed to ask Stripe itself: the state told in a payload may be old."""

    id: str
    type: str
    created: datetime
    object_id: str
    object_type: str


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The ``v1`` signature: HMAC-SHA256 over ``<timestamp>.<body>``, in hex."""
    message = f"{timestamp}.".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def verify(notification: Notification, secrets: Sequence[str]) -> None:
    """Raise NotificationRejected unless one of the secrets signed this body within five minutes.

    Several secrets are valid while they are rotated; Stripe then sends several signatures.
    """
    if not secrets:
        raise NotificationRejected("no webhook secret is set")
    timestamp, signatures = _header(notification.headers.get(HEADER, ""))
    if abs(notification.received_at.timestamp() - timestamp) > TOLERANCE:
        raise NotificationRejected("the signature is too old, or a clock is wrong")
    good = [sign(secret, timestamp, notification.body) for secret in secrets]
    if not any(hmac.compare_digest(mine, theirs) for mine in good for theirs in signatures):
        raise NotificationRejected("the signature is wrong")


def _header(header: str) -> tuple[int, list[str]]:
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value.strip() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise NotificationRejected("the signature header has no time")
    return int(times[0]), [one for one in signatures if one.isascii()]


def read_event(body: bytes) -> StripeEvent:
    """Read a verified body. Raises NotificationRejected when it is no event."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise NotificationRejected("the body is no JSON") from error
    created = data.get("created") if isinstance(data, dict) else None
    if type(created) is not int or not maybe(data, "id"):
        raise NotificationRejected("the body is no event")
    return _event(data, created)


def _event(data: Json, created: int) -> StripeEvent:
    subject = inner(inner(data, "data"), "object")
    return StripeEvent(
        id=maybe(data, "id"),
        type=maybe(data, "type"),
        created=datetime.fromtimestamp(created, UTC),
        object_id=maybe(subject, "id"),
        object_type=maybe(subject, "object"),
    )
