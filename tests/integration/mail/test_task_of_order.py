"""What the page of an order says of its mails."""

from __future__ import annotations

from sqlalchemy import update

from core.kernel.ids import new_id
from core.kernel.outbox import OutboxDelivery
from core.mail.queries import task_of_order
from core.orders.values import TaskState, TaskView
from tests.fixtures.innkeeper import Inn
from tests.integration.mail.conftest import Mails
from tests.integration.mail.post import PostOffice


def task(inn: Inn, order: str) -> TaskView:
    order_id = inn.view(order).id
    with inn.db.read() as session:
        found = task_of_order(session, order_id)
    assert found is not None
    assert (found.key, found.title) == ("mail", "Sending your mails")
    return found


def test_from_placed_to_sent(posting: Inn, post: PostOffice, mails: Mails) -> None:
    order = posting.place_order("manual", drain=False)
    assert task(posting, order).state is TaskState.RUNNING
    posting.engine.drain(only=lambda run: run.task != "mail")
    written = task(posting, order)
    assert written.state is TaskState.RUNNING
    assert written.detail == f"To {mails.all()[0].recipient}"
    posting.drain()
    sent = task(posting, order)
    assert sent.state is TaskState.DONE
    assert sent.at == posting.clock.now()


def test_a_server_that_does_not_answer(posting: Inn, post: PostOffice) -> None:
    post.close()
    order = posting.place_order("manual")
    waiting = task(posting, order)
    assert waiting.state is TaskState.WAITING
    assert "we try again by ourselves" in waiting.detail


def test_a_mail_that_was_refused(posting: Inn, post: PostOffice) -> None:
    post.answers.append("550 5.1.1 Nobody here")
    order = posting.place_order("manual")
    refused = task(posting, order)
    assert refused.state is TaskState.WAITING
    assert "did not get through" in refused.detail
    assert "550" not in refused.detail


def test_a_mail_that_can_not_be_written(posting: Inn) -> None:
    order = posting.place_order("manual", drain=False)
    with posting.db.transaction() as session:
        session.execute(update(OutboxDelivery).values(state="dead"))
    assert task(posting, order).state is TaskState.WAITING


def test_a_shop_that_keeps_its_mails_says_so(inn: Inn) -> None:
    order = inn.place_order("manual")
    kept = task(inn, order)
    assert kept.state is TaskState.DONE
    assert "kept: no mail server is set up" in kept.detail


def test_mails_to_staff_are_no_business_of_the_buyer(posting: Inn, mails: Mails) -> None:
    order = posting.place_order("manual")
    mails.set(type="staff_job_failed", state="failed")
    order_id = posting.view(order).id
    with posting.db.read() as session:
        assert task_of_order(session, order_id) is None


def test_an_order_that_is_none(inn: Inn) -> None:
    with inn.db.read() as session:
        assert task_of_order(session, new_id()) is None
