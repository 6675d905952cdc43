"""What notifications said is not kept for ever: their texts go after a while, that they came stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.orm import Session

from core.kernel.emptying import empty
from core.payments.models import UnmatchedMoney, WebhookEvent

HANDLED = ("done", "unmatched")


def forget_bodies(session: Session, before: datetime, *, after: UUID | None = None) -> UUID | None:
    """Empty body and headers of notifications received before a moment, a chunk of them: see ``empty``.

    The row stays, so that the same event is known for ever. What was not handled keeps its text, and so does
    money that waits for staff.
    """
    waits = exists().where(
        UnmatchedMoney.gateway == WebhookEvent.gateway, UnmatchedMoney.event_id == WebhookEvent.event_id,
        UnmatchedMoney.state == "open",
    )  # fmt: skip
    return empty(
        session, WebhookEvent, WebhookEvent.received_at < before, WebhookEvent.state.in_(HANDLED),
        WebhookEvent.body != "", ~waits, after=after, values={"body": "", "headers": {}},
    )  # fmt: skip
