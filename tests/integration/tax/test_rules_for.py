"""Which rules hold somewhere on a day, and which may be added."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from core.brands import service as brands
from core.brands.values import NewBrand
from core.kernel.db import Database
from core.kernel.problems import InvalidFields
from core.tax import service
from core.tax.service import NewTaxRule
from core.tax.values import Place

SINCE, CHANGE = date(2026, 1, 1), date(2026, 7, 1)


@pytest.fixture
def brand_id(db: Database) -> UUID:
    with db.transaction() as session:
        return brands.set_up(session, NewBrand(slug="main", name="Wayside", currency="USD"))


def new(name: str, rate: str = "0.05", **facts: Any) -> NewTaxRule:
    values: dict[str, Any] = {"name": name, "country": "US", "rate": rate, "valid_from": SINCE}
    return NewTaxRule(**(values | facts))


def names(db: Database, brand_id: UUID, country: str, region: str, on: date = SINCE) -> list[str]:
    with db.read() as session:
        found = service.rules_for(session, brand_id, Place(country=country, region=region), on)
    return [rule.name for rule in found]


def test_rules_by_place_day_and_brand(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        other = brands.set_up(session, NewBrand(slug="other", name="Other", currency="USD"))
        for rule in (
            new("Local", region="TX", position=2),
            new("State", region="TX", position=1),
            new("Federal"),
            new("Old", region="TX", valid_to=CHANGE),
            new("Later", region="TX", valid_from=CHANGE),
            new("Oregon", region="OR"),
            new("VAT", country="DE"),
        ):
            service.add_rule(session, brand_id, rule)
        service.add_rule(session, other, new("Foreign", region="TX"))
    assert names(db, brand_id, "US", "TX") == ["Federal", "Old", "State", "Local"]
    assert names(db, brand_id, "US", "TX", CHANGE) == ["Federal", "Later", "State", "Local"]
    assert names(db, brand_id, "US", "") == ["Federal"]
    assert names(db, brand_id, "US", "OR") == ["Federal", "Oregon"]
    assert names(db, brand_id, "DE", "") == ["VAT"]
    assert names(db, brand_id, "US", "TX", date(2025, 12, 31)) == []
    assert names(db, brand_id, "", "") == []


SENSELESS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"rate": "6.25"}, "rate"),
    ({"rate": "-0.1"}, "rate"),
    ({"rate": "NaN"}, "rate"),
    ({"rate": "six"}, "rate"),
    ({"rate": ""}, "rate"),
    ({"rate": "\uff10.1"}, "rate"),
    ({"rate": "0." + "1" * 40}, "rate"),
    ({"taxable_share": "80"}, "taxable_share"),
    ({"name": " "}, "name"),
    ({"valid_to": SINCE}, "valid_to"),
    ({"name": "State", "region": "TX"}, "valid_from"),
    ({"name": "State", "region": "TX", "valid_from": date(2026, 6, 30)}, "valid_from"),
)


def test_senseless_rules_are_refused(db: Database, brand_id: UUID) -> None:
    with db.transaction() as session:
        service.add_rule(session, brand_id, new("State", region="TX", valid_to=CHANGE))
        for facts, field in SENSELESS:
            with pytest.raises(InvalidFields) as refused:
                service.add_rule(session, brand_id, new(**({"name": "New"} | facts)))
            assert refused.value.messages.keys() == {field}, facts
        service.add_rule(session, brand_id, new("State", "0.07", region="TX", valid_from=CHANGE))
        service.add_rule(session, brand_id, new("State", "0.01", region="TX", tax_class="hosting"))
