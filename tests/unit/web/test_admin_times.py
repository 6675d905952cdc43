"""Instants in the admin: the day is said unless it is today, the year unless it is this one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask, g

from core.web.admin import times
from core.web.current import EXTENSION

NOW = datetime(2026, 11, 20, 20, 21, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def request_at_that_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request of a brand in UTC."""
    app = Flask(__name__)
    app.extensions[EXTENSION] = None
    monkeypatch.setattr(times, "now", lambda: NOW)
    with app.test_request_context():
        g.brand = None
        yield


@pytest.mark.parametrize(
    ("at", "stamp", "moment", "soon"),
    [
        (NOW, "8:21:04 PM", "Nov 20, 8:21 PM", "8:21 PM"),
        (NOW.replace(day=3), "Nov 3, 8:21:04 PM", "Nov 3, 8:21 PM", "Nov 3, 8:21 PM"),
        (NOW.replace(year=2025), "Nov 20, 2025, 8:21:04 PM", "Nov 20, 2025", "Nov 20, 8:21 PM"),
    ],
)
def test_instants_say_what_is_not_obvious(at: datetime, stamp: str, moment: str, soon: str) -> None:
    said = [text.replace("\xa0", " ") for text in (times.stamp(at), times.moment(at), times.soon(at))]
    assert said == [stamp, moment, soon]
