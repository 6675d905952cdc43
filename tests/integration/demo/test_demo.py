"""The demo's shop: complete, sold at the prices of the pictures, and written once."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import demo
from core.brands import service as brands
from core.catalog import service as catalog
from core.catalog.editing import end_price
from core.catalog.rules import coupon_misses
from core.identity.models import Role
from core.kernel.calendar import Cycle
from core.kernel.db import Base
from core.kernel.money import Money
from core.provisioning import placement
from core.provisioning.models import Server
from core.settings import Settings
from core.tax import service as tax
from core.tax.values import Place
from tests.fixtures.house import SmallHouse

TODAY = date(2026, 11, 20)


def counts(session: Session) -> dict[str, Any]:
    return {
        table.name: session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.tables.values()
        if table.name != "counter"
    }


def test_the_shop_of_the_issue_stands(house: SmallHouse) -> None:
    brand = demo.set_up(house)
    with house.db.read() as session:
        assert brands.default_brand(session) == brand
        front = catalog.storefront(session, brand.id, "USD", TODAY)
        terms = catalog.terms(session, brand.id, TODAY)
        coupon = catalog.coupon(session, brand.id, "welcome10", TODAY)
        roles = set(session.scalars(select(Role.name)))
    prices = {
        offer.product.slug: [(str(price.cycle), price.amount) for price in offer.prices]
        for offer in front.offers
    }
    assert (brand.name, brand.currency, brand.number_prefix) == ("Wayside Hosting", "USD", "WH")
    assert brand.timezone == "America/Chicago"
    assert prices == {
        "starter-hosting": [("month:1", Money(600, "USD")), ("year:1", Money(6000, "USD"))],
        "business-hosting": [("month:1", Money(1400, "USD")), ("year:1", Money(14400, "USD"))],
        "example-domain": [("year:1", Money(1200, "USD"))],
    }
    assert [group.name for group in front.groups] == ["Hosting", "Domains"]
    assert terms is not None
    assert coupon is not None
    assert coupon_misses(coupon, ["example-domain"], "USD") != ""
    assert coupon_misses(coupon, ["example-domain", "starter-hosting"], "USD") == ""
    assert "Support" in roles


def test_texas_is_taxed_and_oregon_is_not(house: SmallHouse) -> None:
    brand = demo.set_up(house)
    with house.db.read() as session:
        texas = tax.rules_for(session, brand.id, Place(country="US", region="TX"), TODAY)
        oregon = tax.rules_for(session, brand.id, Place(country="US", region="OR"), TODAY)
    assert [(rule.name, str(rule.rate), str(rule.taxable_share)) for rule in texas] == [
        ("Texas sales tax", "0.0625", "0.80")
    ]
    assert oregon == ()


def test_hosting_goes_to_the_panel_and_domains_to_the_registrar(house: SmallHouse) -> None:
    brand = demo.set_up(house)
    with house.db.read() as session:
        servers = {row.plugin: row for row in session.scalars(select(Server))}
        product = catalog.product_by_slug(session, brand.id, "business-hosting")
        domain = catalog.product_by_slug(session, brand.id, "example-domain")
        settings = placement.open_settings(session, house, servers["sandbox_panel"].id)
        assert product is not None
        assert domain is not None
        assert (product.provisioner, product.pool_id) == ("sandbox_panel", servers["sandbox_panel"].pool_id)
        assert (domain.provisioner, domain.pool_id) == ("sandbox_registrar", None)
        assert product.provisioner_options == {"plan": "business"}
    assert settings == {"url": "http://127.0.0.1:8900", "secret_key": "sandbox-secret"}


def test_twice_is_once(house: SmallHouse) -> None:
    first = demo.set_up(house)
    with house.db.read() as session:
        before = counts(session)
    assert demo.set_up(house) == first
    with house.db.read() as session:
        assert counts(session) == before


def test_what_somebody_changed_stays_changed(house: SmallHouse) -> None:
    brand = demo.set_up(house)
    with house.db.transaction() as session:
        product = catalog.product_by_slug(session, brand.id, "starter-hosting")
        assert product is not None
        monthly = catalog.price_of(session, product.id, "USD", Cycle("month"), TODAY)
        assert monthly is not None
        assert end_price(session, monthly.id, TODAY)
    demo.set_up(house)
    with house.db.read() as session:
        assert catalog.price_of(session, product.id, "USD", Cycle("month"), TODAY) is None


def test_servers_follow_a_pretend_world_that_moved(house: SmallHouse) -> None:
    demo.set_up(house)
    house.settings = Settings(sandbox_port=8999)
    demo.set_up(house)
    with house.db.read() as session:
        rows = session.scalars(select(Server)).all()
        urls = {json.loads(placement.server_settings(session, house, row.id)[1])["url"] for row in rows}
    assert len(rows) == 2
    assert urls == {"http://127.0.0.1:8999"}
