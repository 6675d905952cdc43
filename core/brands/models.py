"""Tables of brands: shop fronts, their host names, gateways."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class Brand(Base):
    __tablename__ = "brand"

    id: Mapped[UUID] = key()
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]  # "Wayside Hosting"
    theme: Mapped[str] = mapped_column(default="lobby")
    tokens: Mapped[dict[str, Any]] = mapped_column(default=dict)  # design seeds, checked
    currency: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    locale: Mapped[str] = mapped_column(default="en")
    legal_name: Mapped[str] = mapped_column(default="")
    legal_address: Mapped[str] = mapped_column(default="")  # lines joined by \n
    tax_number: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="US")
    mail_sender: Mapped[str] = mapped_column(default="")  # address
    support_email: Mapped[str] = mapped_column(default="")
    number_prefix: Mapped[str] = mapped_column(default="")  # "WH"
    invoice_due_days: Mapped[int] = mapped_column(default=14)
    tax_rounding: Mapped[str] = mapped_column(default="line")  # line, invoice


class BrandHost(Base):
    __tablename__ = "brand_host"

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    host_name: Mapped[str] = mapped_column(unique=True)


class BrandGateway(Base):
    """Which enabled gateways a brand offers, in which order. No row at all: every enabled one."""

    __tablename__ = "brand_gateway"
    __table_args__ = (UniqueConstraint("brand_id", "gateway"),)

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    gateway: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    enabled: Mapped[bool] = mapped_column(default=True)
