"""Which shop front answers, and what it offers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from core.brands import service
from core.brands.models import Brand, BrandGateway
from core.brands.values import NewBrand
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields, NotFound


def new(slug: str, **facts: Any) -> NewBrand:
    return NewBrand(**({"slug": slug, "name": slug.capitalize(), "currency": "USD"} | facts))


def test_before_the_first_brand_there_is_none(db: Database) -> None:
    with db.read() as session:
        with pytest.raises(NotFound):
            service.default_brand(session)
        with pytest.raises(NotFound):
            service.brand_for_host(session, "example.com")
        with pytest.raises(NotFound):
            service.brand_by_id(session, new_id())


def test_the_oldest_is_the_default_until_there_is_a_main_one(db: Database) -> None:
    with db.transaction() as session:
        service.set_up(session, new("second"))
        service.set_up(session, new("third"))
        assert service.default_brand(session).slug == "second"
        service.set_up(session, new("main"))
        assert service.default_brand(session).slug == "main"


def test_a_brand_keeps_its_facts_and_a_repeat_changes_none(db: Database) -> None:
    wanted = new(
        "main", name="Wayside", timezone="America/Chicago", number_prefix="WH", tax_rounding="invoice"
    )
    with db.transaction() as session:
        brand_id = service.set_up(session, wanted)
        assert service.set_up(session, new("main", name="Changed")) == brand_id
        assert session.scalar(select(func.count()).select_from(Brand)) == 1
    with db.read() as session:
        view = service.brand_by_id(session, brand_id)
    assert (view.name, view.timezone, view.number_prefix) == ("Wayside", "America/Chicago", "WH")
    assert (view.tax_rounding, view.theme, view.tokens) == ("invoice", "lobby", {})


def test_each_host_name_has_its_brand(db: Database) -> None:
    with db.transaction() as session:
        service.set_up(session, new("main"))
        service.set_up(session, new("oak", hosts=("Shop.Oak.example", "oak.example")))
    with db.read() as session:
        for host in ("shop.oak.example", "SHOP.oak.example:8000", "oak.example."):
            assert service.brand_for_host(session, host).slug == "oak"
        for host in ("localhost:8000", "127.0.0.1", "[::1]:8000", "", "oak.example.evil.example", "' OR 1=1"):
            assert service.brand_for_host(session, host).slug == "main"


@pytest.mark.parametrize(
    ("host", "folded"),
    [("A.Example:80", "a.example"), ("[::1]:8000", "[::1]"), ("a.example.", "a.example"), ("", "")],
)
def test_host_names_in_one_form(host: str, folded: str) -> None:
    assert service.fold_host(host) == folded


def test_a_brand_offers_what_it_chose_of_what_is_enabled(db: Database) -> None:
    enabled = ["card", "wallet", "manual"]
    with db.transaction() as session:
        brand_id = service.set_up(session, new("main"))
        assert service.offered_gateways(session, brand_id, enabled) == ("card", "wallet", "manual")
        for position, (gateway, on) in enumerate({"manual": True, "card": False, "gone": True}.items()):
            row = BrandGateway(id=new_id(), brand_id=brand_id, gateway=gateway, position=position, enabled=on)
            session.add(row)
        session.flush()
        assert service.offered_gateways(session, brand_id, enabled) == ("manual",)
        assert service.offered_gateways(session, brand_id, []) == ()


SENSELESS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"slug": "No"}, "slug"),
    ({"name": " "}, "name"),
    ({"number_prefix": "wh-"}, "number_prefix"),
    ({"currency": "XXX"}, "currency"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"hosts": ("OAK.example",)}, "hosts"),
)


def test_senseless_brands_are_refused(db: Database) -> None:
    with db.transaction() as session:
        service.set_up(session, new("oak", hosts=("oak.example",)))
        for facts, field in SENSELESS:
            with pytest.raises(InvalidFields) as refused:
                service.set_up(session, new("new", **facts) if "slug" not in facts else new(**facts))
            assert refused.value.messages.keys() == {field}
