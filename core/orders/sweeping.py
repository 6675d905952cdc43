"""Carts that came to nothing are forgotten, and with them what their buyers had typed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from core.kernel.work import House
from core.orders.models import Cart, CartLine, QuoteRow

KEEP = timedelta(days=7)  # after a cart has expired
CHUNK = 500


def sweep(house: House) -> int:
    """Delete expired carts that were never placed; returns how many. Placed ones stay with their order."""
    with house.db.transaction() as session:
        old = select(Cart.id).where(Cart.order_id.is_(None), Cart.expires_at < house.clock.now() - KEEP)
        ids = list(session.scalars(old.limit(CHUNK)))
        for table in (CartLine, QuoteRow):
            session.execute(delete(table).where(table.cart_id.in_(ids)))
        session.execute(delete(Cart).where(Cart.id.in_(ids)))
    return len(ids)
