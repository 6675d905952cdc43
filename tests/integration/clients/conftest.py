"""A brand, and contacts that were checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.brands import service as brands
from core.brands.values import BrandView, NewBrand
from core.clients import service
from core.clients.rules import check_contact
from core.clients.values import CleanContact, NewClient
from tests.fixtures.house import SmallHouse

PASSWORD_HASH = "$argon2id$not-a-real-one"
FORM: dict[str, str | list[str]] = {
    "company_name": "Pinewood Bakery LLC",
    "first_name": "Adaeze",
    "last_name": "Okonkwo",
    "email": "adaeze@pinewoodbakery.example",
    "street_address": "2207 East Cesar Chavez Street",
    "city": "Austin",
    "state": "TX",
    "county": "Travis",
    "postal_code": "78702",
    "country": "US",
    "primary_phone": "+1 512 555 0186",
    "username": "adaeze",
    "language": "en",
    "email_format": "html",
    "email_actions": ["order_received", "invoice"],
}
Contact = Callable[..., CleanContact]
Make = Callable[..., NewClient]


@pytest.fixture
def brand(house: SmallHouse) -> BrandView:
    with house.db.transaction() as session:
        brand_id = brands.set_up(session, NewBrand(slug="main", name="Wayside", currency="USD"))
        return brands.brand_by_id(session, brand_id)


@pytest.fixture
def contact() -> Contact:
    """A checked contact; keywords change fields of its form."""

    def make(**changes: Any) -> CleanContact:
        return check_contact(FORM | changes, need_sign_in=False)

    return make


@pytest.fixture
def make_client(house: SmallHouse, brand: BrandView, contact: Contact) -> Make:
    """Make a client in a transaction of its own; keywords change fields of its form."""

    def make(**changes: Any) -> NewClient:
        with house.db.transaction() as session:
            return service.create_client(
                session, house, brand, contact(**changes), PASSWORD_HASH, house.clock.now()
            )

    return make
