"""Tables of domains: names held for clients."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

HELD = text("state <> 'released'")


class Domain(Base):
    __tablename__ = "domain"
    __table_args__ = (Index("uq_domain_held", "name", unique=True, sqlite_where=HELD, postgresql_where=HELD),)

    id: Mapped[UUID] = key()
    name: Mapped[str]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), unique=True)
    registrar: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")  # pending, held, released
    years: Mapped[int] = mapped_column(default=1)
    expires_on: Mapped[date | None]
    auto_renew: Mapped[bool] = mapped_column(default=True)
    nameservers: Mapped[list[str]] = mapped_column(default=list)
    whois: Mapped[dict[str, Any]] = mapped_column(default=dict)
