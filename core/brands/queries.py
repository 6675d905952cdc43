"""What the admin reads of brands. Nothing here changes anything."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.brands.models import Brand


def ids(session: Session) -> list[UUID]:
    """All brands: numbers count per brand, so whoever looks one up asks in each."""
    return list(session.scalars(select(Brand.id)))
