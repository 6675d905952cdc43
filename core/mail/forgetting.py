"""What mails said is not kept for ever: their texts go after a while, that they were sent stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import Session

from core.kernel.emptying import empty
from core.mail.models import MailMessage

OVER = ("sent", "kept", "failed")


def forget_texts(session: Session, before: datetime, *, after: UUID | None = None) -> UUID | None:
    """Empty the texts of mails written before a moment, a chunk of them: see ``empty``. A mail that is still
    to be sent keeps its text."""
    return empty(
        session, MailMessage, MailMessage.created_at < before, MailMessage.state.in_(OVER),
        or_(MailMessage.body_text != "", MailMessage.body_html != ""), after=after,
        values={"body_text": "", "body_html": "", "link_encrypted": ""},
    )  # fmt: skip
