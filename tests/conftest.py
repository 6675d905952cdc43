"""What every test stands on. Fixtures live in ``tests/fixtures``, one module per thing."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The conformance kits assert inside core.testing: rewritten, their failures show the values.
pytest.register_assert_rewrite("core.testing", "tests.fixtures")

settings.register_profile("innkeeper", deadline=None, print_blob=True)
settings.load_profile("innkeeper")

pytest_plugins = [
    "tests.fixtures.environment",
    "tests.fixtures.postgres",
    "tests.fixtures.crash",
    "tests.fixtures.database",
    "tests.fixtures.demo_shop",
    "tests.fixtures.house",
    "tests.fixtures.innkeeper",
    "tests.fixtures.localstripe",
    "tests.fixtures.powerdns",
]
