"""Tables of orders: what a buyer assembles, the server's priced answer, what was placed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class Cart(Base):
    """A buyer's basket and what they have typed so far. ``source_encrypted`` is the payment source."""

    __tablename__ = "cart"

    id: Mapped[UUID] = key()
    token_hash: Mapped[str] = mapped_column(unique=True)
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))  # signed in
    currency: Mapped[str]
    coupon_code: Mapped[str] = mapped_column(default="")
    contact: Mapped[dict[str, Any] | None]  # the contact form's fields, without passwords
    password_hash: Mapped[str] = mapped_column(default="")
    gateway: Mapped[str] = mapped_column(default="")
    source_encrypted: Mapped[str] = mapped_column(default="")
    source_label: Mapped[str] = mapped_column(default="")  # "Visa ending in 4242"
    keep_method: Mapped[bool] = mapped_column(default=False)
    order_id: Mapped[UUID | None]  # once placed
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class CartLine(Base):
    __tablename__ = "cart_line"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 100", name="quantity_in_reason"),)

    id: Mapped[UUID] = key()
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("cart.id"), index=True)
    position: Mapped[int]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    cycle_unit: Mapped[str]
    cycle_count: Mapped[int]
    quantity: Mapped[int] = mapped_column(default=1)
    domain: Mapped[str] = mapped_column(default="")


class QuoteRow(Base):
    """The priced answer for a cart at one moment. Never changed; a new price is a new quote."""

    __tablename__ = "quote"

    id: Mapped[UUID] = key()
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("cart.id"), index=True)
    digest: Mapped[str]  # of everything that was priced
    body: Mapped[dict[str, Any]]  # lines, taxes, explanations
    currency: Mapped[str]
    total_minor: Mapped[int]
    priced_on: Mapped[date]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Order(Base):
    __tablename__ = "order"
    __table_args__ = (UniqueConstraint("brand_id", "number"), Index("ix_order_state", "state", "id"))

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    number: Mapped[int]
    label: Mapped[str]  # "WH-10479"
    token_hash: Mapped[str] = mapped_column(unique=True)
    token_encrypted: Mapped[str]  # so that a mail may carry the link
    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quote.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"))
    gateway: Mapped[str]  # as chosen at placement
    state: Mapped[str] = mapped_column(default="placed")
    placement_key: Mapped[str] = mapped_column(unique=True)  # the cart: one order each
    new_client: Mapped[bool] = mapped_column(default=True)
    terms_id: Mapped[UUID | None] = mapped_column(ForeignKey("terms.id"))
    terms_accepted_at: Mapped[datetime | None]
    ip: Mapped[str] = mapped_column(default="")
    placed_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class OrderLine(Base):
    __tablename__ = "order_line"
    __table_args__ = (UniqueConstraint("order_id", "position"),)

    id: Mapped[UUID] = key()
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), index=True)
    position: Mapped[int]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), unique=True)
    text: Mapped[str]
    net_minor: Mapped[int]


class CouponUse(Base):
    __tablename__ = "coupon_use"
    __table_args__ = (UniqueConstraint("coupon_id", "order_id"),)

    id: Mapped[UUID] = key()
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupon.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"))
