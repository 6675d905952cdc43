"""At which point an order's page stands, for everything that can become of an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.kernel.ids import new_id
from core.kernel.money import Money
from core.orders.values import Bill, OrderView, TaskState, TaskView
from core.plugin_api.values import Action, Instructions
from core.web.shop.stage import stage_of

USD = Money(14808, "USD")
NOTHING = Bill(lines=(), subtotal=USD, discounts=(), taxes=(), total=USD)


def order(*states: TaskState, **more: Any) -> OrderView:
    """An order whose charge and set-up stand at ``states``."""
    done = (TaskState.DONE, TaskState.DONE)
    tasks = tuple(
        TaskView(key=str(at), title="", detail="", state=state) for at, state in enumerate((*done, *states))
    )
    plain = OrderView(
        id=new_id(),
        label="WH-1",
        state="placed",
        placed_at=datetime(2026, 11, 20, tzinfo=UTC),
        bill=NOTHING,
        tasks=tasks,
        invoice_id=new_id(),
        invoice_label="",
        invoice_status="unpaid",
        total=USD,
        paid=Money(0, "USD"),
        email="",
        first_name="",
        username="",
        method_name="",
    )
    return replace(plain, **more)


S = TaskState
PAID: dict[str, Any] = {"invoice_status": "paid", "state": "provisioning"}
BANK = Instructions(title="", lines=())

CASES = {
    "charge is under way": (order(S.RUNNING, S.TODO), ("processing", "working", 2)),
    "paid, account being opened": (order(S.DONE, S.RUNNING, **PAID), ("processing", "working", 2)),
    "a job waits for its next try": (order(S.DONE, S.RUNNING, **PAID), ("processing", "working", 2)),
    "declined": (
        order(S.FAILED, S.TODO, needs_payment=True, finished=True, decline="No."),
        ("processing", "pay", 0),
    ),
    "wallet waits for approval": (order(S.WAITING, S.TODO, approve_url="x"), ("processing", "approve", 10)),
    "wallet, just created": (order(S.RUNNING, S.TODO, approve_url="x"), ("processing", "approve", 10)),
    "3-D Secure": (order(S.WAITING, S.TODO, action=Action(kind="authenticate")), ("processing", "action", 0)),
    "outcome unknown": (order(S.UNKNOWN, S.TODO), ("processing", "unknown", 10)),
    "eCheck on its way": (order(S.WAITING, S.TODO, settles=True, finished=True), ("placed", "waiting", 0)),
    "manual": (order(S.WAITING, S.TODO, instructions=BANK, finished=True), ("placed", "waiting", 0)),
    "manual after a decline": (
        order(S.FAILED, S.TODO, instructions=BANK, needs_payment=True, finished=True),
        ("placed", "waiting", 0),
    ),
    "set up": (
        order(S.DONE, S.DONE, invoice_status="paid", state="completed", finished=True),
        ("placed", "placed", 0),
    ),
    "with staff": (order(S.DONE, S.WAITING, finished=True, **PAID), ("placed", "staff", 0)),
    "job given up": (order(S.DONE, S.FAILED, finished=True, **PAID), ("placed", "staff", 0)),
    "cancelled": (order(S.FAILED, S.TODO, state="cancelled", finished=True), ("placed", "cancelled", 0)),
}


@pytest.mark.parametrize("name", CASES)
def test_where_the_page_stands(name: str) -> None:
    view, (page, mood, refresh) = CASES[name]
    stage = stage_of(view)
    assert (stage.page, stage.mood, stage.refresh) == (page, mood, refresh)


def test_what_can_move_is_looked_at_again_and_what_can_not_is_left_alone() -> None:
    for view, _ in CASES.values():
        stage = stage_of(view)
        assert stage.refresh == 0 or not view.finished


def test_coming_back_from_the_payment_site_looks_quickly() -> None:
    stage = stage_of(order(S.WAITING, approve_url="x"), came_back=True)
    assert (stage.mood, stage.refresh) == ("checking", 2)
    assert stage_of(order(S.DONE, S.RUNNING, **PAID), came_back=True).mood == "working"


def test_a_late_mail_holds_nothing_up() -> None:
    late = TaskView(key="mail", title="", detail="", state=S.WAITING)
    view = order(S.DONE, S.DONE, finished=True, **PAID)
    assert stage_of(replace(view, tasks=(*view.tasks, late))).mood == "placed"


def test_progress_counts_what_is_done() -> None:
    stage = stage_of(order(S.DONE, S.RUNNING, S.TODO))
    assert (stage.done, stage.total, stage.percent) == (3, 5, 60)
