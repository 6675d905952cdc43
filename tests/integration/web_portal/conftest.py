"""What tests of the portal stand on: the whole inn, and guests at its door."""

from __future__ import annotations

import pytest

from tests.fixtures.innkeeper import Inn
from tests.integration.web_portal.guest import Guest, open_door


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
def guest(inn: Inn) -> Guest:
    """A browser that nobody has signed in with."""
    return open_door(inn)
