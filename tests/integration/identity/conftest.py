"""Password hashes that cost little, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.identity import passwords
from tests.integration.identity.people import QUICK


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real algorithm with little work, so that a hundred sign-ins take no minute."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK)
    passwords._decoy.cache_clear()
    yield
    passwords._decoy.cache_clear()
