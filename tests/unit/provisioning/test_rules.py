"""Placement, names and patience. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plugin_api.provisioner import UsernameRules
from core.provisioning.rules import (
    BUILDS_FOR,
    MAX_TRIES,
    choose_server,
    marker_of,
    next_question,
    next_try,
    sentence,
    usernames,
)
from core.provisioning.values import ServerView

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
SERVICE = UUID("01a20e48-5292-768c-a137-63ca3f5e6107")


def server(name: str, reserved: int = 0, capacity: int | None = None, **facts: object) -> ServerView:
    values = {"pool_id": None, "plugin": "panel", "weight": 1, "state": "ok"} | facts
    return ServerView(id=uuid4(), name=name, reserved=reserved, capacity=capacity, **values)  # type: ignore[arg-type]


def order(servers: list[ServerView], strategy: str) -> list[str]:
    return [one.name for one in choose_server(servers, strategy)]


def test_spread_takes_the_emptiest_by_weight_and_fill_the_fullest() -> None:
    servers = [server("a", 4), server("b", 6, weight=3), server("c", 1), server("d", 1)]
    assert order(servers, "spread") == ["c", "d", "b", "a"]
    assert order(servers, "fill") == ["b", "a", "c", "d"]


def test_full_and_idle_servers_are_left_out() -> None:
    servers = [server("full", 2, 2), server("down", state="down"), server("cordoned", state="cordoned"),
               server("room", 1, 2)]  # fmt: skip
    assert order(servers, "spread") == ["room"]


def test_the_same_service_gets_the_same_names() -> None:
    names = list(usernames("pinewood.example", SERVICE, UsernameRules()))
    assert names == list(usernames("pinewood.example", SERVICE, UsernameRules()))
    assert len(set(names)) == len(names) == 5
    assert all(name.startswith("pinew") for name in names)


@given(st.text(max_size=80), st.integers(4, 16))
def test_names_keep_the_panels_rules(domain: str, length: int) -> None:
    rules = UsernameRules(max_length=length)
    for name in usernames(domain, SERVICE, rules):
        assert 1 <= len(name) <= length
        assert name[0].isalpha()
        assert set(name) <= set(rules.alphabet)


def test_reserved_names_are_not_used() -> None:
    first = next(usernames("pinewood.example", SERVICE, UsernameRules()))
    kept = UsernameRules(reserved=frozenset({first}))
    assert first not in list(usernames("pinewood.example", SERVICE, kept))


def test_patience() -> None:
    waits = [next_try(tries, NOW) for tries in range(1, MAX_TRIES + 1)]
    assert waits[-1] is None
    assert [wait - NOW for wait in waits if wait] == [
        timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200, 7200)
    ]


def test_polls_are_no_tries() -> None:
    assert next_question(NOW - timedelta(hours=50), NOW) == NOW + timedelta(minutes=10)
    assert next_question(NOW - BUILDS_FOR - timedelta(seconds=1), NOW) is None


@pytest.mark.parametrize("service_id", [SERVICE])
def test_the_marker_names_the_service(service_id: UUID) -> None:
    assert marker_of(service_id) == f"ik:{service_id}"


@pytest.mark.parametrize(
    ("note", "read"),
    [
        ("", ""),
        (" done ", "done."),
        ("It is there.", "It is there."),
        ("Really?", "Really?"),
        ("a: b", "a: b."),
    ],
)
def test_a_note_ends_as_a_sentence(note: str, read: str) -> None:
    assert sentence(note) == read
