"""One fact writes one mail, and one service is told of once, however often and by whomever it is told."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from core.kernel.outbox import Fact, OutboxEvent
from core.mail import delivery
from core.mail.models import MailMessage, MailTold
from core.mail.packages import HOLD
from core.payments import staff
from core.provisioning.models import Job
from core.services import service as services
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.race import race
from tests.integration.mail.conftest import Mails
from tests.integration.mail.post import PostOffice

TWO = ("business-hosting", "example-domain")


def facts(inn: Inn, name: str) -> list[Fact]:
    """What was committed under a name, as a handler gets it."""
    with inn.db.read() as session:
        rows = session.scalars(select(OutboxEvent).where(OutboxEvent.name == name).order_by(OutboxEvent.id))
        return [
            Fact(id=row.id, name=row.name, occurred_at=row.created_at, payload=dict(row.payload))
            for row in rows
        ]


def tell(inn: Inn, subscriber: str, fact: Fact) -> None:
    """Deliver it as the outbox does."""
    found = inn.house.outbox.find(f"mail.{subscriber}")
    assert found is not None
    found.handle(fact)


def test_a_fact_that_is_delivered_again_writes_nothing(posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    written = [mail.id for mail in mails.all()]
    for subscriber, event in (
        ("order_received", "order.placed"), ("payment", "payment.succeeded"),
        ("package_info", "service.activated"),
    ):  # fmt: skip
        (fact,) = facts(posting, event)
        tell(posting, subscriber, fact)
    assert [mail.id for mail in mails.all()] == written


@pytest.mark.parametrize(
    ("subscriber", "event"),
    [("order_received", "order.placed"), ("payment", "payment.succeeded"),
     ("package_info", "service.activated")],
)  # fmt: skip
def test_a_fact_that_is_delivered_by_many_at_once_writes_one(
    subscriber: str, event: str, posting: Inn, mails: Mails
) -> None:
    posting.place_order("sandbox_card")
    with posting.db.transaction() as session:
        session.execute(delete(MailTold))
        session.execute(delete(MailMessage))
    (fact,) = facts(posting, event)
    race(8, lambda _: tell(posting, subscriber, fact))
    assert mails.types == [subscriber]
    numbers = [mail.number for mail in mails.all()]
    race(4, lambda _: tell(posting, subscriber, fact))
    assert [mail.number for mail in mails.all()] == numbers


def test_two_services_told_of_at_once_share_a_mail(posting: Inn, post: PostOffice, mails: Mails) -> None:
    """Two workers deliver the two facts of one order in the same moment."""
    posting.place_order("sandbox_card", *TWO, domain="pinewood.example")
    for _ in range(3):
        with posting.db.transaction() as session:
            session.execute(delete(MailTold))
            session.execute(delete(MailMessage))
        both = facts(posting, "service.activated")
        assert len(both) == 2
        race(2, lambda number, both=both: tell(posting, "package_info", both[number]))  # type: ignore[misc]
        assert mails.one("package_info").subject.startswith("Ready for you: ")


def one_ready(inn: Inn, *, other: str) -> UUID:
    """An order of two, of which hosting is ready; the job of the other stands in state ``other``.

    Returns the other service's id.
    """
    inn.place_order("manual", *TWO, domain="pinewood.example")
    staff.mark_paid(
        inn.house, invoice_of(inn), gateway="manual", amount_text="", reference="check 1", actor="staff:test"
    )
    inn.engine.drain(only=lambda run: run.task != "job")
    with inn.db.transaction() as session:
        jobs = list(session.scalars(select(Job).order_by(Job.number)))
        assert len(jobs) == 2
        session.execute(update(Job).where(Job.id == jobs[1].id).values(state=other))
        services.move(session, inn.house, jobs[0].service_id, "active")
        return jobs[1].service_id


def invoice_of(inn: Inn) -> UUID:
    """The invoice of the only order."""
    with inn.db.read() as session:
        (payload,) = session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == "order.placed"))
        return UUID(payload["invoice_id"])


def mails_only(inn: Inn) -> None:
    """Everything but the jobs, which stand as the test put them."""
    inn.engine.drain(only=lambda run: run.task != "job")


def activate(inn: Inn, service_id: UUID) -> None:
    with inn.db.transaction() as session:
        services.move(session, inn.house, service_id, "active")


def test_a_ready_service_waits_a_moment_for_the_other(posting: Inn, post: PostOffice, mails: Mails) -> None:
    other = one_ready(posting, other="running")
    mails_only(posting)
    held = mails.one("package_info")
    assert held.subject == "Business Hosting is ready: pinewood.example"
    assert held.next_try_at == posting.clock.now() + HOLD
    assert held.state == "queued"
    activate(posting, other)
    mails_only(posting)
    told = mails.one("package_info")
    assert told.id == held.id
    assert told.state == "sent"
    assert post.letters[-1].mail["Subject"] == "Ready for you: Business Hosting and pinewood.example"


def test_it_does_not_wait_for_long(posting: Inn, post: PostOffice, mails: Mails) -> None:
    other = one_ready(posting, other="running")
    mails_only(posting)
    posting.clock.advance(seconds=HOLD.total_seconds() - 1)
    delivery.send_due(posting.house)
    mails_only(posting)
    assert mails.one("package_info").state == "queued"
    posting.clock.advance(seconds=1)
    delivery.send_due(posting.house)
    mails_only(posting)
    assert mails.one("package_info").state == "sent"
    activate(posting, other)
    mails_only(posting)
    first, second = mails.all("package_info")
    assert second.subject == "pinewood.example is registered"
    assert "Username" not in second.body_text
    assert {first.state, second.state} == {"sent"}


@pytest.mark.parametrize("state", ["failed", "needs_staff"])
def test_it_does_not_wait_for_staff(state: str, posting: Inn, post: PostOffice, mails: Mails) -> None:
    one_ready(posting, other=state)
    mails_only(posting)
    assert mails.one("package_info").state == "sent"
    assert "pinewood.example is registered" not in post.letters[-1].text


def test_the_fact_of_a_service_that_was_told_of_writes_nothing(posting: Inn, mails: Mails) -> None:
    other = one_ready(posting, other="running")
    mails_only(posting)
    activate(posting, other)
    mails_only(posting)
    written = mails.one("package_info")
    for fact in facts(posting, "service.activated"):
        tell(posting, "package_info", fact)
    assert mails.one("package_info").body_text == written.body_text


def test_a_decline_that_was_paid_meanwhile_is_not_told(posting: Inn, mails: Mails) -> None:
    """The worker was away: the buyer has long paid with another card when the facts are delivered."""
    order = posting.place_order("sandbox_card", number=DECLINED_CARD, drain=False)
    posting.engine.drain(only=lambda run: run.task == "attempt")
    posting.pay_again(order, "sandbox_card", drain=False)
    posting.engine.drain(only=lambda run: run.task == "attempt")
    posting.drain()
    assert mails.types == ["order_received", "payment", "package_info"]


def test_a_transfer_that_has_arrived_meanwhile_is_not_on_its_way(posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_echeck", drain=False)
    posting.engine.drain(only=lambda run: run.task == "attempt")
    posting.settle()
    assert "payment" in mails.types
    assert "echeck_pending" not in mails.types
