"""What tests of the admin's pages stand on: the whole inn, and staff at its desk."""

from __future__ import annotations

import pytest

from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import Desk, open_desk


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Pages alone: what they call is tried on both databases elsewhere, and modules that draw every page
    or list say ``BOTH``."""
    return str(request.param)


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    """Every test here starts on the demo shop."""
    return demo_database_url


@pytest.fixture
def desk(inn: Inn) -> Desk:
    """Somebody who may do everything, signed in."""
    return open_desk(inn)
