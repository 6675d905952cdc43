"""Money that staff have looked into."""

from __future__ import annotations

from sqlalchemy import select

from core.kernel.audit import AuditEntry
from core.kernel.money import Money
from core.payments import unmatched
from core.payments.models import Attempt, UnmatchedMoney
from tests.integration.web_admin.desk import Desk, texts


def test_held_money_is_closed_with_a_note(desk: Desk) -> None:
    with desk.inn.db.transaction() as session:
        unmatched.hold(
            session, desk.inn.house, gateway="sandbox_card", event_id="evt_1", reason="no_attempt",
            reference="ch_lost", attempt_id=None, amount=Money(500, "USD"),
        )  # fmt: skip
    with desk.inn.db.read() as session:
        held = session.execute(select(UnmatchedMoney.id)).scalar_one()
    assert "ch_lost" in texts(desk.get("/admin/payments/unmatched"))
    url = f"/admin/payments/unmatched/{held}/close"
    wrong = desk.post(url, note="  ", asked=str(held))
    assert wrong.status_code == 422
    assert "Say in a few words" in texts(wrong.text)
    assert "It is dealt with." in texts(desk.done(url, note="sent back"))
    assert desk.post(url, note="again").status_code == 409
    with desk.inn.db.read() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "unmatched.close")).one()
    assert told.after == {"state": "resolved", "note": "sent back"}


def test_a_payment_in_doubt_is_settled(desk: Desk) -> None:
    desk.inn.misbehave("charges", "lose_answer")
    order = desk.inn.place_order("sandbox_card")
    with desk.inn.db.read() as session:
        attempt = session.execute(select(Attempt)).scalar_one()
    assert attempt.state == "unknown"
    url = f"/admin/payments/{attempt.id}"
    assert "Say what became of it" in texts(desk.get(url))
    assert desk.post(f"{url}/settle", happened="1", note="", reference="ch_9").status_code == 422
    desk.done(f"{url}/settle", happened="1", note="seen\0 on their screen", reference="ch_9")
    desk.inn.drain()
    assert desk.inn.view(order).paid
    with desk.inn.db.read() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "attempt.settle")).one()
    assert told.after["note"] == "seen on their screen"
    assert desk.post(f"{url}/settle", happened="0", note="no").status_code == 409
