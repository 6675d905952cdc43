"""Many people at one moment: what is limited is given once, and nobody is told an error of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select

from core.billing.models import Invoice
from core.clients.models import Client
from core.domains.models import Domain
from core.kernel.problems import Problem
from core.orders import cart, service, status
from core.orders.models import CouponUse, Order
from core.payments.models import Attempt
from core.services.models import Service
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.race import race
from tests.fixtures.shelf import put_coupon, put_product, stock, uses_left

CROWD = 20


def tried(run: Callable[[], object]) -> str:
    """ "ok", or the code of the problem a person is told."""
    try:
        run()
    except Problem as problem:
        return problem.code
    return "ok"


def rows(inn: Inn, table: type) -> int:
    with inn.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def ready_carts(inn: Inn, count: int, *products: str, coupon: str = "", **changes: str) -> list[str]:
    """Carts of so many buyers, each at Order Details."""
    domain = changes.pop("domain", "")
    tokens = []
    for number in range(count):
        tokens.append(inn.fill_cart(*products, domain=domain, coupon=coupon))
        inn.summary(tokens[-1], "manual", ip=f"127.0.1.{number}", **changes)
    return tokens


def test_one_cart_placed_many_times_at_once(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    placed = race(CROWD, lambda _: inn.confirm_again(token))
    assert len(set(placed)) == 1
    assert [rows(inn, table) for table in (Order, Invoice, Attempt, Service, Client)] == [1] * 5
    inn.drain()
    assert inn.view(placed[0]).state == "completed"
    assert len(inn.world.books("charges")) == 1


def test_the_last_one_in_stock(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=1)
    tokens = ready_carts(inn, CROWD, "last-box", domain=" ")
    results = Counter(race(CROWD, lambda n: tried(partial(inn.confirm, tokens[n]))))
    assert results == {"ok": 1, "conflict": CROWD - 1}
    assert (rows(inn, Order), stock(inn, "last-box")) == (1, 0)


def test_a_coupon_for_one(inn: Inn) -> None:
    put_coupon(inn, "ONLYONE", value=5000, uses=1)
    tokens = ready_carts(inn, CROWD, coupon="ONLYONE")
    results = Counter(race(CROWD, lambda n: tried(partial(inn.confirm, tokens[n]))))
    # Whoever reviews before it is gone is refused; whoever comes later is shown the full price.
    assert set(results) <= {"ok", "conflict"}
    assert results["ok"] >= 1
    assert (rows(inn, CouponUse), uses_left(inn, "ONLYONE")) == (1, 0)
    with inn.db.read() as session:
        totals = Counter(session.execute(select(Invoice.net_minor)).scalars())
    assert totals[3000] == 1


def test_one_user_name_for_many(inn: Inn) -> None:
    tokens = ready_carts(inn, 10, username="thechosenone")
    results = Counter(race(10, lambda n: tried(partial(inn.confirm, tokens[n]))))
    assert results["ok"] == 1
    assert set(results) <= {"ok", "invalid_fields", "conflict"}
    assert (rows(inn, Client), rows(inn, Order)) == (1, 1)


def test_one_domain_for_many(inn: Inn) -> None:
    tokens = ready_carts(inn, 5, "example-domain", domain="orchid.example")
    results = Counter(race(5, lambda n: tried(partial(inn.confirm, tokens[n]))))
    assert results == {"ok": 1, "conflict": 4}
    assert (rows(inn, Domain), rows(inn, Order)) == (1, 1)


def test_a_domain_of_a_cancelled_order_is_free_again(inn: Inn) -> None:
    first, second = ready_carts(inn, 2, "example-domain", domain="orchid.example")
    order = inn.view(inn.confirm(first))
    assert tried(partial(inn.confirm, second)) == "conflict"
    service.cancel(inn.house, order.id, "staff:test", "never paid")
    inn.drain()
    assert tried(partial(inn.confirm, second)) == "ok"


def test_paying_again_from_ten_tabs(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=DECLINED_CARD)
    form = inn.payment("sandbox_card")
    results = Counter(race(10, lambda _: tried(partial(pay, inn, order, form))))
    assert results == {"ok": 1, "conflict": 9}
    inn.drain()
    assert inn.view(order).state == "completed"
    assert [one["status"] for one in inn.world.books("charges")].count("succeeded") == 1


def pay(inn: Inn, order: str, form: dict[str, str]) -> None:
    status.pay_again(inn.house, order, form, ip="127.0.0.1")


def test_leaving_a_wallet_from_ten_tabs(inn: Inn) -> None:
    order = inn.place_order("sandbox_wallet")
    form = inn.payment("sandbox_card")
    results = Counter(race(10, lambda _: tried(partial(pay, inn, order, form))))
    assert results == {"ok": 1, "conflict": 9}
    inn.drain()
    assert inn.view(order).paid == inn.view(order).total


def test_cancelling_while_it_is_paid(inn: Inn) -> None:
    """Either it is cancelled and nothing is charged, or it is paid and stands."""
    for _ in range(4):
        order = inn.place_order("sandbox_card", number=DECLINED_CARD)
        order_id, form = inn.view(order).id, inn.payment("sandbox_card")
        acts = [
            partial(pay, inn, order, form),
            partial(service.cancel, inn.house, order_id, "staff:test", "no answer"),
        ]
        results = race(2, lambda n, acts=acts: tried(acts[n]))  # type: ignore[misc]
        inn.drain()
        view = inn.view(order)
        assert sorted(results) == ["conflict", "ok"]
        assert (view.state, view.invoice_status) in [("completed", "paid"), ("cancelled", "void")]
        assert inn.credit(order) == 0


def test_the_same_thing_put_in_the_cart_from_many_tabs(inn: Inn) -> None:
    token = inn.fill_cart("starter-hosting", domain="pinewood.example")

    def add(_: int) -> None:
        cart.add_line(
            inn.house, token, inn.brand_id, product_slug="starter-hosting", cycle="year:1",
            domain="pinewood.example", quantity="1",
        )  # fmt: skip

    race(10, add)
    view = cart.view_cart(inn.house, token)
    assert view is not None
    assert len(view.bill.lines) == 1


@pytest.mark.parametrize("workers", [4])
def test_workers_share_the_work(inn: Inn, workers: int) -> None:
    orders = [inn.place_order("sandbox_card", drain=False) for _ in range(6)]
    race(workers, lambda _: inn.drain())
    inn.settle_down()
    assert {inn.view(order).state for order in orders} == {"completed"}
    assert len(inn.world.books("charges")) == len(inn.world.books("accounts")) == len(orders)
