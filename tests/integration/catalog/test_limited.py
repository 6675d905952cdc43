"""Limited things under a crowd: the last unit, the single-use coupon."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.catalog import editing, service
from core.catalog.editing import NewCoupon, NewProduct
from core.catalog.models import Coupon, Product
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields
from tests.fixtures.race import race, race_in_transactions

TODAY = date(2026, 11, 20)
CROWD = 50


def product(session: Session, brand_id: UUID, stock: int | None) -> UUID:
    return editing.add_product(
        session, brand_id, NewProduct(slug="box", name="Box", kind="other", stock=stock)
    )


def stock_of(db: Database, product_id: UUID) -> int | None:
    with db.read() as session:
        found = service.product_by_id(session, product_id)
        assert found is not None
        return found.stock


def coupon(session: Session, brand_id: UUID, **facts: Any) -> UUID:
    values: dict[str, Any] = {"code": "WELCOME10", "kind": "percent", "value": 1000, "valid_from": TODAY}
    return editing.add_coupon(session, brand_id, NewCoupon(**(values | facts)))


def test_the_last_unit_is_sold_once(db: Database, brand_id: UUID) -> None:  # A30
    with db.transaction() as session:
        product_id = product(session, brand_id, 1)
    assert (
        race_in_transactions(db, CROWD, lambda session: service.take_stock(session, product_id)).count(True)
        == 1
    )
    assert stock_of(db, product_id) == 0


def test_a_crowd_takes_what_there_is_and_no_more(db: Database, brand_id: UUID) -> None:  # A30
    with db.transaction() as session:
        product_id = product(session, brand_id, 20)
    assert (
        race_in_transactions(db, CROWD, lambda session: service.take_stock(session, product_id, 3)).count(
            True
        )
        == 6
    )
    assert stock_of(db, product_id) == 2


def test_a_sale_that_fails_gives_its_unit_back(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = product(session, brand_id, 1)

    def fail() -> None:
        with db.transaction() as session:
            service.take_stock(session, product_id)
            raise RuntimeError("the order came to nothing")

    def one(_: int) -> None:
        with pytest.raises(RuntimeError):
            fail()

    race(8, one)
    assert stock_of(db, product_id) == 1


def test_stock_is_given_back(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = product(session, brand_id, 2)
        assert service.take_stock(session, product_id, 2)
        assert not service.take_stock(session, product_id)
        service.give_stock(session, product_id, 2)
    assert stock_of(db, product_id) == 2


def test_what_is_not_limited_never_runs_out(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = product(session, brand_id, None)
        assert service.take_stock(session, product_id, 1000)
        service.give_stock(session, product_id)
    assert stock_of(db, product_id) is None


def test_taking_less_than_one_would_be_giving(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = product(session, brand_id, 1)
        for n in (0, -1):
            with pytest.raises(ValueError, match="whole units"):
                service.take_stock(session, product_id, n)
            with pytest.raises(ValueError, match="whole units"):
                service.give_stock(session, product_id, n)


def test_nothing_is_taken_of_what_does_not_exist(db: Database) -> None:
    with db.transaction() as session:
        assert not service.take_stock(session, new_id())
        assert not service.use_coupon(session, new_id())


def test_the_database_itself_refuses_a_negative_stock(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        product_id = product(session, brand_id, 1)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(update(Product).where(Product.id == product_id).values(stock=-1))


def test_a_single_use_coupon_is_used_once(db: Database, brand_id: UUID) -> None:  # A26
    with db.transaction() as session:
        coupon_id = coupon(session, brand_id, uses=1)
    assert (
        race_in_transactions(db, CROWD, lambda session: service.use_coupon(session, coupon_id)).count(True)
        == 1
    )
    with db.transaction() as session:
        assert service.coupon(session, brand_id, "WELCOME10", TODAY) is None  # used up
        service.give_back_coupon(session, coupon_id)
        assert service.coupon(session, brand_id, "WELCOME10", TODAY) is not None
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(update(Coupon).where(Coupon.id == coupon_id).values(uses_left=-1))


def test_a_coupon_without_limit_stays_without(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        coupon_id = coupon(session, brand_id)
        assert all(service.use_coupon(session, coupon_id) for _ in range(5))
        service.give_back_coupon(session, coupon_id)
        assert session.get_one(Coupon, coupon_id).uses_left is None


def test_a_coupon_is_found_however_it_is_typed(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        coupon_id = coupon(session, brand_id, valid_to=date(2026, 12, 1), product_slugs=("box",))
    with db.read() as session:
        for typed in ("WELCOME10", "welcome10", " Welcome10 ", "\uff57elcome10"):
            found = service.coupon(session, brand_id, typed, TODAY)
            assert found is not None, typed
            assert (found.id, found.code, found.value) == (coupon_id, "WELCOME10", 1000)
            assert found.product_slugs == ("box",)


def test_a_coupon_holds_on_its_days_and_for_its_brand(
    db: Database, brand_id: UUID, other_brand_id: UUID
) -> None:
    with db.transaction() as session:
        coupon(session, brand_id, valid_to=date(2026, 12, 1))
    with db.read() as session:
        held = {
            day: service.coupon(session, brand_id, "WELCOME10", date.fromisoformat(day)) is not None
            for day in ("2026-11-19", "2026-11-20", "2026-11-30", "2026-12-01")
        }
        assert service.coupon(session, other_brand_id, "WELCOME10", TODAY) is None
        assert service.coupon(session, brand_id, "", TODAY) is None
        assert service.coupon(session, brand_id, "' OR 1=1 --", TODAY) is None
    assert held == {"2026-11-19": False, "2026-11-20": True, "2026-11-30": True, "2026-12-01": False}


SENSELESS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"code": " "}, "code"),
    ({"code": "welcome10"}, "code"),
    ({"kind": "gift"}, "kind"),
    ({"value": 0}, "value"),
    ({"value": 10_001}, "value"),
    ({"kind": "fixed", "value": 500}, "currency"),
    ({"uses": -1}, "uses"),
)


def test_senseless_coupons_are_refused(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        coupon(session, brand_id)
        for facts, field in SENSELESS:
            with pytest.raises(InvalidFields) as refused:
                coupon(session, brand_id, **({"code": "OTHER"} | facts))
            assert refused.value.messages.keys() == {field}
