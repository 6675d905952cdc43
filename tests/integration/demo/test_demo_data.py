"""Made-up clients: as many as asked for, whole, found, and gone on with after a stop."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core import demo
from core.billing.checks import breaches
from core.billing.models import Invoice
from core.brands import service as brands
from core.clients.models import Client, Contact
from core.demo_data import loading
from core.kernel import search
from core.services.models import Service
from tests.fixtures.house import SmallHouse


def count(house: SmallHouse, table: type) -> int:
    with house.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_as_many_as_asked_for_and_the_books_hold(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 40)
    monkeypatch.setattr(loading, "MANY", 50)
    brand = demo.set_up(house)
    running = loading.load(house.db, brand, 100, house.clock.now())
    assert [next(running), next(running)] == [0, 40]
    running.close()  # stopped in the middle of the work
    seen: list[int] = []
    loading.fill(house.db, brand, 100, house.clock.now(), seen.append)
    assert seen == [40, 80, 100]
    loading.fill(house.db, brand, 100, house.clock.now(), seen.append)
    assert seen[3:] == [100]
    assert (count(house, Client), count(house, Contact), count(house, Service)) == (100, 120, 120)
    assert count(house, Invoice) == 40
    with house.db.read() as session:
        assert [one.rule for one in breaches(session)] == []
        ids = session.scalars(select(Client.id).order_by(Client.number)).all()
        assert list(ids) == sorted(ids)  # numbers follow time
        hits = search.find(session, "example", "client", limit=200)
        assert [one.subject_id for one in hits] == sorted(ids, reverse=True)
        assert brands.default_brand(session).id == brand.id
