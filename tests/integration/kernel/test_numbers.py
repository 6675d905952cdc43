"""Numbers without gaps, whatever fails and whoever else takes some."""

from __future__ import annotations

import pytest

from core.kernel import numbers
from core.kernel.db import Database
from tests.fixtures.race import race, race_in_transactions


def test_scopes_count_by_themselves(db: Database) -> None:
    with db.transaction() as session:
        assert numbers.take(session, "invoice:a") == range(1, 2)
        assert numbers.take(session, "invoice:a", 3) == range(2, 5)
        assert numbers.take(session, "invoice:b", first=1001) == range(1001, 1002)
        assert numbers.take(session, "invoice:b", first=5000) == range(1002, 1003)


def test_what_is_rolled_back_is_given_back(db: Database) -> None:
    def fail() -> None:
        with db.transaction() as session:
            numbers.take(session, "invoice", 10)
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            fail()
    with db.transaction() as session:
        assert numbers.take(session, "invoice") == range(1, 2)


def test_a_crowd_leaves_no_gap_and_takes_none_twice(db: Database) -> None:  # M73
    def one(number: int) -> list[int]:
        try:
            with db.transaction() as session:
                taken = numbers.take(session, "invoice", 1 + number % 3)
                if number % 5 == 0:
                    raise RuntimeError
        except RuntimeError:
            return []
        return list(taken)

    taken = [number for some in race(50, one) for number in some]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert len(taken) == sum(1 + number % 3 for number in range(50) if number % 5)


def test_transactions_that_all_began_before_any_took_one(db: Database) -> None:
    taken = race_in_transactions(db, 25, lambda session: numbers.take(session, "order")[0])
    assert sorted(taken) == list(range(1, 26))


@pytest.mark.parametrize("count", [0, -1])
def test_at_least_one(db: Database, count: int) -> None:
    with db.transaction() as session, pytest.raises(ValueError, match="at least one"):
        numbers.take(session, "invoice", count)
