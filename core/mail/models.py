"""Tables of mail: each message is written once per cause and contact, then sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class MailMessage(Base):
    """``dedupe_key`` is "<event id>:<mail type>:<contact id>": one fact writes one mail, ever.

    ``turn`` counts the runs that were asked for, ``attempts`` the times it was offered to a server.
    While ``leased_until`` lies ahead one sender has it. After ``expires_at`` it is not sent any more.
    A link that is a key stands in the texts as ``letters.HIDDEN_LINK`` and sealed beside them.
    """

    __tablename__ = "mail_message"
    __table_args__ = (
        Index("ix_mail_message_due", "state", "next_try_at"),
        Index("ix_mail_message_state", "state", "id"),
        Index("ix_mail_message_recipient", "recipient"),
    )

    id: Mapped[UUID] = key()
    number: Mapped[int] = mapped_column(unique=True)
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    invoice_id: Mapped[UUID | None]  # the document that goes with it as a PDF
    type: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en")
    sender: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body_text: Mapped[str]
    body_html: Mapped[str] = mapped_column(default="")
    link_encrypted: Mapped[str] = mapped_column(default="")  # lets its holder in: wiped as it leaves
    message_id: Mapped[str] = mapped_column(unique=True)  # Message-ID header: fixed, so a repeat shows
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="queued")  # queued, sent, kept, failed
    turn: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class MailTold(Base):
    """Which mail told a contact how to use a service: one row for both, so that it is told once."""

    __tablename__ = "mail_told"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    mail_id: Mapped[UUID] = mapped_column(ForeignKey("mail_message.id"), index=True)
