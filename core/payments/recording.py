"""The one place where what a gateway said changes the books: answer, look-up, webhook, settlement.

All four end in ``record``. It may be told the same thing any number of times, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing import service as billing
from core.billing.ledger import Side
from core.clients import service as clients
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict
from core.kernel.work import House, publish
from core.payments import attempts
from core.payments.models import Allocation, Attempt
from core.payments.rules import (
    APPROVAL_LOOK,
    MOVING,
    TAKEN,
    State,
    may_move,
    next_look,
    next_send,
    speaks_of_money,
    state_after,
    wrong_money,
)
from core.payments.unmatched import hold
from core.payments.values import BY_HAND, AttemptView
from core.plugin_api.values import PaymentOutcome

SLOW_LOOK = timedelta(days=1)  # for what a schedule or a webhook settles anyway
NOTE_LIMIT = 500
CALLED_OFF = (State.DECLINED, State.NOT_SENT)


def record(session: Session, house: House, attempt_id: UUID, outcome: PaymentOutcome, *, how: str) -> State:
    """Take an outcome into the attempt, the invoice and the ledger. Returns the state afterwards.

    ``how`` says where the word comes from ("answer", "look-up", "webhook", "settlement"), for the story.
    Another amount, currency or reference than ours is held for staff and pays nothing.
    """
    attempt = attempts.find(session, attempt_id)
    current = State(attempt.state)
    if wrong := _contradiction(session, attempt, outcome):
        return _hold(session, house, attempt, outcome, how, wrong)
    wanted = state_after(outcome)
    if wanted is State.NOT_SENT:
        wanted = State.CREATED if _next_send(session, house, attempt) else State.NOT_SENT
    if not may_move(current, wanted) or not _move(session, house, attempt, wanted, outcome, how):
        return State(attempts.find(session, attempt_id).state)
    if wanted is not current:
        _CONSEQUENCES.get(wanted, _nothing)(session, house, attempts.find(session, attempt_id), current)
    return wanted


def give_up(session: Session, house: House, attempt_id: UUID, why: str, *, states: Iterable[State]) -> bool:
    """Nothing was moved and nothing more is tried; False when the attempt stands in no such state."""
    current = State(attempts.find(session, attempt_id).state)
    if current not in states:
        return False
    now = house.clock.now()
    over = {
        "state": State.NOT_SENT,
        "staff_note": why[:NOTE_LIMIT],
        "settled_at": now,
        "next_lookup_at": None,
    }
    if not changed(
        session, update(Attempt).where(Attempt.id == attempt_id, Attempt.state == current).values(**over)
    ):
        return False
    attempts.tell(session, attempt_id, State.NOT_SENT, now, why[:NOTE_LIMIT])
    _not_sent(session, house, attempts.find(session, attempt_id), current)
    return True


def _contradiction(session: Session, attempt: AttemptView, outcome: PaymentOutcome) -> str | None:
    """Why this can not be about our attempt as we asked for it: one of the reasons in models.py."""
    if not speaks_of_money(outcome):
        return None
    if wrong := wrong_money(attempt.amount, outcome):
        return wrong
    if attempt.parent_id and attempt.state in CALLED_OFF and not _fits(session, attempt):
        return "wrong_amount"  # a refund that was called off: what it would give back was given meanwhile
    if not outcome.reference or outcome.reference == attempt.reference:
        return None
    holder = attempts.holder_of(session, attempt.gateway, attempt.mode, outcome.reference)
    return "wrong_reference" if attempt.reference or holder else None


def _fits(session: Session, refund: AttemptView) -> bool:
    parent = attempts.find(session, refund.parent_id) if refund.parent_id else None
    return parent is not None and parent.refunded_minor + refund.amount.minor <= parent.amount.minor


def _move(
    session: Session, house: House, attempt: AttemptView, wanted: State, outcome: PaymentOutcome, how: str
) -> bool:
    now = house.clock.now()
    action = outcome.action
    values: dict[str, Any] = {
        "state": wanted,
        "code": outcome.code.value if outcome.code else None,
        "provider_code": outcome.provider_code,
        "staff_note": outcome.staff_note[:NOTE_LIMIT],
        "action": {"kind": action.kind, "data": dict(action.data)} if action else None,
        "next_lookup_at": _next_time(session, house, attempt, wanted, outcome),
    }
    if outcome.reference and attempt.reference is None and _is_free(session, attempt, outcome.reference):
        values["reference"] = outcome.reference
    if wanted not in MOVING:
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


def _is_free(session: Session, attempt: AttemptView, reference: str) -> bool:
    """A refusal may name what is another's (a card's earlier charge): it is no reference of this one."""
    return attempts.holder_of(session, attempt.gateway, attempt.mode, reference) is None


def _next_time(
    session: Session, house: House, attempt: AttemptView, wanted: State, outcome: PaymentOutcome
) -> datetime | None:
    now = house.clock.now()
    if wanted is State.UNKNOWN:
        return next_look(attempt.sent_at or attempt.created_at, now)
    if wanted is State.CREATED:
        return _next_send(session, house, attempt) or now
    if wanted is State.PENDING:
        waits_for_buyer = outcome.action is not None or attempt.approve_url is not None
        return now + (APPROVAL_LOOK if waits_for_buyer else SLOW_LOOK)
    return None


def _next_send(session: Session, house: House, attempt: AttemptView) -> datetime | None:
    """Nothing arrived, so sending again under the same key is safe; after a few times it is over."""
    sends = attempts.sends(session, attempt.id)
    return next_send(sends, attempt.sent_at or attempt.created_at, house.clock.now())


def _hold(
    session: Session, house: House, attempt: AttemptView, outcome: PaymentOutcome, how: str, reason: str
) -> State:
    """The provider moved something else than asked. Nothing is paid by it; no more is tried."""
    hold(
        session, house, gateway=attempt.gateway, event_id=f"attempt:{attempt.id}:{reason}", reason=reason,
        reference=outcome.reference or "", attempt_id=attempt.id, amount=outcome.amount,
    )  # fmt: skip
    current = State(attempt.state)
    if current not in MOVING:
        return current
    doubtful = {
        "state": State.UNKNOWN,
        "next_lookup_at": None,
        "staff_note": f"{how}: {reason}, held for staff",
    }
    held = changed(
        session,
        update(Attempt).where(Attempt.id == attempt.id, Attempt.state == current).values(**doubtful),
    )
    if held and current is not State.UNKNOWN:
        attempts.tell(session, attempt.id, State.UNKNOWN, house.clock.now(), f"{how}: {reason}")
    return State(attempts.find(session, attempt.id).state)


def _facts(attempt: AttemptView) -> dict[str, object]:
    return {"attempt_id": attempt.id, "invoice_id": attempt.invoice_id, "client_id": attempt.client_id}


def _succeeded(session: Session, house: House, attempt: AttemptView, before: State) -> None:
    if attempt.kind == "refund":
        _refunded(session, house, attempt, before)
        return
    applied = billing.lay_on(session, house, attempt.invoice_id, attempt.amount.minor)
    if applied.allocated_minor:
        allocate(session, house, attempt, applied.allocated_minor, f"attempt:{attempt.id}")
    elif attempt.method != BY_HAND:
        _alert_closed(session, house, attempt)
    amount = attempt.amount.minor
    _post(session, house, attempt, "succeeded", (
        Side(account=ledger.MONEY, amount_minor=amount),
        Side(account=ledger.RECEIVABLE, amount_minor=-applied.allocated_minor, client_id=attempt.client_id),
        Side(account=ledger.CREDIT, amount_minor=-applied.credited_minor, client_id=attempt.client_id),
    ))  # fmt: skip
    publish(house, session, "payment.succeeded", _facts(attempt))


def _alert_closed(session: Session, house: House, attempt: AttemptView) -> None:
    """Money came for an invoice that takes none any more. It is the client's credit; staff are told."""
    hold(
        session, house, gateway=attempt.gateway, event_id=f"attempt:{attempt.id}:invoice_closed",
        reason="invoice_closed", reference=attempt.reference or "", attempt_id=attempt.id,
        amount=attempt.amount,
    )  # fmt: skip


def _refunded(session: Session, house: House, attempt: AttemptView, before: State) -> None:
    if before not in MOVING:  # it was called off, and happened all the same
        _change_allowance(session, attempt, attempt.amount.minor)
    _post(session, house, attempt, "succeeded", (
        Side(account=ledger.REFUNDS, amount_minor=attempt.amount.minor),
        Side(account=ledger.MONEY, amount_minor=-attempt.amount.minor),
    ))  # fmt: skip
    _close_refunded(session, house, attempt)
    publish(house, session, "refund.succeeded", _facts(attempt))


def _close_refunded(session: Session, house: House, refund: AttemptView) -> None:
    """All of it was given back: the payment is over."""
    given = select(func.coalesce(func.sum(Attempt.amount_minor), 0)).where(
        Attempt.parent_id == refund.parent_id, Attempt.state == State.SUCCEEDED
    )
    whole = changed(
        session,
        update(Attempt)
        .where(Attempt.id == refund.parent_id, Attempt.state == State.SUCCEEDED)
        .where(Attempt.amount_minor == session.execute(given).scalar_one())
        .values(state=State.REFUNDED),
    )
    if whole and refund.parent_id is not None:
        attempts.tell(session, refund.parent_id, State.REFUNDED, house.clock.now(), f"A-{refund.number}")


def _pending(session: Session, house: House, attempt: AttemptView, _before: State) -> None:
    if not attempt.waits_for_buyer and attempt.kind == "charge":
        billing.mark_pending(session, attempt.invoice_id, pending=True)
        publish(house, session, "payment.pending", _facts(attempt))


def _declined(session: Session, house: House, attempt: AttemptView, before: State) -> None:
    if before not in MOVING:
        return  # it was over already; only the word for it is another
    if attempt.kind == "refund":
        _change_allowance(session, attempt, -attempt.amount.minor)
        return
    billing.mark_pending(session, attempt.invoice_id, pending=False)
    publish(house, session, "payment.declined", _facts(attempt) | {"code": attempt.code or ""})


def _not_sent(session: Session, house: House, attempt: AttemptView, _before: State) -> None:
    if attempt.kind == "refund":
        _change_allowance(session, attempt, -attempt.amount.minor)
        return
    billing.mark_pending(session, attempt.invoice_id, pending=False)
    publish(house, session, "payment.not_sent", _facts(attempt))


def _change_allowance(session: Session, refund: AttemptView, minor: int) -> None:
    """Note that more (or less) of a payment is given back, or may be. Raises Conflict beyond the whole."""
    sum_after = Attempt.refunded_minor + minor
    statement = update(Attempt).where(
        Attempt.id == refund.parent_id, sum_after >= 0, sum_after <= Attempt.amount_minor
    )
    if not changed(session, statement.values(refunded_minor=sum_after)):
        raise Conflict(_("More would be given back than was taken."))


def _returned(session: Session, house: House, attempt: AttemptView, before: State) -> None:
    """A debit came back. Had it settled, what it paid is owed again and what became credit is gone."""
    if before not in TAKEN:
        _declined(session, house, attempt, before)
        return
    if attempt.kind == "refund":
        _refund_came_back(session, house, attempt)
        return
    _take_back(session, house, attempt)
    publish(house, session, "payment.returned", _facts(attempt))


def _refund_came_back(session: Session, house: House, refund: AttemptView) -> None:
    """The account it went to is closed: the money is with us again and may be given back anew."""
    now = house.clock.now()
    ledger.reverse(
        session, source=f"attempt:{refund.id}:succeeded", new_source=f"attempt:{refund.id}:returned",
        occurred_on=billing.today(session, house, refund.brand_id), now=now, note=f"A-{refund.number}",
    )  # fmt: skip
    _change_allowance(session, refund, -refund.amount.minor)
    whole = update(Attempt).where(Attempt.id == refund.parent_id, Attempt.state == State.REFUNDED)
    if changed(session, whole.values(state=State.SUCCEEDED)) and refund.parent_id is not None:
        note = f"A-{refund.number} came back"
        attempts.tell(session, refund.parent_id, State.SUCCEEDED, now, note)


def _take_back(session: Session, house: House, attempt: AttemptView) -> None:
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


def _unknown(session: Session, house: House, attempt: AttemptView, _before: State) -> None:
    publish(house, session, "payment.unknown", _facts(attempt))


def _nothing(session: Session, house: House, attempt: AttemptView, _before: State) -> None:
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
        session, brand_id=attempt.brand_id, occurred_on=billing.today(session, house, attempt.brand_id),
        source=f"attempt:{attempt.id}:{what}", currency=attempt.amount.currency, sides=sides,
        now=house.clock.now(), note=f"A-{attempt.number}",
    )  # fmt: skip
