"""Staff and machines at one moment: money is booked once, given back once, numbered without gaps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from core.billing import service as billing
from core.billing.models import Invoice
from core.billing.values import Draft, DraftLine
from core.orders.models import Order
from core.payments import attempts, schedules, service, staff
from core.payments.models import Allocation, Attempt
from core.provisioning import service as provisioning
from core.provisioning import staff as workers
from core.provisioning.models import Job
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race
from tests.fixtures.shelf import put_product
from tests.integration.orders.test_races import tried


def only_attempt(inn: Inn) -> UUID:
    with inn.db.read() as session:
        return session.execute(select(Attempt.id)).scalar_one()


def test_one_transfer_booked_by_ten_people(inn: Inn) -> None:
    invoice = inn.view(order := inn.place_order("manual")).invoice_id

    def book(_: int) -> str:
        return tried(partial(
            staff.mark_paid, inn.house, invoice, gateway="manual", amount_text="10.00", reference="CHK 1",
            actor="staff:test",
        ))  # fmt: skip

    results = Counter(race(10, book))
    assert results["ok"] == 1
    assert set(results) <= {"ok", "invalid_fields", "conflict"}
    assert inn.view(order).paid.minor == 1000


def test_ten_transfers_of_a_third_each(inn: Inn) -> None:
    """More than is owed arrives at once: the invoice takes its total, the rest is credit, to the cent."""
    order = inn.place_order("manual")
    view = inn.view(order)

    def book(number: int) -> str:
        return tried(partial(
            staff.mark_paid, inn.house, view.invoice_id, gateway="manual", amount_text="21.00",
            reference=f"CHK {number}", actor="staff:test",
        ))  # fmt: skip

    results = Counter(race(10, book))
    assert set(results) <= {"ok", "conflict"}
    inn.drain()
    booked = results["ok"] * 2100
    assert inn.view(order).paid.minor == min(booked, view.total.minor)
    assert inn.credit(order) == max(0, booked - view.total.minor)


def test_twenty_refunds_of_most_of_it(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    attempt_id = only_attempt(inn)

    def give_back(_: int) -> str:
        return tried(partial(staff.refund, inn.house, attempt_id, "37.80", "staff:test"))  # 60 %

    assert Counter(race(20, give_back)) == {"ok": 1, "invalid_fields": 19}
    inn.drain()
    assert inn.world.books("charges")[0]["refunded"] == 3780


def test_a_job_retried_by_ten_people(inn: Inn) -> None:
    inn.world.fault("panel", "refuse", -1)
    order = inn.place_order("sandbox_card")
    inn.world.clear_faults()
    with inn.db.read() as session:
        job_id = session.execute(select(Job.id)).scalar_one()
    results = Counter(race(10, lambda _: tried(partial(workers.retry, inn.house, job_id, "staff:test"))))
    assert results == {"ok": 1, "conflict": 9}
    inn.drain()
    assert inn.view(order).state == "completed"


def test_one_attempt_run_by_ten_workers(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    attempt_id = only_attempt(inn)
    race(10, lambda _: service.run(inn.house, attempt_id))
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1


def test_one_job_run_by_ten_workers(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    inn.engine.drain(only=lambda run: run.task != "job")
    with inn.db.read() as session:
        job_id = session.execute(select(Job.id)).scalar_one()
    race(10, lambda _: provisioning.run(inn.house, job_id))
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("accounts")) == 1


def test_schedules_in_ten_processes(inn: Inn) -> None:
    inn.world.fault("charges", "lose_answer")
    inn.place_order("sandbox_card")
    inn.clock.advance(seconds=3)
    race(10, lambda _: schedules.look_at_due(inn.house))
    assert len([run for run in inn.engine.ready if run.task == attempts.TASK]) == 1
    order = inn.place_order("sandbox_echeck")
    inn.world.advance(days=4)
    race(10, lambda _: schedules.collect_settlements(inn.house))
    inn.drain()
    assert inn.view(order).state == "completed"
    with inn.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 2


def test_fifty_invoices_at_once_have_fifty_numbers(inn: Inn) -> None:
    order = inn.place_order("manual")
    with inn.db.read() as session:
        client_id = session.execute(select(Order.client_id)).scalar_one()
        known = session.execute(select(Invoice)).scalar_one()

    def issue(number: int) -> None:
        line = DraftLine(
            service_id=None, kind="once", period_start=None, period_end=None, text=f"Work {number}",
            quantity=1, unit_minor=100 + number, discount_minor=0, gl_code="4000",
        )  # fmt: skip
        draft = Draft(
            brand_id=inn.brand_id, client_id=client_id, order_id=None, series_prefix="WH",
            issued_on=known.issued_on, due_on=known.issued_on + timedelta(days=14), currency="USD",
            lines=(line,), taxes=(), facts={},
        )  # fmt: skip
        inn.db.run(lambda session: billing.issue(session, inn.house, draft))

    race(50, issue)
    with inn.db.read() as session:
        numbers = session.execute(select(Invoice.number).order_by(Invoice.number)).scalars().all()
    assert list(numbers) == list(range(1, 52))
    assert inn.view(order).invoice_label.endswith("-000001")


def test_a_number_taken_in_a_transaction_that_fails_is_given_back(inn: Inn) -> None:
    put_product(inn, "last-box", {"year:1": 5000}, stock=1)
    tokens = [inn.fill_cart("last-box", domain=" ") for _ in range(2)]
    for token in tokens:
        inn.summary(token, "manual", username="thechosenone")
    assert [tried(partial(inn.confirm, token)) for token in tokens] != ["ok", "ok"]
    inn.place_order("manual")
    with inn.db.read() as session:
        numbers = session.execute(select(Invoice.number).order_by(Invoice.number)).scalars().all()
    assert list(numbers) == list(range(1, len(numbers) + 1))
