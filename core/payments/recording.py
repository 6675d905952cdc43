"""The one place where what a gateway said changes the books: answer, look-up, webhook, settlement.

All four end in ``record``. It may be told the same thing any number of times, in any order.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing import service as billing
from core.billing.ledger import Side
from core.clients import service as clients
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.work import House, publish
from core.payments import attempts
from core.payments.models import Allocation, Attempt
from core.payments.rules import State, is_as_asked, may_move, next_look, next_send, state_after
from core.payments.unmatched import hold
from core.payments.values import AttemptView
from core.plugin_api.values import PaymentOutcome, Status

SLOW_LOOK = timedelta(days=1)  # for what a schedule or a webhook settles anyway
NOTE_LIMIT = 500


def record(session: Session, house: House, attempt_id: UUID, outcome: PaymentOutcome, *, how: str) -> State:
    """Take an outcome into the attempt, the invoice and the ledger. Returns the state afterwards.

    ``how`` says where the word comes from ("answer", "look-up", "webhook", "settlement"), for the story.
    An amount or currency other than asked is held for staff and pays nothing.
    """
    attempt = attempts.find(session, attempt_id)
    current = State(attempt.state)
    if not is_as_asked(attempt.amount, outcome) and outcome.status in (Status.SUCCEEDED, Status.PENDING):
        return _hold_wrong_amount(session, house, attempt, outcome, how)
    wanted = state_after(current, outcome)
    if wanted is State.NOT_SENT:
        wanted = _resend_or_give_up(session, house, attempt)
    if not may_move(current, wanted) or not _move(session, house, attempt, wanted, outcome, how):
        return State(attempts.find(session, attempt_id).state)
    if wanted is not current:
        _CONSEQUENCES.get(wanted, _nothing)(session, house, attempts.find(session, attempt_id))
    return wanted


def _move(
    session: Session, house: House, attempt: AttemptView, wanted: State, outcome: PaymentOutcome, how: str
) -> bool:
    now = house.clock.now()
    values: dict[str, Any] = {
        "state": wanted,
        "code": outcome.code.value if outcome.code else None,
        "provider_code": outcome.provider_code,
        "staff_note": outcome.staff_note[:NOTE_LIMIT],
        "action": {"kind": outcome.action.kind, "data": dict(outcome.action.data)}
        if outcome.action
        else None,
        "next_lookup_at": _next_time(house, attempt, wanted, outcome),
    }
    if outcome.reference:
        values["reference"] = outcome.reference
    if wanted in (State.CREATED, State.PENDING, State.UNKNOWN):
        values["lookups"] = Attempt.lookups + 1
    else:
        values["settled_at"] = now
    moved = changed(
        session,
        update(Attempt).where(Attempt.id == attempt.id, Attempt.state == attempt.state).values(**values),
    )
    if moved and wanted != attempt.state:
        note = " ".join(
            part for part in (how, outcome.code and outcome.code.value, outcome.staff_note) if part
        )
        attempts.tell(session, attempt.id, wanted, now, note[:NOTE_LIMIT])
    return moved


def _next_time(house: House, attempt: AttemptView, wanted: State, outcome: PaymentOutcome) -> Any:
    now = house.clock.now()
    if wanted is State.UNKNOWN:
        return next_look(attempt.lookups, now)
    if wanted is State.CREATED:
        return next_send(attempt.lookups, now) or now
    if wanted is State.PENDING:
        waits_for_buyer = outcome.action is not None or attempt.approve_url is not None
        return next_look(attempt.lookups, now) if waits_for_buyer else now + SLOW_LOOK
    return None


def _resend_or_give_up(session: Session, house: House, attempt: AttemptView) -> State:
    """Nothing arrived, so sending again under the same key is safe; after a few tries it is over."""
    is_over = next_send(attempt.lookups, house.clock.now()) is None
    return State.NOT_SENT if is_over else State.CREATED


def _hold_wrong_amount(
    session: Session, house: House, attempt: AttemptView, outcome: PaymentOutcome, how: str
) -> State:
    """The provider moved something else than asked. Nothing is paid by it; no more is tried."""
    assert outcome.amount is not None
    reason = "wrong_currency" if outcome.amount.currency != attempt.amount.currency else "wrong_amount"
    hold(
        session, house, gateway=attempt.gateway, event_id=f"attempt:{attempt.id}", reason=reason,
        reference=outcome.reference or "", attempt_id=attempt.id, amount=outcome.amount,
    )  # fmt: skip
    if State(attempt.state) in (State.CREATED, State.SENT, State.PENDING):
        changed(
            session,
            update(Attempt)
            .where(Attempt.id == attempt.id, Attempt.state == attempt.state)
            .values(state=State.UNKNOWN, next_lookup_at=None, staff_note=f"{how}: {reason}, held for staff"),
        )
        attempts.tell(session, attempt.id, State.UNKNOWN, house.clock.now(), f"{how}: {reason}")
    return State.UNKNOWN


def _facts(attempt: AttemptView) -> dict[str, object]:
    return {"attempt_id": attempt.id, "invoice_id": attempt.invoice_id, "client_id": attempt.client_id}


def _succeeded(session: Session, house: House, attempt: AttemptView) -> None:
    if attempt.kind == "refund":
        _refunded(session, house, attempt)
        return
    applied = billing.lay_on(session, house, attempt.invoice_id, attempt.amount.minor)
    if applied.allocated_minor:
        allocate(session, house, attempt, applied.allocated_minor, f"attempt:{attempt.id}")
    amount = attempt.amount.minor
    _post(session, house, attempt, "succeeded", (
        Side(account=ledger.MONEY, amount_minor=amount),
        Side(account=ledger.RECEIVABLE, amount_minor=-applied.allocated_minor, client_id=attempt.client_id),
        Side(account=ledger.CREDIT, amount_minor=-applied.credited_minor, client_id=attempt.client_id),
    ))  # fmt: skip
    publish(house, session, "payment.succeeded", _facts(attempt))


def _refunded(session: Session, house: House, attempt: AttemptView) -> None:
    _post(session, house, attempt, "succeeded", (
        Side(account=ledger.REFUNDS, amount_minor=attempt.amount.minor),
        Side(account=ledger.MONEY, amount_minor=-attempt.amount.minor),
    ))  # fmt: skip
    publish(house, session, "refund.succeeded", _facts(attempt))


def _pending(session: Session, house: House, attempt: AttemptView) -> None:
    if attempt.action is None and attempt.approve_url is None and attempt.kind == "charge":
        billing.mark_pending(session, attempt.invoice_id, pending=True)
        publish(house, session, "payment.pending", _facts(attempt))


def _declined(session: Session, house: House, attempt: AttemptView) -> None:
    if attempt.kind == "refund":
        _give_back_allowance(session, attempt)
        return
    billing.mark_pending(session, attempt.invoice_id, pending=False)
    publish(house, session, "payment.declined", _facts(attempt) | {"code": attempt.code or ""})


def _not_sent(session: Session, house: House, attempt: AttemptView) -> None:
    if attempt.kind == "refund":
        _give_back_allowance(session, attempt)
    else:
        billing.mark_pending(session, attempt.invoice_id, pending=False)


def _give_back_allowance(session: Session, refund: AttemptView) -> None:
    changed(
        session,
        update(Attempt)
        .where(Attempt.id == refund.parent_id)
        .values(refunded_minor=Attempt.refunded_minor - refund.amount.minor),
    )


def _returned(session: Session, house: House, attempt: AttemptView) -> None:
    """A debit that had settled came back: what it paid is owed again, what became credit is gone."""
    laid = allocated(session, attempt.id)
    if laid:
        billing.take_back(session, house, attempt.invoice_id, laid)
        allocate(session, house, attempt, -laid, f"attempt:{attempt.id}:returned")
    credited = attempt.amount.minor - laid
    taken = clients.take_credit(session, attempt.client_id, credited) if credited else 0
    _post(session, house, attempt, "returned", (
        Side(account=ledger.MONEY, amount_minor=-attempt.amount.minor),
        Side(account=ledger.RECEIVABLE, amount_minor=laid, client_id=attempt.client_id),
        Side(account=ledger.CREDIT, amount_minor=taken, client_id=attempt.client_id),
        Side(account=ledger.REFUNDS, amount_minor=credited - taken),  # credit spent already: our loss
    ))  # fmt: skip
    publish(house, session, "payment.returned", _facts(attempt))


def _unknown(session: Session, house: House, attempt: AttemptView) -> None:
    publish(house, session, "payment.unknown", _facts(attempt))


def _nothing(session: Session, house: House, attempt: AttemptView) -> None:
    return None


_CONSEQUENCES = {
    State.SUCCEEDED: _succeeded,
    State.PENDING: _pending,
    State.DECLINED: _declined,
    State.NOT_SENT: _not_sent,
    State.RETURNED: _returned,
    State.UNKNOWN: _unknown,
}


def allocate(session: Session, house: House, attempt: AttemptView, amount_minor: int, source: str) -> None:
    """Note which money lies on which invoice. ``source`` is unique: one cause, one allocation."""
    session.add(
        Allocation(
            id=new_id(),
            attempt_id=attempt.id,
            invoice_id=attempt.invoice_id,
            amount_minor=amount_minor,
            source=source,
            created_at=house.clock.now(),
        )
    )
    session.flush()


def allocated(session: Session, attempt_id: UUID) -> int:
    rows = session.query(Allocation.amount_minor).filter(Allocation.attempt_id == attempt_id)
    return sum(row[0] for row in rows)


def _post(session: Session, house: House, attempt: AttemptView, what: str, sides: tuple[Side, ...]) -> None:
    ledger.post(
        session, brand_id=attempt.brand_id, occurred_on=house.clock.now().date(),
        source=f"attempt:{attempt.id}:{what}", currency=attempt.amount.currency, sides=sides,
        now=house.clock.now(), note=f"A-{attempt.number}",
    )  # fmt: skip
