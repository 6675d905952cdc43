"""What the admin reads of the catalogue. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.models import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    """A product, to be chosen from a list; those that are no longer sold too."""

    id: UUID
    label: str
    tax_class: str


def product_names(session: Session) -> tuple[ProductName, ...]:
    """Every product of every brand, by name."""
    rows = session.execute(select(Product.id, Product.name, Product.tax_class).order_by(Product.name))
    return tuple(ProductName(id=row.id, label=row.name, tax_class=row.tax_class) for row in rows)
