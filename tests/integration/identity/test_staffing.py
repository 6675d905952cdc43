"""Roles and staff: nobody gives more than they have, nobody touches what is above them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.identity import roles, service, staffing, tokens
from core.identity.details import UNUSABLE
from core.identity.models import OneTimeToken, Staff, User
from core.identity.permissions import ADMINISTRATOR, PERMISSIONS
from core.identity.staffing import StaffForm
from core.identity.values import Identity
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused, Stale
from tests.fixtures.house import SmallHouse
from tests.fixtures.race import race
from tests.integration.identity.people import PASSWORD, hire, refused, sign_in, who

LITTLE = ("staff.view", "staff.edit", "orders.view")
FORM = StaffForm(name="Bo Berg", email="bo@example.com", role_id="")


def boss(house: SmallHouse, username: str = "boss") -> Identity:
    service.ensure_admin(house, username, PASSWORD)
    found = who(house, sign_in(house, username))
    assert found is not None
    return found


def clerk(house: SmallHouse, *permissions: str) -> Identity:
    hire(house, "clerk", *(permissions or LITTLE))
    found = who(house, sign_in(house, "clerk"))
    assert found is not None
    return found


def role_id(house: SmallHouse, name: str) -> UUID:
    with house.db.read() as session:
        return next(one.id for one in roles.list_roles(session) if one.name == name)


def add_role(house: SmallHouse, by: Identity, name: str, *permissions: str) -> UUID:
    with house.db.transaction() as session:
        return roles.add_role(session, by, name=name, permissions=permissions, now=house.clock.now())


def edit_role(house: SmallHouse, by: Identity, one: UUID, version: int, *permissions: str, name: str) -> bool:
    with house.db.transaction() as session:
        return roles.edit_role(
            session, by, one, version=version, name=name, permissions=permissions, now=house.clock.now()
        )


def test_a_role_is_within_the_permissions_of_who_makes_it(house: SmallHouse) -> None:  # A45
    by = clerk(house)
    made = add_role(house, by, "  Front   desk ", "orders.view")
    with house.db.read() as session:
        view = roles.role(session, made)
    assert (view.name, view.permissions, view.people) == ("Front desk", {"orders.view"}, 0)
    with pytest.raises(Refused, match=r"payments\.refund"):
        add_role(house, by, "Greedy", "orders.view", "payments.refund")
    with pytest.raises(Refused):
        edit_role(house, by, made, 1, "orders.view", "payments.refund", name="Front desk")
    with pytest.raises(InvalidFields):
        add_role(house, by, "Odd", "orders.veiw")
    for name in ("", " ", "x" * 81, "front desk\x00", "Front desk", ADMINISTRATOR, "administrator"):
        with pytest.raises(InvalidFields) as wrong:
            add_role(house, by, name, "orders.view")
        assert list(wrong.value.messages) == ["name"], name


def test_a_role_above_oneself_is_not_touched(house: SmallHouse) -> None:  # A45
    high = add_role(house, boss(house), "Cashier", "payments.refund")
    by = clerk(house)
    with pytest.raises(Refused):
        edit_role(house, by, high, 1, "orders.view", name="Cashier")
    with house.db.transaction() as session, pytest.raises(Refused):
        roles.remove_role(session, by, high, now=house.clock.now())


def test_the_administrators_role_is_fixed(house: SmallHouse) -> None:
    by = boss(house)
    with pytest.raises(Refused):
        edit_role(house, by, role_id(house, ADMINISTRATOR), 1, "orders.view", name="Less")
    with house.db.transaction() as session, pytest.raises(Refused):
        roles.remove_role(session, by, role_id(house, ADMINISTRATOR), now=house.clock.now())


def test_a_changed_role_acts_with_the_next_request(house: SmallHouse) -> None:  # A50
    by = boss(house)
    hire(house, "ada", "orders.view", "payments.refund")
    token = sign_in(house)
    one = role_id(house, "role of ada")
    assert edit_role(house, by, one, 1, "orders.view", name="Ada's")
    found = who(house, token)
    assert found is not None
    assert found.permissions == {"orders.view"}
    assert not edit_role(house, by, one, 2, "orders.view", name="Ada's"), "as it is already"
    with house.db.read() as session:
        entry = session.scalars(select(AuditEntry).filter_by(action="role.edit")).one()
    assert entry.before == {"name": "role of ada", "permissions": ["payments.refund"]}
    assert entry.after == {"name": "Ada's"}


def test_two_who_change_one_role_meet(house: SmallHouse) -> None:
    by = boss(house)
    one = add_role(house, by, "Desk", "orders.view")
    edit_role(house, by, one, 1, "orders.view", "orders.cancel", name="Desk")
    with pytest.raises(Stale) as stale:
        edit_role(house, by, one, 1, "jobs.view", name="Desk")
    assert stale.value.version == 2
    assert stale.value.theirs == {"name": "Desk", "permissions": "orders.view, orders.cancel"}


def test_a_role_that_somebody_has_stays(house: SmallHouse) -> None:
    by = boss(house)
    hire(house, "ada", "orders.view")
    with house.db.transaction() as session, pytest.raises(Conflict):
        roles.remove_role(session, by, role_id(house, "role of ada"), now=house.clock.now())
    spare = add_role(house, by, "Spare", "orders.view")
    with house.db.transaction() as session:
        roles.remove_role(session, by, spare, now=house.clock.now())
    with house.db.read() as session, pytest.raises(NotFound):
        roles.role(session, spare)


def add(house: SmallHouse, by: Identity, form: StaffForm, username: str = "bo.berg") -> UUID:
    with house.db.transaction() as session:
        return staffing.add_staff(house, session, by, form, username=username, ip="203.0.113.7")


def test_somebody_new_is_invited_and_has_no_password_yet(house: SmallHouse) -> None:
    by = clerk(house)
    one = add_role(house, by, "Front desk", "orders.view")
    user_id = add(house, by, replace(FORM, role_id=str(one)))
    with house.db.read() as session:
        user = session.get_one(User, user_id)
        assert user.password_hash == UNUSABLE
        invitation = session.scalars(select(OneTimeToken)).one()
        (event,) = session.scalars(select(OutboxEvent).filter_by(name="user.invited"))
        assert invitation.purpose == tokens.INVITE
        assert set(event.payload) == {"user_id", "area", "sealed"}
    for password in (UNUSABLE, "", "nobody has this password"):
        refused(house, username="bo.berg", password=password)
    token = tokens.unseal(house.keys, event.payload["sealed"], user_id, tokens.INVITE)
    staffing.resetting.choose(house, token, password=PASSWORD, confirm=PASSWORD, ip="")
    assert who(house, sign_in(house, "bo.berg"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "   "), ("name", "x" * 101), ("name", "Bo\x00"), ("name", "Bo\u202e"),
        ("email", ""), ("email", "bo"), ("email", "bo@localhost"), ("email", "bo@exa mple.com"),
        ("role_id", ""), ("role_id", "x"), ("role_id", "\x00"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_somebody_new_is_said_beside_the_field(
    house: SmallHouse, field: str, value: str
) -> None:
    by = clerk(house)
    good = replace(FORM, role_id=str(role_id(house, "role of clerk")))
    with pytest.raises(InvalidFields) as wrong:
        add(house, by, replace(good, **{field: value}))
    assert list(wrong.value.messages) == [field]


def test_names_of_all_scripts_are_taken(house: SmallHouse) -> None:
    by = clerk(house)
    good = replace(FORM, role_id=str(role_id(house, "role of clerk")))
    for number, name in enumerate(("山田 太郎", "عائشة", "José Muñoz", "O'Neill-Łukasz")):
        user_id = add(house, by, replace(good, name=name, email=f"n{number}@example.com"), f"name{number}")
        with house.db.read() as session:
            assert staffing.staff(session, user_id).name == name


def test_who_is_above_is_not_touched(house: SmallHouse) -> None:  # A45
    chief, by, now = boss(house), clerk(house), house.clock.now()
    mine = str(role_id(house, "role of clerk"))
    acts: tuple[Callable[[Session], object], ...] = (
        lambda s: staffing.edit_staff(
            s, by, chief.user_id, replace(FORM, role_id=mine), version=1, now=now
        ),
        lambda s: staffing.disable(s, by, chief.user_id, now=now),
        lambda s: staffing.enable(s, by, chief.user_id, now=now),
        lambda s: staffing.end_sessions(s, by, chief.user_id, now=now),
        lambda s: staffing.end_session(s, by, chief.user_id, chief.session_id, now=now),
        lambda s: staffing.reset_factor(house, s, by, chief.user_id, now=now),
        lambda s: staffing.invite_again(house, s, by, chief.user_id, ip=""),
    )  # fmt: skip
    for act in acts:
        with house.db.transaction() as session, pytest.raises(Refused):
            act(session)
    top = replace(FORM, role_id=str(role_id(house, ADMINISTRATOR)))
    with pytest.raises(Refused):
        add(house, by, top)
    with house.db.transaction() as session, pytest.raises(Refused):
        staffing.edit_staff(session, by, by.user_id, top, version=1, now=now)


def test_ones_own_role_and_standing_are_a_colleagues_matter(house: SmallHouse) -> None:  # A45
    by, now = boss(house), house.clock.now()
    other = str(add_role(house, by, "Less", "staff.view"))
    with house.db.transaction() as session, pytest.raises(Refused):
        staffing.edit_staff(session, by, by.user_id, replace(FORM, role_id=other), version=1, now=now)
    for act in (
        lambda s: staffing.disable(s, by, by.user_id, now=now),
        lambda s: staffing.reset_factor(house, s, by, by.user_id, now=now),
    ):
        with house.db.transaction() as session, pytest.raises(Conflict):
            act(session)


def test_disabled_is_out_with_the_next_request(house: SmallHouse) -> None:  # A50
    by, now = boss(house), house.clock.now()
    user_id = hire(house, "ada", "orders.view")
    token = sign_in(house)
    with house.db.transaction() as session:
        staffing.disable(session, by, user_id, now=now)
    assert who(house, token) is None
    refused(house)
    with house.db.transaction() as session:
        staffing.enable(session, by, user_id, now=now)
    assert who(house, token) is None, "the old session stays dead"
    assert who(house, sign_in(house, ip="198.51.100.20"))


def test_the_last_administrator_stays(house: SmallHouse) -> None:
    first, second = boss(house), boss(house, "chief")
    less = str(add_role(house, first, "Less", "staff.view"))

    pairs = ((first, second), (second, first))

    def take_away(number: int) -> bool:
        by, victim = pairs[number]
        try:
            with house.db.transaction() as session:
                staffing.disable(session, by, victim.user_id, now=house.clock.now())
        except Conflict:
            return False
        return True

    assert sorted(race(2, take_away)) == [False, True]
    with house.db.read() as session:
        left = [one for one in staffing.list_staff(session) if one.status == "active"]
    assert len(left) == 1
    by = replace(first, user_id=hire(house, "deputy", *PERMISSIONS))
    with house.db.transaction() as session, pytest.raises(Conflict):
        staffing.edit_staff(
            session, by, left[0].user_id, replace(FORM, role_id=less), version=1, now=house.clock.now()
        )


def test_a_changed_person_is_in_the_log_with_before_and_after(house: SmallHouse) -> None:
    by, now = boss(house), house.clock.now()
    user_id = hire(house, "ada", "orders.view")
    form = StaffForm(name="Ada B.", email="ada@example.com", role_id=str(role_id(house, "role of ada")))
    with house.db.transaction() as session:
        assert staffing.edit_staff(session, by, user_id, form, version=1, now=now)
        assert not staffing.edit_staff(session, by, user_id, form, version=2, now=now)
    with house.db.transaction() as session, pytest.raises(Stale):
        staffing.edit_staff(session, by, user_id, replace(form, name="X"), version=1, now=now)
    with house.db.read() as session:
        entry = session.scalars(select(AuditEntry).filter_by(action="staff.edit")).one()
        assert session.get_one(Staff, user_id).version == 2
    assert (entry.actor, entry.before, entry.after) == (by.actor, {"name": "Ada"}, {"name": "Ada B."})


def test_a_new_address_kills_links_to_the_old_one(house: SmallHouse) -> None:  # A61
    by, now = boss(house), house.clock.now()
    user_id = hire(house, "ada", "orders.view")
    with house.db.transaction() as session:
        token = tokens.make(session, user_id, tokens.RESET, tokens.LONGEST[tokens.RESET], "", now)
    form = StaffForm(name="Ada", email="new@example.com", role_id=str(role_id(house, "role of ada")))
    with house.db.transaction() as session:
        staffing.edit_staff(session, by, user_id, form, version=1, now=now)
        assert tokens.take(session, token, tokens.RESET, now) is None
    assert who(house, sign_in(house, "new@example.com"))
