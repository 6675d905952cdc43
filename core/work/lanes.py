"""Which lane of the engine carries a queue.

Slices name queues freely: "mail", "gateway:card", "server:<id>". Polling every one of them would cost
idle time per queue, so a few lanes are polled and each queue is a partition of one: a queue that appears
later needs no registration, and a slow one holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

INSIDE_AT_ONCE = 16  # runs of one inside queue at once, per process: they wait for our own database
GATEWAY_AT_ONCE = 8
SERVER_AT_ONCE = 2  # what a panel bears unless its plugin says otherwise
STEPS = (1, 2, 4, 8, 16)  # limits that outside queues can have; others are rounded down
POLL_SECONDS = 0.2
RARE_POLL_SECONDS = 1.0

Limits = Callable[[Session, str], int | None]
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


def no_limits(_session: Session, _queue: str) -> None:
    """Every queue has the default of its kind."""


def is_outside(queue: str) -> bool:
    """Whether its runs wait for somebody else's machine."""
    return queue.partition(":")[0] in ("gateway", "server")


def lane_of(queue: str, limit: int | None = None) -> Lane:
    """The lane for a queue. Outside queues ("gateway:", "server:") share one lane per limit."""
    if not is_outside(queue):
        return INSIDE
    default = GATEWAY_AT_ONCE if queue.startswith("gateway:") else SERVER_AT_ONCE
    at_once = max(1, limit or default)
    return max((lane for lane in OUTSIDE if lane.at_once <= at_once), key=lambda lane: lane.at_once)
