"""Which lane of the engine carries a queue.

Slices name queues freely: "mail", "gateway:card", "server:<id>". Polling every one of them would cost
idle time per queue, so a few lanes are polled and each queue is a partition of one: a queue that appears
later needs no registration, and a slow one holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

INSIDE_AT_ONCE = 16  # runs of one inside queue at once, per process: they wait for our own database
GATEWAY_AT_ONCE = 8
SERVER_AT_ONCE = 2  # what a panel bears unless its plugin says otherwise
STEPS = (1, 2, 4, 8, 16)  # limits that outside queues can have; others are rounded down
POLL_SECONDS = 0.2
RARE_POLL_SECONDS = 1.0

Limits = Callable[[str], int | None]
"""Says how many calls a queue bears at once, over all processes; None for the default of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """``at_once`` holds per queue: over all processes when ``everywhere``, otherwise in each."""

    name: str
    at_once: int
    everywhere: bool
    poll_seconds: float


INSIDE = Lane(name="inside", at_once=INSIDE_AT_ONCE, everywhere=False, poll_seconds=POLL_SECONDS)
OUTSIDE = tuple(
    Lane(
        name=f"outside-{step}",
        at_once=step,
        everywhere=True,
        poll_seconds=POLL_SECONDS if step in (GATEWAY_AT_ONCE, SERVER_AT_ONCE) else RARE_POLL_SECONDS,
    )
    for step in STEPS
)
LANES = (INSIDE, *OUTSIDE)


def no_limits(_queue: str) -> None:
    """Every queue has the default of its kind."""


def lane_of(queue: str, limits: Limits = no_limits) -> Lane:
    """The lane for a queue. Outside queues ("gateway:", "server:") share one lane per limit."""
    kind = queue.partition(":")[0]
    default = {"gateway": GATEWAY_AT_ONCE, "server": SERVER_AT_ONCE}.get(kind)
    if default is None:
        return INSIDE
    at_once = max(1, limits(queue) or default)
    return max((lane for lane in OUTSIDE if lane.at_once <= at_once), key=lambda lane: lane.at_once)
