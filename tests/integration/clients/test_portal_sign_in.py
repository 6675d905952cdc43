"""A client's own sign-in: into the portal, for the clients they act for, and nowhere else."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import delete

from core.brands.values import BrandView
from core.clients import service
from core.identity import passwords
from core.identity import service as identity
from core.identity.models import Membership
from core.identity.service import SignInRefused
from tests.fixtures.house import SmallHouse
from tests.integration.clients.conftest import Contact

PASSWORD = "my cat likes warm bread"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)


def test_a_buyer_signs_in_where_buyers_do(house: SmallHouse, brand: BrandView, contact: Contact) -> None:
    password_hash = identity.hash_password(PASSWORD)
    with house.db.transaction() as session:
        new = service.create_client(session, house, brand, contact(), password_hash, house.clock.now())
        assert identity.username_for(session, new.client_id) == "adaeze"

    def sign_in(area: str) -> str:
        return identity.sign_in(
            house, area=area, username="adaeze", password=PASSWORD, ip="203.0.113.7", agent=""
        )

    token = sign_in("portal")
    who = identity.session_of(house, token, "portal")
    assert who is not None
    assert who.client_ids == (new.client_id,)
    assert who.permissions == frozenset()
    assert who.actor == f"client:{new.user_id}"
    assert identity.session_of(house, token, "admin") is None
    with pytest.raises(SignInRefused):
        sign_in("admin")
    with house.db.transaction() as session:
        session.execute(delete(Membership))
    with pytest.raises(SignInRefused):
        sign_in("portal")
