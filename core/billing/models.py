"""Tables of billing: documents that are never changed once issued, and the double-entry ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

RECURRING = text("kind = 'recurring' AND service_id IS NOT NULL")


class Invoice(Base):
    """``facts`` hold seller and buyer as they were at issue. Only status, paid_minor and paid_on move."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("paid_minor >= 0", name="paid_not_negative"),
        CheckConstraint("paid_minor <= total_minor", name="paid_at_most_total"),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        Index("ix_invoice_client", "brand_id", "client_id", "id"),
        Index("ix_invoice_status", "status", "id"),
        Index("ix_invoice_client_status", "client_id", "status"),  # what each client owes
    )

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(default="invoice")  # invoice, credit_note
    series: Mapped[str]  # "main-2026"
    number: Mapped[int]
    label: Mapped[str]  # "WH-2026-000042": what people read
    status: Mapped[str]  # unpaid, pending, paid, void
    issued_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    paid_on: Mapped[date | None]
    facts: Mapped[dict[str, Any]]
    digest: Mapped[str]
    created_at: Mapped[datetime]


class InvoiceLine(Base):
    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        Index(
            "uq_invoice_line_period", "service_id", "kind", "period_start", unique=True,
            sqlite_where=RECURRING, postgresql_where=RECURRING,
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"))
    kind: Mapped[str]  # recurring, setup, once, discount
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]  # first day after
    text: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=1)
    unit_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0)
    net_minor: Mapped[int]  # unit * quantity - discount
    gl_code: Mapped[str]
    explanation: Mapped[str] = mapped_column(default="")


class TaxLine(Base):
    """One tax on one invoice with the rule as it was."""

    __tablename__ = "tax_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    id: Mapped[UUID] = key()
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]  # "Texas sales tax, 6.25 % of 80 %"
    rate: Mapped[str]
    taxable_share: Mapped[str]
    base_minor: Mapped[int]
    tax_minor: Mapped[int]


class LedgerAccount(Base):
    __tablename__ = "ledger_account"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]  # asset, liability, income


class Entry(Base):
    __tablename__ = "entry"

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    occurred_on: Mapped[date]
    source: Mapped[str] = mapped_column(unique=True)  # "invoice:<id>", "attempt:<id>:succeeded"
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Posting(Base):
    """``amount_minor`` is signed: debit positive. They add up to zero per entry and currency."""

    __tablename__ = "posting"
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="amount_not_zero"),)

    id: Mapped[UUID] = key()
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), index=True)
    account: Mapped[str] = mapped_column(ForeignKey("ledger_account.code"))
    client_id: Mapped[UUID | None] = mapped_column(index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
