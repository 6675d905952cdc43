"""What every test stands on. Fixtures live in ``tests/fixtures``, one module per thing."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

# The conformance kits assert inside core.testing: rewritten, their failures show the values.
pytest.register_assert_rewrite("core.testing", "tests.fixtures")

gc.disable()  # until all modules are there: see ``pytest_collection_finish``

settings.register_profile("innkeeper", deadline=None, print_blob=True)
settings.load_profile("innkeeper")

pytest_plugins = [
    "tests.fixtures.environment",
    "tests.fixtures.once",
    "tests.fixtures.postgres",
    "tests.fixtures.crash",
    "tests.fixtures.database",
    "tests.fixtures.demo_shop",
    "tests.fixtures.house",
    "tests.fixtures.innkeeper",
    "tests.fixtures.localstripe",
    "tests.fixtures.powerdns",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: begun last, they would be waited for with one core idle."""
    items.sort(key=lambda item: item.get_closest_marker("crash") is None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk through it again and again, which took a
    seventh of the suite's time. It runs a bit more rarely, too."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
