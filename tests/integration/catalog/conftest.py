"""A brand with a catalogue of its own for each test."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.brands import service as brands
from core.brands.values import NewBrand
from core.kernel.db import Database


@pytest.fixture
def brand_id(db: Database) -> UUID:
    with db.transaction() as session:
        return brands.set_up(session, NewBrand(slug="main", name="Wayside", currency="USD"))


@pytest.fixture
def other_brand_id(db: Database) -> UUID:
    with db.transaction() as session:
        return brands.set_up(session, NewBrand(slug="other", name="Other", currency="USD"))
