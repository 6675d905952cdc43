"""The pretend world in the test's own process, on a clock the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from core.testing.sandbox.app import create_app
from core.testing.sandbox.world import World, open_world
from tests.unit.testing.sandbox.caller import Caller, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(tmp_path: Path, clock: HandClock) -> Iterator[World]:
    made = open_world(tmp_path / "sandbox", now=clock)
    yield made
    made.close()


@pytest.fixture
def app(world: World) -> Flask:
    return create_app(world)


@pytest.fixture
def call(app: Flask) -> Caller:
    return Caller(app.test_client())
