"""Tables of payments: every try to move money, what came of it, and what others tell of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

MOVING = text("kind = 'charge' AND state IN ('created', 'sent', 'pending', 'unknown')")


class Attempt(Base):
    """One try to move money. Its key is committed before the gateway is called."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("gateway", "mode", "reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        # At most one charge under way per invoice: the guard against charging twice.
        Index(
            "uq_attempt_moving", "invoice_id", unique=True,
            sqlite_where=MOVING, postgresql_where=MOVING,
        ),
        Index("ix_attempt_lookup", "state", "next_lookup_at"),
        Index("ix_attempt_state", "state", "id"),
        Index("ix_attempt_reference", "reference"),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    number: Mapped[int] = mapped_column(unique=True)
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="charge")  # charge, refund
    gateway: Mapped[str]
    mode: Mapped[str]  # test, live
    billing_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("billing_account.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("attempt.id"))  # of a refund
    method: Mapped[str] = mapped_column(default="")  # "Visa ending in 4242"
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default="created")
    reference: Mapped[str | None]
    code: Mapped[str | None]  # why it was declined
    provider_code: Mapped[str | None]
    staff_note: Mapped[str] = mapped_column(default="")
    action: Mapped[dict[str, Any] | None]  # what the buyer's browser must do
    approve_url: Mapped[str | None]  # of a redirect
    customer_present: Mapped[bool] = mapped_column(default=True)
    lookups: Mapped[int] = mapped_column(default=0)
    next_lookup_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class AttemptStep(Base):
    """The story of an attempt: each state it went through. Append-only."""

    __tablename__ = "attempt_step"

    id: Mapped[UUID] = key()
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    at: Mapped[datetime]
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")


class Allocation(Base):
    """Money of an attempt (or credit) laid on an invoice. Negative when it is taken back."""

    __tablename__ = "allocation"

    id: Mapped[UUID] = key()
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("attempt.id"), index=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_minor: Mapped[int]
    source: Mapped[str] = mapped_column(unique=True)  # "attempt:<id>", "attempt:<id>:returned"
    created_at: Mapped[datetime]


class WebhookEvent(Base):
    """A notification as it came. Stored before it is answered, worked on afterwards."""

    __tablename__ = "webhook_event"
    __table_args__ = (UniqueConstraint("gateway", "event_id"),)

    id: Mapped[UUID] = key()
    gateway: Mapped[str]
    event_id: Mapped[str]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str]  # base64
    state: Mapped[str] = mapped_column(default="received")  # received, done, unmatched, failed
    note: Mapped[str] = mapped_column(default="")
    occurred_at: Mapped[datetime]  # by the provider's clock
    received_at: Mapped[datetime]


class UnmatchedMoney(Base):
    """Money that belongs to no attempt of ours as told. Staff decide; nothing is guessed."""

    __tablename__ = "unmatched_money"
    __table_args__ = (UniqueConstraint("gateway", "event_id"),)

    id: Mapped[UUID] = key()
    gateway: Mapped[str]
    event_id: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    attempt_id: Mapped[UUID | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    reason: Mapped[str]  # no_attempt, wrong_amount, wrong_currency, wrong_reference, invoice_closed
    state: Mapped[str] = mapped_column(default="open")  # open, resolved
    created_at: Mapped[datetime]


class SettlementCursor(Base):
    """Up to which moment of its own clock a gateway's report was read without loss."""

    __tablename__ = "settlement_cursor"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    read_until: Mapped[datetime]
