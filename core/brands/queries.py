"""What the admin reads of brands. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.brands.models import Brand


def ids(session: Session) -> list[UUID]:
    """All brands: numbers count per brand, so whoever looks one up asks in each."""
    return list(session.scalars(select(Brand.id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandName:
    """A brand as it is chosen from a list."""

    id: UUID
    slug: str
    name: str
    currency: str


_NAMES = select(Brand.id, Brand.slug, Brand.name, Brand.currency).order_by(Brand.name)


def names(session: Session) -> tuple[BrandName, ...]:
    """Every brand, by name."""
    rows = session.execute(_NAMES)
    return tuple(BrandName(**row._mapping) for row in rows)
