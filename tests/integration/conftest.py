"""Integration tests end with the books in order, or they fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.billing.checks import breaches
from core.kernel import audit
from core.kernel.db import Database


@pytest.fixture(autouse=True)
def sound_books(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that took ``db``: every invariant of the ledger holds, and the audit chain too.

    A test that breaks them on purpose is marked ``breaks_the_books``.
    """
    wanted = "db" in request.fixturenames and request.node.get_closest_marker("breaks_the_books") is None
    db: Database | None = request.getfixturevalue("db") if wanted else None
    yield
    if db is not None:
        with db.read() as session:
            assert list(breaches(session)) == []
            assert list(audit.verify(session)) == []
