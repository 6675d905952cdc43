"""Old events and old texts of mails go; what is still needed stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from core.kernel.ids import new_id
from core.kernel.outbox import OutboxDelivery, OutboxEvent
from core.kernel.problems import Conflict
from core.mail import delivery
from core.mail.models import MailMessage
from core.payments.models import WebhookEvent
from core.payments.unmatched import hold
from core.work.retention import Retention
from tests.fixtures.innkeeper import Inn
from tests.fixtures.innkeeper import demo_database_url as database_url

__all__ = ["database_url"]


def count(inn: Inn, table: type[OutboxEvent] | type[OutboxDelivery]) -> int:
    with inn.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def retention(inn: Inn) -> Retention:
    return Retention(inn.house, events_days=30, mail_texts_days=730, webhook_texts_days=180)


def texts(inn: Inn) -> list[str]:
    with inn.db.read() as session:
        return list(
            session.scalars(
                select(MailMessage.body_text + MailMessage.body_html).order_by(MailMessage.number)
            )
        )


def test_events_go_once_everybody_has_taken_them(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    forget = retention(inn)
    with inn.db.transaction() as session:
        dead = session.scalars(select(OutboxDelivery).limit(1)).one()
        dead.state = "dead"
        kept = dead.event_id
    before = count(inn, OutboxEvent)
    inn.clock.advance(days=29)
    forget()
    assert count(inn, OutboxEvent) == before > 1
    inn.clock.advance(days=2)
    forget()
    with inn.db.read() as session:
        assert session.scalars(select(OutboxEvent.id)).all() == [kept]
        assert set(session.scalars(select(OutboxDelivery.event_id))) == {kept}


def test_texts_of_mails_go_and_that_they_were_sent_stays(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    before = texts(inn)
    assert len(before) > 1
    assert all(before)
    with inn.db.transaction() as session:
        waits = session.scalars(select(MailMessage.id).order_by(MailMessage.number).limit(1)).one()
        session.execute(update(MailMessage).where(MailMessage.id == waits).values(state="queued"))
    inn.clock.advance(days=731)
    retention(inn)()
    after = texts(inn)
    assert len(after) == len(before)
    assert [text for text in after if text] == [before[0]]  # it is still to be sent
    with inn.db.read() as session:
        emptied = session.scalars(select(MailMessage).where(MailMessage.body_text == "")).first()
    assert emptied is not None
    assert emptied.subject
    with pytest.raises(Conflict, match="not kept any more"):
        delivery.resend(inn.house, emptied.id, "staff:test")


def test_texts_of_notifications_go_and_that_they_came_stays(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    (notice, *_more) = inn.notices("charge")
    assert inn.send(notice) == 200
    with inn.db.transaction() as session:
        came = session.scalars(select(WebhookEvent)).one()
        assert came.body
        assert came.headers
        for event_id in ("ev-held", "ev-explained", "ev-broken"):
            values = {one.key: getattr(came, one.key) for one in WebhookEvent.__table__.columns}
            state = "failed" if event_id == "ev-broken" else "unmatched"
            session.add(WebhookEvent(**values | {"id": new_id(), "event_id": event_id, "state": state}))
        hold(
            session, inn.house, gateway=came.gateway, event_id="ev-held", reason="no_attempt", reference="x",
            attempt_id=None, amount=None,
        )  # fmt: skip
    inn.clock.advance(days=179)
    retention(inn)()
    with inn.db.read() as session:
        assert all(session.scalars(select(WebhookEvent.body)))
    inn.clock.advance(days=2)
    retention(inn)()
    with inn.db.read() as session:
        rows = {row.event_id: row for row in session.scalars(select(WebhookEvent))}
    kept = {event_id for event_id, row in rows.items() if row.body}
    assert kept == {"ev-held", "ev-broken"}
    assert rows["ev-explained"].headers == {}
    again = inn.notice(next(one for one in inn.world.books("events") if one["id"] == came.event_id))
    assert inn.send(again) == 200  # the provider sends it once more: it is known
    with inn.db.read() as session:
        assert len(session.scalars(select(WebhookEvent.id)).all()) == 4
