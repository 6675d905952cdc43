"""What mails said is not kept for ever: their texts go after a while, that they were sent stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.mail.models import MailMessage

OVER = ("sent", "kept", "failed")


def forget_texts(
    session: Session, before: datetime, *, after: UUID | None = None, limit: int = 500
) -> UUID | None:
    """Empty the texts of mails written before a moment, a chunk of them, oldest first.

    Returns the last of the chunk, for ``after``; None when there are no more. A mail that is still to be
    sent keeps its text.
    """
    old = select(MailMessage.id).where(
        MailMessage.created_at < before, MailMessage.state.in_(OVER),
        or_(MailMessage.body_text != "", MailMessage.body_html != ""),
    )  # fmt: skip
    if after is not None:
        old = old.where(MailMessage.id > after)
    ids = list(session.scalars(old.order_by(MailMessage.id).limit(limit)))
    session.execute(
        update(MailMessage)
        .where(MailMessage.id.in_(ids))
        .values(body_text="", body_html="", link_encrypted="")
        .execution_options(synchronize_session=False)
    )
    return ids[-1] if ids else None
