"""What is for sale: visible, with a price in this currency on this day, of this brand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.catalog import editing, service
from core.catalog.editing import NewProduct
from core.catalog.models import Product
from core.kernel.calendar import Cycle
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.money import Money, UnknownCurrency
from core.kernel.problems import InvalidFields, NotFound
from tests.fixtures.race import race

TODAY = date(2026, 11, 20)
SINCE = date(2026, 1, 1)
MONTHLY, YEARLY = Cycle("month"), Cycle("year")


def sell(
    session: Session,
    brand_id: UUID,
    slug: str,
    *prices: tuple[Cycle, int],
    currency: str = "USD",
    **facts: Any,
) -> UUID:
    new = NewProduct(slug=slug, name=slug.capitalize(), kind="hosting", **facts)
    product_id = editing.add_product(session, brand_id, new)
    for cycle, minor in prices:
        editing.set_price(
            session, product_id, currency=currency, cycle=cycle, amount_minor=minor, valid_from=SINCE
        )
    return product_id


def slugs(session: Session, brand_id: UUID, currency: str = "USD", on: date = TODAY) -> list[str]:
    front = service.storefront(session, brand_id, currency, on)
    return [offer.product.slug for offer in front.offers]


def test_groups_products_and_prices_stand_in_order(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        domains = editing.add_group(session, brand_id, "Domains", 2)
        hosting = editing.add_group(session, brand_id, "Hosting", 1)
        editing.add_group(session, brand_id, "Empty", 0)
        sell(session, brand_id, "name", (YEARLY, 1200), group_id=domains)
        sell(session, brand_id, "big", (YEARLY, 14400), (MONTHLY, 1400), group_id=hosting, position=2)
        sell(session, brand_id, "small", (Cycle("once"), 1), (YEARLY, 6000), (Cycle("month", 3), 1700),
             (MONTHLY, 600), group_id=hosting, position=1)  # fmt: skip
        sell(session, brand_id, "loose", (MONTHLY, 100))
    with db.read() as session:
        front = service.storefront(session, brand_id, "USD", TODAY)
    assert [group.name for group in front.groups] == ["Hosting", "Domains", ""]
    assert [offer.product.slug for offer in front.offers] == ["small", "big", "name", "loose"]
    small = front.offers[0]
    assert [str(price.cycle) for price in small.prices] == ["once:1", "month:1", "month:3", "year:1"]
    assert small.prices[1].amount == Money(600, "USD")


def test_what_is_not_shown(db: Database, brand_id: UUID, other_brand_id: UUID) -> None:  # A24
    with db.transaction() as session:
        hidden = sell(session, brand_id, "hidden", (MONTHLY, 1))
        sell(session, brand_id, "without-price")
        sell(session, brand_id, "in-euro", (MONTHLY, 1), currency="EUR")
        sell(session, other_brand_id, "of-the-other", (MONTHLY, 1))
        sell(session, brand_id, "shown", (MONTHLY, 1))
        session.execute(update(Product).where(Product.id == hidden).values(visible=False))
    with db.read() as session:
        assert slugs(session, brand_id) == ["shown"]
        assert slugs(session, brand_id, "EUR") == ["in-euro"]
        assert slugs(session, other_brand_id) == ["of-the-other"]
        assert service.product_by_slug(session, brand_id, "hidden") is None
        assert service.product_by_slug(session, brand_id, "of-the-other") is None
        assert service.product_by_slug(session, brand_id, "nothing") is None
        bought = service.product_by_id(session, hidden)
        assert bought is not None
        assert (bought.slug, bought.visible) == ("hidden", False)
        assert service.product_by_id(session, new_id()) is None


def test_no_price_is_not_free(db: Database, brand_id: UUID) -> None:  # A24
    with db.transaction() as session:
        product_id = sell(session, brand_id, "small", (MONTHLY, 600))
    with db.read() as session:
        found = service.price_of(session, product_id, "USD", MONTHLY, TODAY)
        assert found is not None
        assert (found.amount, found.setup, found.label) == (Money(600, "USD"), Money(0, "USD"), "Monthly")
        assert service.price_of(session, product_id, "USD", YEARLY, TODAY) is None
        assert service.price_of(session, product_id, "EUR", MONTHLY, TODAY) is None
        assert service.price_of(session, product_id, "USD", MONTHLY, date(2025, 12, 31)) is None
        assert service.price_of(session, new_id(), "USD", MONTHLY, TODAY) is None


def test_a_price_ends_and_the_next_begins(db: Database, brand_id: UUID) -> None:
    change = date(2027, 1, 1)
    with db.transaction() as session:
        product_id = sell(session, brand_id, "small", (MONTHLY, 600))
        old = service.price_of(session, product_id, "USD", MONTHLY, TODAY)
        assert old is not None
        with pytest.raises(InvalidFields, match="Another price holds from 2026-01-01"):
            editing.set_price(
                session, product_id, currency="USD", cycle=MONTHLY, amount_minor=700, valid_from=change
            )
        assert editing.end_price(session, old.id, change)
        assert not editing.end_price(session, old.id, change)
        assert not editing.end_price(session, old.id, SINCE)
        editing.set_price(
            session, product_id, currency="USD", cycle=MONTHLY, amount_minor=700, valid_from=change
        )
    with db.read() as session:
        before = service.price_of(session, product_id, "USD", MONTHLY, date(2026, 12, 31))
        after = service.price_of(session, product_id, "USD", MONTHLY, change)
    assert before is not None
    assert after is not None
    assert (before.amount.minor, after.amount.minor) == (600, 700)


TAKEN = (("2026-02-01", "2026-03-01"), ("2026-04-01", "2026-05-01"))
WANTED = (
    ("2026-03-01", "2026-04-01", True),  # between
    ("2025-01-01", "2026-02-01", True),  # up to the day the other begins
    ("2026-05-01", None, True),  # from the day the other ends
    ("2026-02-10", "2026-02-20", False),  # within
    ("2026-01-01", "2026-02-02", False),  # one day shared
    ("2026-02-28", None, False),
    ("2026-01-01", None, False),  # around both
)


def set_price(
    db: Database, product_id: UUID, begins: str, ends: str | None, cycle: Cycle, currency: str = "USD"
) -> bool:
    try:
        with db.transaction() as session:
            editing.set_price(
                session, product_id, currency=currency, cycle=cycle, amount_minor=1,
                valid_from=date.fromisoformat(begins),
                valid_to=None if ends is None else date.fromisoformat(ends),
            )  # fmt: skip
    except InvalidFields:
        return False
    return True


def test_two_prices_never_hold_at_once(db: Database, brand_id: UUID) -> None:
    for number, (first, last, free) in enumerate(WANTED):
        with db.transaction() as session:
            product_id = sell(session, brand_id, f"product-{number}")
        for begins, ends in TAKEN:
            assert set_price(db, product_id, begins, ends, MONTHLY)
        assert set_price(db, product_id, first, last, MONTHLY) is free, (first, last)
        assert set_price(db, product_id, first, last, YEARLY)
        assert set_price(db, product_id, first, last, MONTHLY, "EUR")


def test_two_people_who_set_one_price_at_once(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = sell(session, brand_id, "small")

    def one(number: int) -> bool:  # never the same row, always an overlap
        return set_price(db, product_id, f"2026-01-{number + 1:02}", None, MONTHLY)

    assert race(12, one).count(True) == 1


def test_senseless_prices_are_refused(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = sell(session, brand_id, "small")
        with pytest.raises(InvalidFields) as refused:
            editing.set_price(
                session, product_id, currency="USD", cycle=MONTHLY, amount_minor=-1, setup_minor=-1,
                valid_from=TODAY, valid_to=TODAY,
            )  # fmt: skip
        assert refused.value.messages.keys() == {"amount", "setup", "valid_to"}
        with pytest.raises(UnknownCurrency):
            editing.set_price(
                session, product_id, currency="XXX", cycle=MONTHLY, amount_minor=1, valid_from=TODAY
            )
        with pytest.raises(NotFound):
            editing.set_price(
                session, new_id(), currency="USD", cycle=MONTHLY, amount_minor=1, valid_from=TODAY
            )


SENSELESS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"slug": "Small"}, "slug"),
    ({"slug": "a--b"}, "slug"),
    ({"slug": ""}, "slug"),
    ({"slug": "../x"}, "slug"),
    ({"slug": "taken"}, "slug"),
    ({"kind": "spaceship"}, "kind"),
    ({"stock": -1}, "stock"),
)


def test_senseless_products_are_refused(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        sell(session, brand_id, "taken")
        for facts, field in SENSELESS:
            values: dict[str, Any] = {"slug": "new", "name": "New", "kind": "hosting"} | facts
            with pytest.raises(InvalidFields) as refused:
                editing.add_product(session, brand_id, NewProduct(**values))
            assert refused.value.messages.keys() == {field}


def test_the_terms_of_the_day(db: Database, brand_id: UUID, other_brand_id: UUID) -> None:
    with db.transaction() as session:
        editing.add_terms(session, brand_id, title="Old", body="old", valid_from=SINCE)
        editing.add_terms(session, brand_id, title="New", body="new", valid_from=TODAY)
    with db.read() as session:
        before = service.terms(session, brand_id, date(2026, 11, 19))
        after = service.terms(session, brand_id, TODAY)
        assert before is not None
        assert after is not None
        assert (before.title, after.title, after.valid_from) == ("Old", "New", TODAY)
        assert service.terms(session, brand_id, date(2025, 12, 31)) is None
        assert service.terms(session, other_brand_id, TODAY) is None
