"""The story of an order, told from read models alone: order of steps, words, and what is said to be safe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.kernel.ids import new_id
from core.kernel.money import Money
from core.mail.queries import MailRow
from core.orders.queries import OrderLineRow, OrderPage, OrderRow
from core.payments.queries import AttemptPage, AttemptRow
from core.provisioning.queries import JobPage, JobRow, JobStepRow
from core.web.admin import timeline, words
from core.web.admin.timeline import Step, Teller

AT = datetime(2026, 11, 20, 20, 21, 4, tzinfo=UTC)
USD = Money(15588, "USD")
TELLER = Teller(
    money=lambda amount: f"${amount.major}",
    clock=lambda at: at.strftime("%H:%M"),
    gateway_name=lambda gateway: {"card": "Card", "manual": "Bank transfer"}.get(gateway, gateway),
    registrars=frozenset({"registrar"}),
    by_hand=frozenset({"manual"}),
)


def after(seconds: int) -> datetime:
    return AT + timedelta(seconds=seconds)


def order(**more: object) -> OrderPage:
    row = OrderRow(
        id=new_id(),
        number=10479,
        label="WH-10479",
        client_id=new_id(),
        client_name="Hearthstone Dental PLLC",
        state="placed",
        gateway="card",
        total=USD,
        invoice_id=new_id(),
        invoice_label="WH-2026-004819",
        invoice_status="unpaid",
        placed_at=AT,
        job_failed=False,
        job_needs_staff=False,
        payment_unknown=False,
    )
    line = OrderLineRow(
        text="Business Hosting",
        net=USD,
        service_id=new_id(),
        service_number=30962,
        service_label="Business Hosting",
        domain="hearthstonedental.com",
        service_status="pending",
        cycle_unit="year",
        cycle_count=1,
    )
    return OrderPage(
        order=replace(row, **more),
        brand="Wayside Hosting",
        new_client=True,
        client_number=20417,
        person="Priya Raghunathan",
        email="office@hearthstone.example",
        phone="",
        ip="203.0.113.24",
        terms_title="Terms",
        terms_since=date(2026, 10, 1),
        terms_accepted_at=AT,
        completed_at=None,
        lines=(line,),
    )


def attempt(state: str, number: int = 51168, **more: object) -> AttemptPage:
    row = AttemptRow(
        id=new_id(),
        number=number,
        kind="charge",
        state=state,
        gateway="card",
        mode="test",
        method="Visa ending in 0002",
        amount=USD,
        refunded=Money(0, "USD"),
        client_id=new_id(),
        client_name="",
        invoice_id=new_id(),
        invoice_label="",
        parent_id=None,
        reference="ch_1",
        code="",
        provider_code="",
        staff_note="",
        lookups=0,
        next_lookup_at=None,
        created_at=AT,
        sent_at=AT,
        settled_at=None,
    )
    return AttemptPage(attempt=replace(row, **more), steps=())


def job(state: str, *steps: JobStepRow, **more: object) -> JobPage:
    row = JobRow(
        id=new_id(),
        number=88197,
        action="create",
        state=state,
        attempts=3,
        in_doubt=False,
        error_code="",
        staff_note="",
        service_id=new_id(),
        service_label="Business Hosting",
        service_number=30962,
        domain="hearthstonedental.com",
        client_id=new_id(),
        client_name="",
        server_id=new_id(),
        server_name="cedar-07",
        plugin="panel",
        next_try_at=None,
        created_at=AT,
        started_at=AT,
        finished_at=None,
    )
    return JobPage(job=replace(row, **more), steps=steps)


def mail(state: str, subject: str, seconds: int = 0) -> MailRow:
    at = after(seconds)
    return MailRow(
        id=new_id(),
        number=1,
        type="order",
        subject=subject,
        recipient="office@hearthstone.example",
        state=state,
        attempts=1,
        error="550",
        client_id=None,
        order_id=None,
        next_try_at=at,
        created_at=at,
        sent_at=at if state == "sent" else None,
    )


def payment_of(*attempts: AttemptPage, **more: object) -> Step:
    steps = timeline.story(order(**more), attempts, (), (), TELLER)
    return next(step for step in steps if step.kind == "payment")


def test_steps_come_in_the_order_they_ended_and_open_ones_last() -> None:
    steps = timeline.story(
        order(),
        [attempt("succeeded", settled_at=after(5))],
        [job("done", finished_at=after(30)), job("waiting", next_try_at=after(600))],
        [mail("sent", "Order received", 8), mail("queued", "Package info", 31)],
        TELLER,
    )
    assert [step.kind for step in steps] == ["placed", "written", "payment", "mail", "job", "job", "mail"]
    assert [step.state for step in steps] == ["done", "done", "done", "done", "done", "waiting", "waiting"]
    assert steps[-1].title == "Send mail “Package info”"


def test_the_charge_that_paid_decides_and_all_tries_are_kept() -> None:
    step = payment_of(
        attempt("declined", 1, code="insufficient_funds"), attempt("succeeded", 2, settled_at=AT)
    )
    assert (step.title, step.state) == ("Charged once", "done")
    assert [(one.word.text, one.word.tone) for one in step.tries] == [
        ("Declined", "danger"),
        ("Succeeded", "success"),
    ]
    assert step.tries[0].text == (
        "Attempt A-1, Visa ending in 0002: The bank says there is not enough money on this card or account."
    )


@pytest.mark.parametrize(
    ("state", "title", "mark"),
    [
        ("pending", "Payment on its way", "waiting"),
        ("declined", "Payment declined", "failed"),
        ("not_sent", "Payment did not reach the gateway", "failed"),
        ("returned", "Payment came back", "failed"),
        ("created", "Payment not begun", "waiting"),
        ("sent", "Charging", "running"),
        ("unknown", "Payment with unknown outcome", "unknown"),
        ("something new", "Something new", ""),
    ],
)
def test_each_state_of_a_payment_has_its_words(state: str, title: str, mark: str) -> None:
    step = payment_of(attempt(state))
    assert (step.title, step.state) == (title, mark)


def test_an_unknown_payment_says_that_it_must_not_be_repeated() -> None:
    step = payment_of(attempt("unknown", next_lookup_at=after(60)))
    assert step.at is None
    assert step.trouble is not None
    assert step.trouble.tone == "unknown"
    assert "never charged again by itself" in step.trouble.text
    assert "20:22" in step.trouble.text


def test_money_seen_by_hand_is_called_so() -> None:
    step = payment_of(attempt("succeeded", gateway="manual", method="Received by hand", reference="check 7"))
    assert step.title == "Payment received"
    assert step.text == "$155.88 by Bank transfer, check 7"


@pytest.mark.parametrize(
    ("more", "title", "text"),
    [
        ({}, "Waits for $155.88 by Card", "The buyer has not paid yet"),
        ({"gateway": "manual"}, "Waits for $155.88 by Bank transfer", "Mark it paid when the money is here"),
        ({"invoice_status": "paid", "total": Money(0, "USD")}, "Paid", "Nothing was left to pay"),
        ({"invoice_status": "void"}, "No payment", "The invoice is void"),
    ],
)
def test_an_order_without_a_charge(more: dict[str, object], title: str, text: str) -> None:
    step = payment_of(**more)
    assert (step.title, step.text) == (title, text)


def test_a_failed_job_tells_the_last_answer_and_that_retrying_is_safe() -> None:
    page = job(
        "failed",
        JobStepRow(at=after(1), state="waiting", note="no answer", raw="first"),
        JobStepRow(at=after(9), state="failed", note="HTTP 502", raw="<html>"),
        staff_note="cedar-07 answered 502.",
    )
    (step,) = [one for one in timeline.story(order(), (), [page], (), TELLER) if one.kind == "job"]
    assert step.title == "Open account on cedar-07"
    assert step.text == "Job J-88197, Business Hosting for hearthstonedental.com, third try"
    assert step.at == after(9)
    assert step.trouble is not None
    assert step.trouble.title == "cedar-07 did not do it in 3 tries."
    assert step.trouble.text.startswith("cedar-07 answered 502. Trying again is safe")
    assert step.trouble.raw == "<html>"
    assert [one.text for one in step.tries] == ["HTTP 502", "No answer"]


def test_a_job_in_doubt_does_not_claim_that_nothing_happened() -> None:
    trouble = timeline.job_trouble(job("failed", in_doubt=True))
    assert trouble is not None
    assert "The last try brought no usable answer" in trouble.text
    waits = timeline.job_trouble(job("waiting", in_doubt=True))
    assert waits is not None
    assert waits.tone == "unknown"
    assert timeline.job_trouble(job("waiting")) is None
    assert timeline.job_trouble(job("done", in_doubt=True)) is None


def test_a_task_for_staff_says_what_to_do() -> None:
    trouble = timeline.job_trouble(job("needs_staff", staff_note="Open it on the old panel."))
    assert trouble is not None
    assert (trouble.tone, trouble.text) == ("warning", "Open it on the old panel.")


def test_registrars_register_and_panels_open() -> None:
    row = job("ready", plugin="registrar").job
    assert words.job_title(row, registers=True) == "Register hearthstonedental.com"
    assert words.job_title(replace(row, action="suspend"), registers=True) == (
        "Suspend hearthstonedental.com on cedar-07"
    )
    assert words.job_title(replace(row, server_name="", action="rebuild"), registers=False) == (
        "Rebuild hearthstonedental.com"
    )


def test_mails_sent_together_are_one_step_and_failures_stand_alone() -> None:
    rows = [mail("sent", "A", 0), mail("sent", "B", 3), mail("failed", "C", 4), mail("sent", "D", 300)]
    steps = [one for one in timeline.story(order(), (), (), rows, TELLER) if one.kind == "mail"]
    assert [step.title for step in steps] == [
        "Mails “A” and “B” delivered",
        "Mail “C” not delivered",
        "Mail “D” delivered",
    ]
    assert steps[1].trouble is not None
    assert steps[1].trouble.raw == "550"


def test_the_headline_names_what_stands_still() -> None:
    page = order(invoice_status="paid")
    failed = timeline.story(page, (), [job("failed")], (), TELLER)
    told = timeline.headline(page, failed)
    assert told is not None
    assert told.title == "Paid, but “Open account on cedar-07” is not done."
    assert timeline.headline(page, timeline.story(page, (), [job("done")], (), TELLER)) is None
    doubtful = timeline.headline(order(payment_unknown=True), ())
    assert doubtful is not None
    assert doubtful.tone == "quiet"


def test_an_order_is_called_by_what_staff_must_know_first() -> None:
    row = order().order
    assert words.order(row).text == "Awaiting payment"
    assert words.order(replace(row, invoice_status="pending")).text == "Payment on its way"
    assert words.order(replace(row, job_failed=True)).text == "Job failed"
    assert words.order(replace(row, job_failed=True, payment_unknown=True)).tone == "unknown"
    assert words.order(replace(row, state="half_done")).text == "Half done"


def test_beside_an_order_that_went_on_stands_what_is_owed() -> None:
    row = order().order
    assert words.order_owes(row) is None
    done = replace(row, state="completed")
    assert words.order_owes(replace(done, invoice_status="paid")) is None
    said = [
        words.order_owes(replace(done, **more))
        for more in ({}, {"invoice_status": "pending"}, {"payment_returned": True})
    ]
    assert [one.text for one in said if one] == ["Not paid", "Payment on its way", "Payment came back"]


@pytest.mark.parametrize(
    ("unit", "count", "said"),
    [
        ("month", 1, "monthly"),
        ("year", 1, "yearly"),
        ("year", 2, "every 2 years"),
        ("month", 3, "quarterly"),
        ("once", 0, "once"),
        ("day", 14, "every 14 days"),
    ],
)
def test_cycles_in_words(unit: str, count: int, said: str) -> None:
    assert words.cycle(unit, count) == said


def test_counts_stop_where_counting_stopped() -> None:
    assert words.counted(1, "failed job") == "1 failed job"
    assert words.counted(2, "try", "tries") == "2 tries"
    assert words.counted(100, "mail") == "100 or more mails"
    assert words.nth_try(3) == "third try"
    assert words.nth_try(21) == "try 21"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Pinewood Bakery LLC", "PB"),
        ("田中 美咲", "田美"),
        ("Cher", "C"),
        ("  ", ""),
        ("! ?", "!"),
        ("مكتبة الراشد", "ما"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name).strip() == letters
