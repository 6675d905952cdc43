"""A brand to write for."""

from __future__ import annotations

import pytest

from core.brands.values import BrandView
from tests.fixtures.brand import WAYSIDE


@pytest.fixture
def brand() -> BrandView:
    return WAYSIDE
