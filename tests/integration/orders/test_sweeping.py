"""What was never ordered is forgotten in time; what was ordered stays."""

from __future__ import annotations

from sqlalchemy import func, select

from core.orders.models import Cart, CartLine, QuoteRow
from core.orders.sweeping import sweep
from tests.fixtures.innkeeper import Inn


def counts(inn: Inn) -> tuple[int, ...]:
    with inn.db.read() as session:
        return tuple(
            int(session.scalar(select(func.count()).select_from(table)) or 0)
            for table in (Cart, CartLine, QuoteRow)
        )


def test_an_expired_cart_goes_and_a_placed_one_stays(inn: Inn) -> None:
    inn.place_order(method="manual")
    inn.fill_cart()
    placed_and_open = counts(inn)
    assert sweep(inn.house) == 0
    inn.clock.advance(days=36)
    assert sweep(inn.house) == 0, "a buyer may come back within the week"
    inn.clock.advance(days=2)
    assert sweep(inn.house) == 1
    assert counts(inn) < placed_and_open
    assert counts(inn)[0] == 1
    assert sweep(inn.house) == 0
