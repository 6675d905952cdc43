"""Signing in and out, and how long a session lives."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from core.identity import guesses, passwords, service, signing, users
from core.identity.models import SignInSession, Staff, User
from core.identity.throttling import bucket_name, throttle
from core.kernel.audit import AuditEntry
from core.kernel.ids import hash_token
from tests.fixtures.house import NOON, SmallHouse
from tests.integration.identity.people import PASSWORD, QUICK, hire, refused, sign_in, who


def test_staff_sign_in_and_are_known(house: SmallHouse) -> None:
    user_id = hire(house, "ada", "orders.view", "jobs.work")
    token = sign_in(house)
    identity = who(house, token)
    assert identity is not None
    assert (identity.user_id, identity.username, identity.name) == (user_id, "ada", "Ada")
    assert identity.permissions == {"orders.view", "jobs.work"}
    assert identity.may("jobs.work")
    assert not identity.may("payments.refund")
    assert identity.actor == f"staff:{user_id}"
    assert identity.client_ids == ()


def test_only_the_hash_of_a_token_is_stored(house: SmallHouse) -> None:
    hire(house)
    token = sign_in(house, agent="x" * 1000)
    with house.db.read() as session:
        row = session.scalars(select(SignInSession)).one()
        assert row.token_hash == hash_token(token)
        stored = [str(getattr(row, column.key)) for column in SignInSession.__table__.columns]
        assert token not in stored
        assert len(row.agent) == 300
        user = session.scalars(select(User)).one()
        assert user.password_hash.startswith("$argon2id$")


def test_the_name_or_the_mail_address_opens(house: SmallHouse) -> None:
    hire(house)
    for username in ("ada", "ADA", " Ada ", "\uff41da", "ada@example.com", "Ada@Example.com"):
        assert who(house, sign_in(house, username=username)) is not None


def test_every_refusal_is_the_same(house: SmallHouse) -> None:  # A63
    hire(house)
    hire(house, "bob")
    with house.db.transaction() as session:
        session.execute(update(User).where(User.username == "bob").values(status="disabled"))
    answers = {
        refused(house, password="wrong"),
        refused(house, username="nobody"),
        refused(house, username=""),
        refused(house, username="ada\x00"),
        refused(house, username="x" * 10_000),
        refused(house, username="bob"),
        refused(house, password=""),
        refused(house, password=PASSWORD + "\x00"),
        refused(house, password="x" * 1_000_000),
        refused(house, area="portal"),
        refused(house, area="kitchen"),
    }
    assert len(answers) == 1
    assert "do not match" in answers.pop()


def test_unknown_users_cost_the_same_work(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:  # A63
    hire(house)
    work: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            work.append(name)
            return getattr(QUICK, name)

    passwords.warm_up()
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    for username in ("ada", "nobody", "", "ada\x00"):
        work.clear()
        refused(house, username=username, password="wrong")
        assert work == ["verify"], username


def test_tries_are_limited_per_account_and_network(house: SmallHouse) -> None:  # A64
    hire(house)
    for _ in range(signing.TRIES_PER_ACCOUNT):
        refused(house, password="wrong")
    refused(house)  # right, but too late: the gate is shut
    assert who(house, sign_in(house, ip="198.51.100.9"))  # the owner, from elsewhere
    refused(house, username="ADA")  # another spelling is the same account
    house.clock.advance(seconds=signing.WINDOW_SECONDS - 1)
    refused(house)
    house.clock.advance(seconds=1)
    assert who(house, sign_in(house))


def test_a_success_wipes_the_slate(house: SmallHouse) -> None:
    hire(house)
    for _ in range(5):
        for _ in range(signing.TRIES_PER_ACCOUNT - 1):
            refused(house, password="wrong", ip="203.0.113.8")
        sign_in(house, ip="203.0.113.8")


def test_one_network_cannot_try_many_accounts(house: SmallHouse) -> None:  # A64: spraying
    hire(house)
    for number in range(signing.TRIES_PER_NETWORK):
        refused(house, username=f"user-{number}", ip=f"2001:db8::{number:x}")
    refused(house, ip="2001:db8::ffff")
    assert who(house, sign_in(house, ip="2001:db8:0:1::1"))


def test_many_networks_cannot_try_one_account_for_ever(
    house: SmallHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert guesses.IN_A_ROW <= 100  # NIST SP 800-63B-4, 3.2.2
    monkeypatch.setattr(guesses, "IN_A_ROW", 6)
    user_id = hire(house)
    sign_in(house, device="a browser of hers")
    for number in range(guesses.IN_A_ROW):
        username = "ada" if number % 2 else "ada@example.com"  # one account, whatever it is called
        refused(house, username=username, password="wrong", ip=f"203.0.{number}.1")
    refused(house, ip="198.51.100.9", device="a new browser")
    refused(house, ip="198.51.100.9", device="")
    assert who(house, sign_in(house, ip="198.51.100.9", device="a browser of hers"))
    assert who(house, sign_in(house, ip="198.51.100.9", device="a new browser"))  # it begins anew
    for number in range(guesses.IN_A_ROW):
        refused(house, password="wrong", ip=f"203.0.{number}.2")
    house.clock.advance(seconds=guesses.WINDOW_SECONDS - 1)
    with house.db.transaction() as session:
        service.sweep(session, house.clock.now())
    refused(house, ip="198.51.100.9")  # what is swept daily does not open it
    with house.db.transaction() as session:
        users.set_password(session, user_id, QUICK.hash(PASSWORD), house.clock.now())
    assert who(house, sign_in(house, ip="198.51.100.9"))


def test_a_name_of_nobody_is_shut_as_any_other(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "IN_A_ROW", 3)
    for number in range(3):
        refused(house, username="nobody", ip=f"203.0.{number}.1")
    monkeypatch.setattr(passwords, "_HASHER", None)  # any use of it would raise
    refused(house, username="nobody", ip="198.51.100.9")


def test_good_sign_ins_do_not_use_up_the_network(house: SmallHouse) -> None:
    hire(house)
    for _ in range(signing.TRIES_PER_NETWORK + 5):
        sign_in(house)


def test_throttled_tries_cost_no_hash(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(house)
    for _ in range(signing.TRIES_PER_ACCOUNT):
        refused(house, password="wrong")
    monkeypatch.setattr(passwords, "_HASHER", None)  # any use of it would raise
    refused(house)


def test_signing_out_ends_it(house: SmallHouse) -> None:
    hire(house)
    first, second = sign_in(house), sign_in(house)
    assert first != second
    service.sign_out(house, first)
    service.sign_out(house, first)
    service.sign_out(house, "never given")
    assert who(house, first) is None
    assert who(house, second) is not None


def test_a_session_lives_while_it_is_used_and_no_longer_than_a_week(house: SmallHouse) -> None:
    hire(house)
    token = sign_in(house)
    for _ in range(16):  # every ten hours: 160 of 168
        house.clock.advance(hours=10)
        assert who(house, token) is not None
    house.clock.advance(hours=8)
    assert who(house, token) is None


def test_an_idle_session_ends_after_twelve_hours(house: SmallHouse) -> None:
    hire(house)
    token = sign_in(house)
    house.clock.advance(hours=11, minutes=59)
    assert who(house, token) is not None
    house.clock.advance(hours=12)
    assert who(house, token) is None


def test_looking_often_writes_seldom(house: SmallHouse) -> None:
    hire(house)
    token = sign_in(house)

    def seen() -> Any:
        with house.db.read() as session:
            return session.scalars(select(SignInSession.last_seen_at)).one()

    house.clock.advance(seconds=59)
    who(house, token)
    assert seen() == NOON
    house.clock.advance(seconds=1)
    who(house, token)
    assert seen() == house.clock.now()


def test_tokens_nobody_gave(house: SmallHouse) -> None:
    for token in ("", "nothing", "' OR 1=1 --", "\x00"):
        assert who(house, token) is None


def test_a_session_opens_one_area_only(house: SmallHouse) -> None:
    hire(house)
    token = sign_in(house)
    assert service.session_of(house, token, "portal") is None
    assert service.session_of(house, token, "kitchen") is None


def test_the_next_request_of_a_disabled_or_dismissed_user_fails(house: SmallHouse) -> None:  # A50
    ada, bob = hire(house), hire(house, "bob")
    tokens = sign_in(house), sign_in(house, username="bob")
    with house.db.transaction() as session:
        session.execute(update(User).where(User.id == ada).values(status="disabled"))
        session.delete(session.get_one(Staff, bob))
    assert [who(house, token) for token in tokens] == [None, None]


def test_a_new_password_ends_every_session(house: SmallHouse) -> None:  # A67
    user_id = hire(house)
    tokens = [sign_in(house), sign_in(house)]
    fresh = service.hash_password("another sentence to type")
    with house.db.transaction() as session:
        service.set_password(session, user_id, fresh, house.clock.now())
    assert [who(house, token) for token in tokens] == [None, None]
    refused(house)
    assert who(house, sign_in(house, password="another sentence to type"))


def test_outdated_hashes_are_renewed_at_sign_in(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(house)
    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", stronger)
    sign_in(house)
    with house.db.read() as session:
        record = session.scalars(select(User.password_hash)).one()
    assert not stronger.check_needs_rehash(record)
    assert who(house, sign_in(house))


def test_one_password_however_the_keyboard_writes_it(house: SmallHouse) -> None:
    record = service.hash_password("caf\u00e9 au lait pour deux")
    assert passwords.verify_password(record, "cafe\u0301 au lait pour deux")
    assert not passwords.verify_password(record, "cafe au lait pour deux")
    assert not passwords.verify_password("damaged", "cafe au lait pour deux")


def test_signing_in_is_on_the_record(house: SmallHouse) -> None:
    user_id = hire(house)
    sign_in(house, ip="203.0.113.7")
    with house.db.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.ip) == (f"staff:{user_id}", "user.sign_in", "203.0.113.7")


def test_sweeping_forgets_what_is_long_over(house: SmallHouse) -> None:
    hire(house)
    old = sign_in(house)
    refused(house, password="wrong")
    service.sign_out(house, old)
    house.clock.advance(days=31)
    live = sign_in(house)
    with house.db.transaction() as session:
        service.sweep(session, house.clock.now())
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 1
        assert throttle(session, bucket_name("sign-in", "203.0.113.7", "ada"), 1, 900, house.clock.now())
    assert who(house, live) is not None
