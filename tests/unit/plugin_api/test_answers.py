"""A provider's surprise is no answer, and never a wrong fact."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import Money

GOOD = {
    "id": "ch_1", "amount": 1000, "currency": "USD", "paid": True, "at": "2026-03-01T12:00:00-06:00",
    "on": "2027-03-01", "names": ["a", "b"], "inner": {"id": "x"}, "rows": [{"id": "y"}], "none": None,
}  # fmt: skip


def answer(**changes: Any) -> Answer:
    return Answer.parse(json.dumps({**GOOD, **changes}).encode())


def test_a_good_answer_is_read() -> None:
    told = answer()
    assert told.text("id") == "ch_1"
    assert told.money() == Money(1000, "USD")
    assert told.flag("paid") is True
    assert told.instant("at") == datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
    assert told.day("on") == date(2027, 3, 1)
    assert told.texts("names") == ("a", "b")
    assert told.object("inner").text("id") == "x"
    assert [row.text("id") for row in told.objects("rows")] == ["y"]
    assert (told.optional_text("none"), told.optional_text("gone"), told.has("id")) == (None, None, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"7", b'"x"', b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000],
)
def test_what_is_not_a_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        Answer.parse(body)


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"id": ""}, lambda a: a.text("id")),
        ({"id": 7}, lambda a: a.text("id")),
        ({"id": None}, lambda a: a.text("id")),
        ({"amount": "1000"}, lambda a: a.whole("amount")),
        ({"amount": 10.0}, lambda a: a.whole("amount")),
        ({"amount": True}, lambda a: a.whole("amount")),
        ({"currency": "usd"}, lambda a: a.money()),
        ({"currency": "DOLLAR"}, lambda a: a.money()),
        ({"paid": 1}, lambda a: a.flag("paid")),
        ({"paid": "true"}, lambda a: a.flag("paid")),
        ({"at": "2026-03-01T12:00:00"}, lambda a: a.instant("at")),
        ({"at": "soon"}, lambda a: a.instant("at")),
        ({"on": "2027-02-30"}, lambda a: a.day("on")),
        ({"names": ["a", 1]}, lambda a: a.texts("names")),
        ({"names": "ab"}, lambda a: a.texts("names")),
        ({"inner": []}, lambda a: a.object("inner")),
        ({"rows": [1]}, lambda a: a.objects("rows")),
        ({"rows": {}}, lambda a: a.objects("rows")),
    ],
)
def test_another_type_is_no_answer(change: dict[str, Any], read: Callable[[Answer], object]) -> None:
    with pytest.raises(NoAnswer) as raised:
        read(answer(**change))
    name = next(iter(change))
    assert f"{name} is not " in str(raised.value)


def test_the_place_is_told_but_not_the_value() -> None:
    with pytest.raises(NoAnswer, match=r"the answer, inner: id is not a text") as raised:
        answer(inner={"id": ["canary"]}).object("inner").text("id")
    assert "canary" not in str(raised.value)
