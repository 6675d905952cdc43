"""Killed at every durable step of an order, once each: it ends by itself, once, with its books in order.

In this process, which is quick, around the calls of wallet and eCheck, and again and again with each method.
An order by card dies at every step as a whole process, by ``kill -9``: see ``tests/crash``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select

from core.billing.checks import breaches
from core.kernel.outbox import OutboxDelivery
from core.mail.models import MailMessage
from core.orders.models import Order
from core.payments import schedules
from core.payments.models import Attempt
from core.services.models import Service
from tests.fixtures.crash import Boom, DyingEngine, Fuse
from tests.fixtures.innkeeper import Inn

Lay = Callable[..., Fuse]
BOOKS = {
    "sandbox_card": ("charges", "succeeded"),
    "sandbox_wallet": ("payments", "captured"),
    "sandbox_echeck": ("transfers", "settled"),
}


@pytest.fixture
def dying(inn: Inn) -> Inn:
    """The inn with an engine that takes a run up again when its process died."""
    inn.engine.__class__ = DyingEngine  # the same object: everybody holds it already
    return inn


def survive(inn: Inn, step: Callable[[], object]) -> object:
    """Do it until it is done, however often the process dies."""
    while True:
        try:
            return step()
        except Boom:
            assert isinstance(inn.engine, DyingEngine)
            inn.engine.take_up()


def live(inn: Inn, lay: Lay, method: str, at: int, again: bool = False) -> tuple[str, list[str]]:
    """One order whose process dies at step ``at``; returns its token and the steps that were seen."""
    lay(0)
    token = inn.fill_cart()
    inn.summary(token, method, ip=f"127.0.0.{at % 250}")
    fuse = lay(at, again)
    order = str(survive(inn, partial(inn.confirm_again, token)))
    survive(inn, inn.drain)
    if method == "sandbox_wallet":
        survive(inn, lambda: inn.view(order).approve_url and inn.approve(order))
    if method == "sandbox_echeck":
        inn.clock.advance(seconds=12)
        survive(inn, inn.tick)  # the debit is on its way, if not at once
        inn.world.advance(days=4)
        survive(inn, partial(schedules.collect_settlements, inn.house))
        survive(inn, inn.drain)
    for seconds in (3, 11, 61, 301, 700, 1300, 4000):
        if inn.view(order).state == "completed":
            break
        inn.clock.advance(seconds=seconds)
        survive(inn, inn.tick)
    lay(0)
    return order, fuse.seen


def check_order(inn: Inn, method: str, order: str, name: str) -> None:
    """One of everything, seen from our books and from the world's."""
    view = inn.view(order)
    assert (view.state, view.invoice_status, view.paid) == ("completed", "paid", view.total), name
    book, done = BOOKS[method]
    charges = [one for one in inn.world.books(book) if one["reference"] == view.invoice_label]
    assert [one["status"] for one in charges] == [done], name
    with inn.db.read() as session:
        client_id = session.get_one(Order, view.id).client_id
        service_id = session.execute(select(Service.id).where(Service.client_id == client_id)).scalar_one()
        assert list(breaches(session)) == [], name
        mails = select(MailMessage.dedupe_key).where(MailMessage.order_id == view.id)
        keys = session.execute(mails).scalars().all()
        assert len(keys) == len(set(keys)) > 0, name
    accounts = [one for one in inn.world.books("accounts") if one["marker"] == f"ik:{service_id}"]
    assert [one["state"] for one in accounts] == ["active"], name


def points(seen: list[str]) -> range:
    """Where to die. Before it is charged and after it is paid, an order is as one by card."""
    calls = [place for place, name in enumerate(seen, start=1) if "/v1/" in name]
    return range(calls[0] - 2, calls[-1] + 4)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("method", ["sandbox_wallet", "sandbox_echeck"])
def test_an_order_survives_death_at_every_step(dying: Inn, fuse: Lay, method: str) -> None:
    inn = dying
    order, seen = live(inn, fuse, method, 0)
    check_order(inn, method, order, "alive")
    places = points(seen)
    assert len(places) > 12
    for at in places:
        order, _ = live(inn, fuse, method, at)
        check_order(inn, method, order, f"died at step {at}, {seen[at - 1]}")
    inn.settle_down()
    with inn.db.read() as session:
        orders, attempts = (session.scalar(select(func.count()).select_from(t)) for t in (Order, Attempt))
        assert orders == attempts == len(places) + 1
        assert set(session.execute(select(OutboxDelivery.state)).scalars()) == {"done"}
        assert set(session.execute(select(MailMessage.state)).scalars()) == {"kept"}


@pytest.mark.parametrize("every", [13, 17])
def test_an_order_survives_dying_again_and_again(dying: Inn, fuse: Lay, every: int) -> None:
    for method in BOOKS:
        order, _ = live(dying, fuse, method, every, again=True)
        check_order(dying, method, order, f"{method}, died at every {every}th step")
