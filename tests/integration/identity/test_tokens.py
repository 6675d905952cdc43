"""Links and challenges that work once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.identity import tokens
from core.identity.models import OneTimeToken
from core.kernel.crypto import DecryptionError
from core.kernel.ids import new_id
from tests.fixtures.house import SmallHouse
from tests.integration.identity.people import hire

SHORT = timedelta(minutes=15)


def test_a_token_works_once_for_its_purpose_and_in_time(house: SmallHouse) -> None:  # A61
    user_id, now = hire(house), house.clock.now()
    with house.db.transaction() as session:
        token = tokens.make(session, user_id, tokens.RESET, SHORT, "203.0.113.7", now)
        assert tokens.peek(session, token, tokens.RESET, now) == user_id
        assert tokens.take(session, token, tokens.INVITE, now) is None
        assert tokens.take(session, token + "x", tokens.RESET, now) is None
        assert tokens.take(session, token, tokens.RESET, now + SHORT) is None
        assert tokens.take(session, token, tokens.RESET, now + SHORT - timedelta(seconds=1)) == user_id
        assert tokens.take(session, token, tokens.RESET, now) is None
    with house.db.read() as session:
        row = session.scalars(select(OneTimeToken)).one()
        assert token not in {str(getattr(row, column.key)) for column in OneTimeToken.__table__.columns}


def test_a_new_one_kills_the_older_of_its_kind_alone(house: SmallHouse) -> None:  # A61
    user_id, now = hire(house), house.clock.now()
    other = hire(house, "bob")
    with house.db.transaction() as session:
        first = tokens.make(session, user_id, tokens.RESET, SHORT, "", now)
        invite = tokens.make(session, user_id, tokens.INVITE, timedelta(days=7), "", now)
        theirs = tokens.make(session, other, tokens.RESET, SHORT, "", now)
        second = tokens.make(session, user_id, tokens.RESET, SHORT, "", now)
        assert tokens.take(session, first, tokens.RESET, now) is None
        assert tokens.take(session, second, tokens.RESET, now) == user_id
        assert tokens.take(session, invite, tokens.INVITE, now) == user_id
        assert tokens.take(session, theirs, tokens.RESET, now) == other


def test_a_reset_does_not_live_longer_than_a_quarter_of_an_hour(house: SmallHouse) -> None:
    user_id, now = hire(house), house.clock.now()
    with house.db.transaction() as session:
        with pytest.raises(ValueError, match="at most"):
            tokens.make(session, user_id, tokens.RESET, SHORT + timedelta(seconds=1), "", now)
        with pytest.raises(ValueError, match="nobody knows"):
            tokens.make(session, user_id, "open sesame", SHORT, "", now)


def test_a_challenge_for_somebody_is_for_nobody_else(house: SmallHouse) -> None:
    user_id, other, now = hire(house), hire(house, "bob"), house.clock.now()
    for asked, taken_by in ((user_id, other), (user_id, None), (None, user_id)):
        with house.db.transaction() as session:
            token = tokens.make(session, asked, tokens.PASSKEY, timedelta(minutes=5), "", now)
            assert not tokens.take_from(session, token, tokens.PASSKEY, taken_by, now)
            assert not tokens.take_from(session, token, tokens.PASSKEY, asked, now), "a wrong try uses it up"


def test_a_sealed_token_opens_for_its_user_and_purpose(house: SmallHouse) -> None:
    user_id = new_id()
    sealed = tokens.seal(house.keys, "the token", user_id, tokens.RESET)
    assert "the token" not in sealed
    assert tokens.unseal(house.keys, sealed, user_id, tokens.RESET) == "the token"
    for wrong in ((new_id(), tokens.RESET), (user_id, tokens.INVITE)):
        with pytest.raises(DecryptionError):
            tokens.unseal(house.keys, sealed, *wrong)
