"""Committed facts a plugin may hear of. Names are a public promise: see docs/plugins/events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# name -> keys of its payload. Payloads are flat: ids, numbers, ISO dates and codes, as text.
EVENTS: dict[str, tuple[str, ...]] = {
    "order.placed": ("order_id", "client_id", "invoice_id"),
    "order.completed": ("order_id", "client_id"),
    "order.cancelled": ("order_id", "client_id"),
    "client.created": ("client_id",),
    "client.status_changed": ("client_id", "behaviour", "was"),
    "billing_account.expiring": ("billing_account_id", "client_id"),
    "invoice.issued": ("invoice_id", "client_id"),
    "invoice.paid": ("invoice_id", "client_id"),
    "invoice.reopened": ("invoice_id", "client_id"),
    "payment.succeeded": ("attempt_id", "invoice_id", "client_id"),
    "payment.pending": ("attempt_id", "invoice_id", "client_id"),
    "payment.declined": ("attempt_id", "invoice_id", "client_id", "code"),
    "payment.returned": ("attempt_id", "invoice_id", "client_id"),
    "payment.unknown": ("attempt_id", "invoice_id", "client_id"),
    "payment.not_sent": ("attempt_id", "invoice_id", "client_id"),
    "refund.succeeded": ("attempt_id", "invoice_id", "client_id"),
    "money.unmatched": ("unmatched_id",),
    "service.activated": ("service_id", "client_id"),
    "service.suspended": ("service_id", "client_id"),
    "service.resumed": ("service_id", "client_id"),
    "service.terminated": ("service_id", "client_id"),
    "user.invited": ("user_id", "area", "sealed"),
    "user.password_reset_asked": ("user_id", "area", "sealed", "ip"),
    "user.password_changed": ("user_id", "area", "ip"),
    "user.new_device": ("user_id", "session_id", "area"),
    "user.factor_changed": ("user_id", "what", "area"),
    "job.failed": ("job_id", "service_id"),
    "job.needs_staff": ("job_id", "service_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: UUID
    name: str
    occurred_at: datetime
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """``name`` is stable: the outbox keeps delivery state per (event, subscription).

    The handler is called outside any transaction, at least once, retried alone when it raises.
    """

    event: str  # a key of EVENTS
    name: str
    handler: Callable[[Event], None]
