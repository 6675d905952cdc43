"""Tables of tax: where, on what, how much, since when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class TaxRule(Base):
    """``rate`` and ``taxable_share`` are decimals written as text ("0.0625", "0.80")."""

    __tablename__ = "tax_rule"
    __table_args__ = (
        Index("ix_tax_rule_place", "brand_id", "country", "region"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="valid_in_order"),
    )

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    name: Mapped[str]  # "Texas sales tax"
    country: Mapped[str]
    region: Mapped[str] = mapped_column(default="")  # empty: the whole country
    tax_class: Mapped[str] = mapped_column(default="")  # empty: every class
    rate: Mapped[str]
    taxable_share: Mapped[str] = mapped_column(default="1")  # Texas taxes 80 % of data processing
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
