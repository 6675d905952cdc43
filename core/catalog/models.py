"""Tables of the catalogue: what is for sale and at which price."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class ProductGroup(Base):
    __tablename__ = "product_group"

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """``provisioner`` names the plugin; ``pool_id`` the servers to place on (none for registrars)."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("brand_id", "slug"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
    )

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_group.id"))
    slug: Mapped[str]
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")  # one sentence
    features: Mapped[list[str]] = mapped_column(default=list)
    kind: Mapped[str]  # hosting, domain, other
    tax_class: Mapped[str] = mapped_column(default="hosting")
    gl_code: Mapped[str] = mapped_column(default="4000")
    provisioner: Mapped[str] = mapped_column(default="")  # spec id of a provisioner or registrar
    pool_id: Mapped[UUID | None]
    provisioner_options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    stock: Mapped[int | None]  # None: not limited
    visible: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class Price(Base):
    """``valid_to`` is the first day the price no longer holds. No two of one cycle overlap."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("setup_minor >= 0", name="setup_not_negative"),
        CheckConstraint("cycle_count >= 0", name="cycle_count_not_negative"),
        UniqueConstraint("product_id", "currency", "cycle_unit", "cycle_count", "valid_from"),
    )

    id: Mapped[UUID] = key()
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    currency: Mapped[str]
    cycle_unit: Mapped[str]  # once, day, week, month, year
    cycle_count: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int]
    setup_minor: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Coupon(Base):
    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("brand_id", "code"),
        CheckConstraint("uses_left >= 0", name="uses_not_negative"),
    )

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    code: Mapped[str]  # folded to capitals
    label: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]  # percent, fixed
    value: Mapped[int]  # hundredths of a percent, or minor units
    currency: Mapped[str | None]  # for fixed
    product_slugs: Mapped[list[str]] = mapped_column(default=list)  # empty: all
    uses_left: Mapped[int | None]  # None: not limited
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Terms(Base):
    """A dated text that must be accepted; rows are never changed."""

    __tablename__ = "terms"

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    title: Mapped[str]
    body: Mapped[str]
    valid_from: Mapped[date]
