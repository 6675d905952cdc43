"""Clocks are aware, and stand still until they are moved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.kernel.clock import FixedClock, SystemClock, local_date


def test_the_system_clock_is_aware() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("America/Chicago")))
    assert clock.now() == clock.now() == datetime(2026, 11, 20, 18, tzinfo=UTC)
    clock.advance(days=1, hours=-2)
    assert clock.now() == datetime(2026, 11, 21, 16, tzinfo=UTC)


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 11, 20, 12))  # noqa: DTZ001


def test_a_day_is_local() -> None:
    instant = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert local_date(instant, "UTC") == date(2026, 11, 20)
    assert local_date(instant, "America/Chicago") == date(2026, 11, 19)
    assert local_date(instant.astimezone(ZoneInfo("Asia/Tokyo")), "America/Chicago") == date(2026, 11, 19)
