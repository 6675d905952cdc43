"""What notifications said is not kept for ever: their texts go after a while, that they came stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from core.payments.models import UnmatchedMoney, WebhookEvent

HANDLED = ("done", "unmatched")


def forget_bodies(
    session: Session, before: datetime, *, after: UUID | None = None, limit: int = 500
) -> UUID | None:
    """Empty body and headers of notifications received before a moment, a chunk of them, oldest first.

    Returns the last of the chunk, for ``after``; None when there are no more. The row stays, so that the same
    event is known for ever. What was not handled keeps its text, and so does money that waits for staff.
    """
    waits = exists().where(
        UnmatchedMoney.gateway == WebhookEvent.gateway, UnmatchedMoney.event_id == WebhookEvent.event_id,
        UnmatchedMoney.state == "open",
    )  # fmt: skip
    old = select(WebhookEvent.id).where(
        WebhookEvent.received_at < before, WebhookEvent.state.in_(HANDLED), WebhookEvent.body != "", ~waits
    )
    if after is not None:
        old = old.where(WebhookEvent.id > after)
    ids = list(session.scalars(old.order_by(WebhookEvent.id).limit(limit)))
    session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.id.in_(ids))
        .values(body="", headers={})
        .execution_options(synchronize_session=False)
    )
    return ids[-1] if ids else None
