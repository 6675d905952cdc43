"""What tests of the read models stand on."""

from __future__ import annotations

import pytest

from core.kernel.db import Database
from tests.integration.read_models.rows import Rows


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)


@pytest.fixture
def sound_books() -> None:
    """Rows are written by hand here, without their ledger: there are no invariants to hold after a test."""
