"""Staff who sign in, for the tests of this folder."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from core.identity import service
from core.identity.service import NewStaff, SignInRefused
from core.identity.values import Identity
from tests.fixtures.house import SmallHouse

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "my cat likes warm bread"


def hire(house: SmallHouse, username: str = "ada", *permissions: str) -> UUID:
    password_hash = service.hash_password(PASSWORD)
    with house.db.transaction() as session:
        role_id = service.make_role(session, f"role of {username}", permissions)
        new = NewStaff(
            username=username, email=f"{username}@example.com", name="Ada", password_hash=password_hash,
            role_id=role_id,
        )  # fmt: skip
        return service.make_staff(session, new, house.clock.now())


def sign_in(house: SmallHouse, username: str = "ada", password: str = PASSWORD, **facts: Any) -> str:
    values = {"area": "admin", "ip": "203.0.113.7", "agent": "Firefox"} | facts
    return service.sign_in(house, username=username, password=password, **values)


def who(house: SmallHouse, token: str) -> Identity | None:
    return service.session_of(house, token, "admin")


def refused(house: SmallHouse, **facts: Any) -> str:
    with pytest.raises(SignInRefused) as refusal:
        sign_in(house, **facts)
    return str(refusal.value)
