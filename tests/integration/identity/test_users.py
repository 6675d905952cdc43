"""Users, roles, the first administrator, throttling under a crowd."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from core.identity import service
from core.identity.models import Role, RolePermission, Staff
from core.identity.permissions import PERMISSIONS
from core.identity.throttling import throttle
from core.kernel.db import Database
from core.kernel.problems import InvalidFields
from tests.fixtures.house import NOON, SmallHouse
from tests.fixtures.race import race
from tests.integration.identity.people import PASSWORD, hire, refused, sign_in, who


def test_what_is_taken_is_said_field_by_field(house: SmallHouse) -> None:
    hire(house)
    with house.db.transaction() as session:
        with pytest.raises(InvalidFields) as refusal:
            service.make_user(
                session, username="ADA", email="ada@EXAMPLE.com", password_hash="x", locale="en", now=NOON
            )
        assert refusal.value.messages.keys() == {"username", "email"}
        with pytest.raises(InvalidFields) as refusal:
            service.make_user(
                session, username="a b", email="nowhere", password_hash="x", locale="en", now=NOON
            )
        assert refusal.value.messages.keys() == {"username", "email"}
        assert service.taken(session, "ada", "new@example.com").keys() == {"username"}
        assert service.taken(session, "new", " Ada@example.com").keys() == {"email"}
        assert service.taken(session, "", "") == {}
        assert service.taken(session, "\x00", "\x00@x.com") == {}
        for themselves in (True, False):  # who may be that somebody is told to sign in; staff are not
            with pytest.raises(InvalidFields) as refusal:
                service.check_new_user(session, "new", "ada@example.com", themselves=themselves)
            assert ("Sign in, or" in refusal.value.messages["email"]) is themselves


def test_one_name_goes_to_one_of_many(db: Database) -> None:
    def register(number: int) -> tuple[str, ...]:
        try:
            with db.transaction() as session:
                service.make_user(
                    session, username="Ada", email=f"{number}@example.com", password_hash="x",
                    locale="en", now=NOON,
                )  # fmt: skip
        except InvalidFields as error:
            return tuple(error.messages)
        return ()

    assert sorted(race(20, register)) == [(), *[("username",)] * 19]


def test_the_first_administrator(house: SmallHouse) -> None:
    assert service.ensure_admin(house, "admin", PASSWORD)
    assert not service.ensure_admin(house, "admin", "something else entirely")
    identity = who(house, sign_in(house, username="admin"))
    assert identity is not None
    assert identity.permissions == PERMISSIONS.keys()
    refused(house, username="admin", password="something else entirely")


def test_the_operator_can_set_another_password(house: SmallHouse) -> None:
    service.ensure_admin(house, "admin", PASSWORD)
    token = sign_in(house, username="admin")
    assert not service.ensure_admin(house, "admin", PASSWORD, reset=True)
    assert who(house, token) is not None  # the same one: nobody is thrown out
    assert not service.ensure_admin(house, "admin", "short", reset=True)
    assert who(house, token) is None
    assert who(house, sign_in(house, username="admin", password="short"))


def test_processes_that_start_together_make_one_administrator(house: SmallHouse) -> None:
    made = race(6, lambda _: service.ensure_admin(house, "admin", PASSWORD))
    assert made.count(True) == 1
    with house.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == 1


def test_roles_grow_and_know_only_declared_permissions(house: SmallHouse) -> None:  # A44
    with house.db.transaction() as session:
        first = service.make_role(session, "Support", ["orders.view"])
        assert service.make_role(session, "Support", ["orders.view", "jobs.view"]) == first
        held = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == first))
        assert set(held) == {"orders.view", "jobs.view"}
        with pytest.raises(ValueError, match="unknown permissions: everything"):
            service.make_role(session, "Root", ["everything"])
        assert session.scalar(select(func.count()).select_from(Role)) == 1


def test_a_permission_nobody_declares_any_more_is_no_permission(house: SmallHouse) -> None:
    hire(house, "ada", "orders.view")
    token = sign_in(house)
    with house.db.transaction() as session:
        session.execute(update(RolePermission).values(permission="orders.burn"))
    identity = who(house, token)
    assert identity is not None
    assert identity.permissions == frozenset()


def test_a_crowd_gets_as_many_tries_as_there_are(house: SmallHouse) -> None:
    def one(_: int) -> bool:
        with house.db.transaction() as session:
            return throttle(session, "crowd", 7, 60, NOON)

    assert race(30, one).count(True) == 7


def test_throttle_windows(house: SmallHouse) -> None:
    def tries(count: int) -> list[bool]:
        with house.db.transaction() as session:
            return [throttle(session, "b", 2, 60, house.clock.now()) for _ in range(count)]

    assert tries(3) == [True, True, False]
    house.clock.advance(seconds=59)
    assert tries(1) == [False]
    house.clock.advance(seconds=1)
    assert tries(3) == [True, True, False]
    house.clock.advance(hours=-5)  # a clock that was wrong once must not shut the gate for good
    assert tries(3) == [True, True, False]
    with house.db.transaction() as session:
        assert throttle(session, "other", 1, 60, NOON)
        assert not throttle(session, "other", 0, 60, NOON)
