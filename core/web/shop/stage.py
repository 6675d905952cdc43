"""At which point an order's page stands. Pure: it reads the order's view and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.orders.values import OrderView, TaskState

PROCESSING = "processing"
PLACED = "placed"
MAIL = "mail"  # the key of the task that tells of mails
LOOK_SECONDS = 2  # while something runs
WAIT_SECONDS = 10  # while only others can bring it on


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``mood`` picks the words: working, action, approve, checking, pay, unknown; and once it is placed:
    placed, waiting (for the money), staff, cancelled.

    ``refresh`` is how many seconds until the page looks again by itself; 0 for never.
    """

    page: str
    mood: str
    refresh: int
    done: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


def stage_of(view: OrderView, *, came_back: bool = False) -> Stage:
    """``came_back``: the buyer has just answered on the payment site or to their bank, and we ask it."""
    page, mood, refresh = _place(view)
    if came_back and mood in ("approve", "action"):
        mood, refresh = "checking", LOOK_SECONDS
    done = sum(task.state is TaskState.DONE for task in view.tasks)
    return Stage(page=page, mood=mood, refresh=refresh, done=done, total=len(view.tasks))


def _place(view: OrderView) -> tuple[str, str, int]:
    return next(answer for holds, answer in _RULES if holds(view))


def _has(view: OrderView, *states: TaskState) -> bool:
    return any(task.state in states for task in view.tasks)


def _is_moving(view: OrderView) -> bool:
    return not view.finished and _has(view, TaskState.RUNNING)


def _is_with_staff(view: OrderView) -> bool:
    """Paid, and nothing goes on by itself: a person of ours has to act. A late mail is no such thing."""
    stuck = any(
        task.state in (TaskState.WAITING, TaskState.FAILED) for task in view.tasks if task.key != MAIL
    )
    return view.invoice_status == "paid" and view.finished and stuck


# The first rule that holds decides.
_RULES: tuple[tuple[Callable[[OrderView], bool], tuple[str, str, int]], ...] = (
    (lambda view: view.state == "cancelled", (PLACED, "cancelled", 0)),
    (lambda view: view.action is not None, (PROCESSING, "action", 0)),
    (lambda view: bool(view.approve_url), (PROCESSING, "approve", WAIT_SECONDS)),
    (lambda view: view.needs_payment and view.instructions is None, (PROCESSING, "pay", 0)),
    (_is_moving, (PROCESSING, "working", LOOK_SECONDS)),
    (lambda view: _has(view, TaskState.UNKNOWN), (PROCESSING, "unknown", WAIT_SECONDS)),
    (lambda view: view.settles or view.instructions is not None, (PLACED, "waiting", 0)),
    (lambda view: view.state == "completed", (PLACED, "placed", 0)),
    (_is_with_staff, (PLACED, "staff", 0)),
    (lambda view: view.finished, (PLACED, "placed", 0)),
    (lambda view: True, (PROCESSING, "working", LOOK_SECONDS)),
)
