"""Webhooks of the sandbox: signed, then translated."""

from __future__ import annotations

import hashlib
import hmac
import re

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer, NotificationRejected
from core.plugin_api.values import Notification, PaymentEvent
from plugins.gateways.sandbox_card.mapping import charge_outcome

TOLERANCE_SECONDS = 300
SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
TYPES = frozenset({"charge.succeeded", "charge.declined"})


def verify(notification: Notification, secret: str) -> None:
    """HMAC-SHA256 over time, dot and body, as the sandbox documents. Raises NotificationRejected."""
    found = SIGNATURE.fullmatch(notification.headers.get("sandbox-signature", ""))
    if found is None or not secret:
        raise NotificationRejected("there is no usable signature")
    signed = found[1].encode() + b"." + notification.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, found[2]):
        raise NotificationRejected("the signature is wrong")
    if abs(notification.received_at.timestamp() - int(found[1])) > TOLERANCE_SECONDS:
        raise NotificationRejected("the signature is too old")


def events(body: bytes) -> tuple[PaymentEvent, ...]:
    """What a verified body tells. Raises NotificationRejected when it makes no sense."""
    try:
        event = Answer.parse(body)
        if event.text("type") not in TYPES:
            return ()
        charge = event.object("data")
        return (
            PaymentEvent(
                event_id=event.text("id"),
                outcome=charge_outcome(charge),
                occurred_at=event.instant("created"),
                idempotency_key=charge.text("key"),
            ),
        )
    except NoAnswer as error:
        raise NotificationRejected(str(error)) from error
