"""Tables of services: what clients have bought."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

REFERRED = text("external_reference <> ''")
BILLABLE = text("status IN ('active', 'suspended') AND next_due_on IS NOT NULL")


class Service(Base):
    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("brand_id", "number"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("setup_minor >= 0", name="setup_not_negative"),
        CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day_of_month"),
        Index("ix_service_status", "status", "id"),
        Index("ix_service_due", "next_due_on", "id", sqlite_where=BILLABLE, postgresql_where=BILLABLE),
        Index(
            "uq_service_reference", "brand_id", "external_reference", unique=True,
            sqlite_where=REFERRED, postgresql_where=REFERRED,
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    number: Mapped[int]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    label: Mapped[str]  # "Business Hosting", as bought
    domain: Mapped[str] = mapped_column(default="", index=True)
    status: Mapped[str] = mapped_column(default="pending")
    cycle_unit: Mapped[str]
    cycle_count: Mapped[int]
    anchor_day: Mapped[int]
    quantity: Mapped[int] = mapped_column(default=1)
    price_minor: Mapped[int]
    price_reason: Mapped[str] = mapped_column(default="")  # why it is not the catalogue's
    setup_minor: Mapped[int] = mapped_column(default=0)  # asked with its first period; 0 once it was
    currency: Mapped[str]
    started_on: Mapped[date]
    next_due_on: Mapped[date | None]
    paid_until: Mapped[date | None]
    billing_account_id: Mapped[UUID | None]
    activated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # terminated or cancelled; None for what ended before it was noted
    external_reference: Mapped[str] = mapped_column(default="")  # its key in the books it came from
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
