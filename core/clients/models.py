"""Tables of clients: who owes money, whom to write to, how they pay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.identity.models import Membership as Membership
from core.kernel.db import Base, key


class ClientStatus(Base):
    """A label a host may rename, and the behaviour it stands for."""

    __tablename__ = "client_status"

    id: Mapped[UUID] = key()
    label: Mapped[str] = mapped_column(unique=True)
    behaviour: Mapped[str]  # pending, active, suspended, closed, blocked
    position: Mapped[int] = mapped_column(default=0)


class Client(Base):
    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("brand_id", "number"),
        CheckConstraint("credit_minor >= 0", name="credit_not_negative"),
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day_of_month"),
        Index("ix_client_brand_created", "brand_id", "created_at", "id"),
    )

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    number: Mapped[int]
    company_name: Mapped[str] = mapped_column(default="")
    status_id: Mapped[UUID] = mapped_column(ForeignKey("client_status.id"))
    billing_day: Mapped[int | None]
    billing_country: Mapped[str]
    is_taxable: Mapped[bool] = mapped_column(default=True)
    tax_id: Mapped[str] = mapped_column(default="")
    currency: Mapped[str]
    credit_minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Contact(Base):
    __tablename__ = "contact"
    __table_args__ = (
        Index(
            "uq_contact_primary", "client_id", unique=True,
            sqlite_where=text("is_primary"), postgresql_where=text("is_primary"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    roles: Mapped[list[str]] = mapped_column(default=list)
    company_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    street_address: Mapped[str]
    address_2: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    state: Mapped[str] = mapped_column(default="")  # ISO 3166-2 part, "TX"
    county: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    primary_phone: Mapped[str]  # E.164
    secondary_phone: Mapped[str] = mapped_column(default="")
    fax: Mapped[str] = mapped_column(default="")
    mobile_phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    email_format: Mapped[str] = mapped_column(default="html")  # html, text
    version: Mapped[int] = mapped_column(default=1)


class ContactMailChoice(Base):
    """A mail type this contact wants."""

    __tablename__ = "contact_mail_choice"
    __table_args__ = (UniqueConstraint("contact_id", "mail_type"),)

    id: Mapped[UUID] = key()
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"))
    mail_type: Mapped[str]


class BillingAccount(Base):
    """How a client pays. The source itself is one encrypted record; the rest is for showing."""

    __tablename__ = "billing_account"
    __table_args__ = (
        Index(
            "uq_billing_account_default", "client_id", unique=True,
            sqlite_where=text("is_default"), postgresql_where=text("is_default"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    gateway: Mapped[str]
    kind: Mapped[str]  # card, echeck, redirect, manual
    source_encrypted: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")  # "Visa", bank name
    last4: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None]
    keep: Mapped[bool] = mapped_column(default=False)  # may be charged for renewals
    mandate: Mapped[dict[str, Any]] = mapped_column(default=dict)  # text, at, ip
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
