"""Which lane a queue runs on."""

from __future__ import annotations

import pytest

from core.work.lanes import INSIDE, LANES, lane_of


@pytest.mark.parametrize("queue", ["default", "outbox", "mail", "never heard of", ""])
def test_inside_queues_share_the_inside_lane(queue: str) -> None:
    assert lane_of(queue, 1) is INSIDE


@pytest.mark.parametrize(("queue", "at_once"), [("gateway:card", 8), ("server:01a2", 2)])
def test_outside_queues_have_the_default_of_their_kind(queue: str, at_once: int) -> None:
    lane = lane_of(queue)
    assert (lane.at_once, lane.everywhere) == (at_once, True)


@pytest.mark.parametrize(("wanted", "given"), [(1, 1), (2, 2), (3, 2), (7, 4), (16, 16), (500, 16), (-4, 1)])
def test_a_limit_is_never_exceeded(wanted: int, given: int) -> None:
    assert lane_of("server:x", wanted).at_once == given


def test_every_lane_is_polled_by_every_worker() -> None:
    assert {lane_of("server:x", n) for n in range(1, 40)} <= set(LANES)
    assert len({lane.name for lane in LANES}) == len(LANES)
