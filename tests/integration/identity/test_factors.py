"""The second step, proof before money and secrets, recovery codes, devices."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, update

from core.identity import devices, factors, own, resetting, service, sessions, tokens
from core.identity.models import SecondFactor, SignInSession, User
from core.identity.values import PROVEN_FOR, Answer, FactorRefused, Identity, ProofRefused, SignInRefused
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import Conflict, NotFound, Refused
from tests.fixtures.house import SmallHouse
from tests.integration.identity.people import PASSWORD, hire, sign_in, who


def set_up(house: SmallHouse, user_id: UUID) -> tuple[str, tuple[str, ...]]:
    """An authenticator app and recovery codes."""
    with house.db.transaction() as session:
        factors.begin_totp(session, house.keys, user_id, house.clock.now())
        secret = factors.prepared(session, house.keys, user_id, house.clock.now())
        assert factors.confirm_totp(session, house.keys, user_id, code(house, secret), "", house.clock.now())
        codes = factors.new_codes(session, user_id)
    house.clock.advance(seconds=30)
    return secret, codes


def code(house: SmallHouse, secret: str) -> str:
    return pyotp.TOTP(secret).at(house.clock.now())


def show(house: SmallHouse, token: str, text: str) -> str:
    return service.show_factor(house, token, "admin", Answer(code=text), None)


def known(house: SmallHouse, token: str) -> Identity:
    found = who(house, token)
    assert found is not None
    return found


def test_half_way_is_not_in_and_does_not_last(house: SmallHouse) -> None:  # A66, A68
    user_id = hire(house)
    secret, _ = set_up(house, user_id)
    token = sign_in(house)
    assert who(house, token) is None
    held = service.waiting(house, token, "admin")
    assert held is not None
    assert held.user_id == user_id
    assert service.waiting(house, token, "portal") is None
    fresh = show(house, token, code(house, secret))
    assert fresh != token
    assert who(house, token) is None, "the token of the first step is dead"
    assert service.waiting(house, token, "admin") is None
    assert known(house, fresh).has_factor
    with pytest.raises(SignInRefused):
        show(house, fresh, code(house, secret))
    late = sign_in(house)
    house.clock.advance(minutes=11)
    with pytest.raises(SignInRefused):
        show(house, late, code(house, secret))


def test_a_code_counts_once_and_not_backwards(house: SmallHouse) -> None:  # A68
    secret, _ = set_up(house, hire(house))
    before = pyotp.TOTP(secret).at(house.clock.now() - timedelta(seconds=30))
    typed = code(house, secret)
    show(house, sign_in(house), f" {typed[:3]} {typed[3:]} ")
    for used in (typed, before):
        with pytest.raises(FactorRefused):
            show(house, sign_in(house), used)
    house.clock.advance(seconds=30)
    early = pyotp.TOTP(secret).at(house.clock.now() + timedelta(seconds=30))
    assert who(house, show(house, sign_in(house), early)), "a clock may be half a minute ahead"


@pytest.mark.parametrize(
    "text", ["", "      ", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "\x00" * 6]
)
def test_what_is_no_code_is_refused(house: SmallHouse, text: str) -> None:
    set_up(house, hire(house))
    with pytest.raises(FactorRefused):
        show(house, sign_in(house), text)


def test_five_tries_whatever_the_session_and_the_network(house: SmallHouse) -> None:  # A68
    secret, codes = set_up(house, hire(house))
    for number in range(factors.TRIES):
        with pytest.raises(FactorRefused):
            show(house, sign_in(house, ip=f"198.51.100.{number}"), "000000")
    for good in (code(house, secret), codes[0]):
        with pytest.raises(FactorRefused):
            show(house, sign_in(house, ip="198.51.100.99"), good)
    house.clock.advance(seconds=factors.WINDOW_SECONDS)
    assert who(house, show(house, sign_in(house), code(house, secret)))


def test_recovery_codes_work_once_and_are_kept_as_hashes(house: SmallHouse) -> None:
    user_id = hire(house)
    _, codes = set_up(house, user_id)
    assert len(set(codes)) == factors.CODES
    for one in codes[:3]:
        assert who(house, show(house, sign_in(house), one))
        with pytest.raises(FactorRefused):
            show(house, sign_in(house), one)
    with house.db.read() as session:
        assert factors.codes_left(session, user_id) == factors.CODES - 3
        secret = session.scalars(select(SecondFactor.secret_encrypted)).one()
    assert secret.startswith("v1.")


def test_proof_is_password_and_factor_and_holds_a_quarter_of_an_hour(house: SmallHouse) -> None:
    secret, _ = set_up(house, hire(house))
    token = show(house, sign_in(house), code(house, secret))
    person = known(house, token)
    assert person.is_proven(house.clock.now())
    house.clock.advance(seconds=PROVEN_FOR.total_seconds())
    assert not person.is_proven(house.clock.now())
    good = code(house, secret)
    for password, text in ((PASSWORD, "000000"), ("wrong", good), (PASSWORD, ""), ("", good)):
        with pytest.raises(ProofRefused):
            service.prove(house, person, password=password, answer=Answer(code=text), party=None, ip="")
        assert not known(house, token).is_proven(house.clock.now())
    fresh = service.prove(house, person, password=PASSWORD, answer=Answer(code=good), party=None, ip="")
    assert who(house, token) is None, "gaining rights turns the token"  # A66
    assert known(house, fresh).is_proven(house.clock.now())


def test_proof_is_throttled(house: SmallHouse) -> None:
    hire(house)
    person = known(house, sign_in(house))
    for _ in range(factors.TRIES):
        with pytest.raises(ProofRefused):
            service.prove(house, person, password="wrong", answer=Answer(), party=None, ip="")
    with pytest.raises(ProofRefused):
        service.prove(house, person, password=PASSWORD, answer=Answer(), party=None, ip="")


def test_a_new_factor_ends_other_sessions_and_the_last_stays(house: SmallHouse) -> None:  # A67
    hire(house)
    here, there = sign_in(house), sign_in(house)
    person = known(house, here)
    with house.db.transaction() as session:
        factors.begin_totp(session, house.keys, person.user_id, house.clock.now())
        secret = factors.prepared(session, house.keys, person.user_id, house.clock.now())
    fresh, codes = own.confirm_app(house, person, code=code(house, secret), label="")
    assert len(codes) == factors.CODES
    assert who(house, there) is None
    person = known(house, fresh)
    with house.db.read() as session:
        (kept,) = factors.list_factors(session, person.user_id)
    with house.db.transaction() as session, pytest.raises(Conflict):
        own.remove_factor(house, session, person, kept.id, must_have=True)
    with house.db.transaction() as session, pytest.raises(NotFound):
        own.remove_factor(house, session, person, person.user_id, must_have=False)
    with house.db.transaction() as session:
        own.remove_factor(house, session, person, kept.id, must_have=False)
        assert factors.codes_left(session, person.user_id) == 0
    assert who(house, sign_in(house)) is not None


def test_a_new_browser_is_told_of_and_a_known_one_is_not(house: SmallHouse) -> None:
    hire(house)
    for device, told in (("laptop", 0), ("laptop", 0), ("phone", 1), ("laptop", 1), ("phone", 1), ("", 2)):
        sign_in(house, device=device)
        with house.db.read() as session:
            found = session.scalars(select(OutboxEvent).filter_by(name=devices.NEW_DEVICE)).all()
        assert len(found) == told, device
    assert set(found[-1].payload) == {"user_id", "session_id", "area"}


def test_a_half_way_sign_in_tells_of_no_device(house: SmallHouse) -> None:
    hire(house)
    sign_in(house, device="laptop")
    with house.db.read() as session:
        user_id = session.scalars(select(User.id)).one()
    secret, _ = set_up(house, user_id)
    token = sign_in(house, device="thief")
    with house.db.read() as session:
        assert session.scalars(select(OutboxEvent).filter_by(name=devices.NEW_DEVICE)).all() == []
    service.show_factor(house, token, "admin", Answer(code=code(house, secret)), None, device="thief")
    with house.db.read() as session:
        assert len(session.scalars(select(OutboxEvent).filter_by(name=devices.NEW_DEVICE)).all()) == 1


def ask(house: SmallHouse, username: str = "ada", ip: str = "203.0.113.7") -> str:
    """Ask for a link; the token that goes into the mail, "" when there is none."""
    for subscriber in resetting.subscribers(house):
        if house.outbox.find(subscriber.name) is None:
            house.outbox.subscribe(subscriber)
    before = _asked(house)
    with house.db.read() as session:
        wanted = session.scalars(select(OutboxEvent.id).filter_by(name=resetting.WANTED)).all()
    resetting.ask(house, area="admin", username=username, ip=ip)
    with house.db.read() as session:
        new = select(OutboxEvent).filter_by(name=resetting.WANTED).where(OutboxEvent.id.not_in(wanted))
        facts = [(row.id, dict(row.payload)) for row in session.scalars(new)]
    for fact_id, payload in facts:
        typed = username.strip()  # as a word: an id may hold "ada" among its digits
        assert not typed or not re.search(rf"\b{re.escape(typed)}\b", str(payload))
        fact = resetting.Fact(
            id=fact_id, name=resetting.WANTED, occurred_at=house.clock.now(), payload=payload
        )
        resetting._answer(house)(fact)
        resetting._answer(house)(fact)  # offered twice: one link
    made = _asked(house)[len(before) :]
    if not made:
        return ""
    (payload,) = made
    return tokens.unseal(house.keys, payload["sealed"], UUID(payload["user_id"]), tokens.RESET)


def _asked(house: SmallHouse) -> list[dict[str, str]]:
    with house.db.read() as session:
        found = select(OutboxEvent).filter_by(name=resetting.ASKED).order_by(OutboxEvent.id)
        return [dict(row.payload) for row in session.scalars(found)]


def test_a_link_is_for_who_is_known_here_and_for_nobody_else(house: SmallHouse) -> None:  # A63
    user_id = hire(house)
    assert ask(house)
    for username in ("nobody", "", "ada\x00", "x" * 9999):
        assert ask(house, username) == ""
    with house.db.transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(status="disabled"))
    assert ask(house, ip="198.51.100.1") == ""


def test_nobodys_mailbox_is_filled(house: SmallHouse) -> None:
    hire(house)
    made = [ask(house, ip=f"198.51.{number}.1") for number in range(resetting.ASKS_PER_ACCOUNT + 3)]
    assert len([one for one in made if one]) == resetting.ASKS_PER_ACCOUNT
    house.clock.advance(seconds=resetting.ACCOUNT_WINDOW)
    assert ask(house)


def test_a_reset_ends_everything_and_still_asks_for_the_factor(house: SmallHouse) -> None:  # A61, A67, A68
    user_id = hire(house)
    secret, _ = set_up(house, user_id)
    old = show(house, sign_in(house), code(house, secret))
    first, second = ask(house), ask(house)
    new = "a completely other sentence"
    with pytest.raises(NotFound):
        resetting.choose(house, first, password=new, confirm=new, ip="")
    resetting.choose(house, second, password=new, confirm=new, ip="")
    assert who(house, old) is None
    with pytest.raises(NotFound):
        resetting.choose(house, second, password=new, confirm=new, ip="")
    token = sign_in(house, password=new)
    assert who(house, token) is None
    assert service.waiting(house, token, "admin") is not None


def test_signing_in_kills_an_open_link(house: SmallHouse) -> None:  # A61
    hire(house)
    token = ask(house)
    sign_in(house)
    assert not resetting.check_link(house, token, ip="")


def test_links_can_not_be_guessed_through(house: SmallHouse) -> None:  # A62
    for _ in range(resetting.GUESSES_PER_NETWORK):
        assert not resetting.check_link(house, "a guess", ip="203.0.113.7")
    with pytest.raises(Refused):
        resetting.check_link(house, "a guess", ip="203.0.113.7")
    assert not resetting.check_link(house, "a guess", ip="198.51.100.7")


def test_staff_inside_an_account_leave_with_their_permission(house: SmallHouse) -> None:  # A50
    client, staff_id = hire(house, "client"), hire(house, "ada", "clients.impersonate")
    own_door = sign_in(house)
    with house.db.transaction() as session:
        token = service.open_acting(
            session, user_id=client, staff_id=staff_id, ip="", agent="", now=house.clock.now()
        )
    person = service.session_of(house, token, "portal")
    assert person is not None
    assert (person.actor, person.acting_for) == (f"staff:{staff_id}", f"client:{client}")
    with house.db.transaction() as session:
        session.execute(update(User).where(User.id == staff_id).values(status="disabled"))
    assert service.session_of(house, token, "portal") is None
    with house.db.transaction() as session:
        session.execute(update(User).where(User.id == staff_id).values(status="active"))
    house.clock.advance(minutes=59)
    assert service.session_of(house, token, "portal") is not None
    assert who(house, own_door) is not None
    house.clock.advance(minutes=1)
    assert service.session_of(house, token, "portal") is None, "an hour, however busy"


def test_staff_who_sign_out_are_out_of_the_account_too(house: SmallHouse) -> None:
    """A door they went through yesterday, and never closed, holds nothing open."""
    client, staff_id = hire(house, "client"), hire(house, "ada", "clients.impersonate")
    sign_in(house)
    house.clock.advance(hours=13)  # longer than that session lives unused
    door = sign_in(house)
    with house.db.transaction() as session:
        token = service.open_acting(
            session, user_id=client, staff_id=staff_id, ip="", agent="", now=house.clock.now()
        )
    assert service.session_of(house, token, "portal") is not None
    service.sign_out(house, door)
    assert service.session_of(house, token, "portal") is None


def test_sessions_are_ones_own(house: SmallHouse) -> None:
    hire(house)
    hire(house, "bob")
    mine, theirs = known(house, sign_in(house)), known(house, sign_in(house, username="bob"))
    with house.db.transaction() as session:
        assert not sessions.revoke_one(session, mine.user_id, theirs.session_id, house.clock.now())
        listed = sessions.list_sessions(session, mine.user_id, house.clock.now(), this=mine.session_id)
        assert [one.id for one in listed] == [mine.session_id]
        assert listed[0].is_this
        assert (
            session.scalars(select(SignInSession).filter_by(user_id=theirs.user_id)).one().revoked_at is None
        )


def test_what_people_do_to_their_account_is_in_the_log(house: SmallHouse) -> None:
    hire(house)
    person = known(house, sign_in(house))
    with house.db.transaction() as session:
        own.end_others(house, session, person)
    service.prove(house, person, password=PASSWORD, answer=Answer(), party=None, ip="")
    with house.db.read() as session:
        entries = {row.action for row in session.scalars(select(AuditEntry))}
    assert {"user.sign_in", "user.prove", "user.end_sessions"} <= entries
