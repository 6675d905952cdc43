"""Use cases of payments: the durable task that runs one attempt, and what people ask for.

Each follows one pattern: the intent and its key are committed; the gateway is called outside any
transaction; what came back is committed. A crash at any point is taken up by running the task again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.clients import service as clients
from core.kernel.db import changed
from core.kernel.problems import Conflict
from core.payments import attempts
from core.payments.models import Attempt
from core.payments.recording import record
from core.payments.rules import APPROVAL_EXPIRES, State, next_look
from core.payments.values import AttemptView, NewCharge
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Charges, LooksUp, Redirects, Refunds
from core.plugin_api.values import (
    ChargeRequest,
    DeclineCode,
    LookupRequest,
    PaymentOutcome,
    RedirectInstruction,
    RedirectRequest,
    RefundRequest,
    Status,
)
from core.plugin_host.calls import ask, call_gateway
from core.plugin_host.house import PluginHouse

AbilityT = TypeVar("AbilityT")


def charge(session: Session, house: PluginHouse, new: NewCharge) -> AttemptView:
    """Open an attempt and, unless the buyer must go to the provider's page first, start it.

    In the caller's transaction. Raises Conflict when one is under way or nothing is owed.
    """
    entry = house.plugins.gateways[new.gateway]
    attempt = attempts.open_charge(session, house, new, entry.mode)
    if entry.spec.can(Charges):
        house.engine.enqueue(session, attempts.TASK, attempt.id, queue=attempts.queue_of(attempt.gateway))
    return attempt


def run(house: PluginHouse, attempt_id: UUID) -> None:
    """The task "attempt": send what was never sent, look up what has no answer, else do nothing."""
    with house.db.read() as session:
        attempt = attempts.find(session, attempt_id)
    state = State(attempt.state)
    if state is State.CREATED:
        _send(house, attempt)
    elif state in (State.SENT, State.PENDING, State.UNKNOWN):
        _look(house, attempt)


def _send(house: PluginHouse, attempt: AttemptView) -> None:
    spec = house.plugins.gateways.get(attempt.gateway)
    if spec is None:
        _give_up(house, attempt, f"the gateway {attempt.gateway} is not enabled")
        return
    if attempt.kind == "charge" and not spec.spec.can(Charges):
        return  # the buyer has to go to the provider's page: begin() is asked for from there
    call = _refund_call(house, attempt) if attempt.kind == "refund" else _charge_call(house, attempt)
    with house.db.transaction() as session:
        if not attempts.claim(session, attempt.id, house.clock.now()):
            return
    outcome = call_gateway(call, db=house.db, plugin=house.plugins.build_gateway(attempt.gateway))
    with house.db.transaction() as session:
        record(session, house, attempt.id, outcome, how="answer")


def _give_up(house: PluginHouse, attempt: AttemptView, why: str) -> None:
    with house.db.transaction() as session:
        moved = changed(
            session,
            update(Attempt)
            .where(Attempt.id == attempt.id, Attempt.state == State.CREATED)
            .values(state=State.NOT_SENT, staff_note=why, settled_at=house.clock.now(), next_lookup_at=None),
        )
        if moved:
            attempts.tell(session, attempt.id, State.NOT_SENT, house.clock.now(), why)


def _charge_call(house: PluginHouse, attempt: AttemptView) -> Callable[[], PaymentOutcome]:
    with house.db.read() as session:
        account = attempt.billing_account_id
        source = clients.load_source(session, house, account) if account else None
        contact = clients.primary_contact(session, attempt.client_id)
        label = billing.find(session, attempt.invoice_id).label
    if source is None:
        return lambda: PaymentOutcome(status=Status.NOT_SENT, staff_note="the billing account is empty")
    request = ChargeRequest(
        attempt_id=attempt.id,
        idempotency_key=attempt.idempotency_key,
        amount=attempt.amount,
        source=source,
        invoice_number=label,
        customer_present=attempt.customer_present,
        customer_email=contact.email,
    )
    gateway = _ability(house, attempt.gateway, Charges)
    return lambda: gateway.charge(request)


def _refund_call(house: PluginHouse, attempt: AttemptView) -> Callable[[], PaymentOutcome]:
    with house.db.read() as session:
        parent = attempts.find(session, attempt.parent_id) if attempt.parent_id else None
    assert parent is not None
    assert parent.reference is not None
    request = RefundRequest(
        refund_id=attempt.id,
        idempotency_key=attempt.idempotency_key,
        amount=attempt.amount,
        reference=parent.reference,
    )
    gateway = _ability(house, attempt.gateway, Refunds)
    return lambda: gateway.refund(request)


def _ability(house: PluginHouse, gateway: str, ability: type[AbilityT]) -> AbilityT:
    built = house.plugins.build_gateway(gateway)
    assert isinstance(built, ability)
    return built


def _look(house: PluginHouse, attempt: AttemptView) -> None:
    """Ask the provider what became of it. A refund of unknown outcome waits for staff instead."""
    entry = house.plugins.gateways.get(attempt.gateway)
    if entry is None or not entry.spec.can(LooksUp) or attempt.kind == "refund":
        _note_unknown(house, attempt)
        return
    request = LookupRequest(
        idempotency_key=attempt.idempotency_key,
        reference=attempt.reference,
        amount=attempt.amount,
        sent_at=attempt.created_at,
    )
    if entry.spec.can(Redirects) and attempt.state == State.PENDING:
        redirects = _ability(house, attempt.gateway, Redirects)
        outcome = call_gateway(lambda: redirects.complete(request), db=house.db, plugin=redirects)
    else:
        looks = _ability(house, attempt.gateway, LooksUp)
        outcome = call_gateway(lambda: looks.lookup(request), db=house.db, plugin=looks)
    outcome = _expire(house, attempt, outcome)
    with house.db.transaction() as session:
        if _says_nothing(outcome, attempt):
            _look_later(session, house, attempt)
        else:
            record(session, house, attempt.id, outcome, how="look-up")


def _says_nothing(outcome: PaymentOutcome, attempt: AttemptView) -> bool:
    """A question that was not answered says nothing of the payment itself."""
    is_unanswered = outcome.status is Status.UNKNOWN
    is_pending = attempt.state == State.PENDING
    return (is_unanswered and attempt.state != State.SENT) or (
        is_pending and outcome.status is Status.NOT_SENT
    )


def _look_later(session: Session, house: PluginHouse, attempt: AttemptView) -> None:
    changed(
        session,
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.state == attempt.state)
        .values(lookups=Attempt.lookups + 1, next_lookup_at=next_look(attempt.lookups, house.clock.now())),
    )


def _expire(house: PluginHouse, attempt: AttemptView, outcome: PaymentOutcome) -> PaymentOutcome:
    """What the buyer never approved is over after a while; it was never captured."""
    waits = outcome.status is Status.PENDING and (attempt.approve_url or attempt.action)
    if waits and house.clock.now() - attempt.created_at > APPROVAL_EXPIRES:
        return PaymentOutcome(status=Status.DECLINED, code=DeclineCode.EXPIRED, reference=attempt.reference)
    return outcome


def _note_unknown(house: PluginHouse, attempt: AttemptView) -> None:
    if attempt.state == State.SENT:
        unknown = PaymentOutcome(status=Status.UNKNOWN, staff_note="no answer; staff must ask the provider")
        with house.db.transaction() as session:
            record(session, house, attempt.id, unknown, how="recovery")
            changed(session, update(Attempt).where(Attempt.id == attempt.id).values(next_lookup_at=None))


def begin_redirect(house: PluginHouse, attempt_id: UUID, *, return_url: str, cancel_url: str) -> str:
    """Where to send the buyer to approve. Asking again gives the same page of the same payment.

    Raises Conflict when this attempt is over, or the provider gives no page now.
    """
    with house.db.read() as session:
        attempt = attempts.find(session, attempt_id)
        label = billing.find(session, attempt.invoice_id).label
    if attempt.approve_url and attempt.state == State.PENDING:
        return attempt.approve_url
    with house.db.transaction() as session:
        claimed = attempts.claim(session, attempt_id, house.clock.now())
    if not claimed and attempt.state not in (State.SENT, State.UNKNOWN):
        raise Conflict("This payment is over. Choose how to pay once more.")
    request = RedirectRequest(
        attempt_id=attempt.id,
        idempotency_key=attempt.idempotency_key,
        amount=attempt.amount,
        invoice_number=label,
        return_url=return_url,
        cancel_url=cancel_url,
    )
    return _begin(house, attempt, request)


def _begin(house: PluginHouse, attempt: AttemptView, request: RedirectRequest) -> str:
    redirects = _ability(house, attempt.gateway, Redirects)
    try:
        instruction = ask(
            lambda: redirects.begin(request), RedirectInstruction, db=house.db, plugin=redirects
        )
    except PluginError as error:
        # Nothing moves before the approval, so the way back to "created" loses nothing.
        with house.db.transaction() as session:
            changed(
                session,
                update(Attempt)
                .where(Attempt.id == attempt.id, Attempt.state == State.SENT)
                .values(state=State.CREATED, staff_note=error.code),
            )
        raise Conflict(
            "The payment page does not answer at the moment. Try again, or pay another way."
        ) from error
    with house.db.transaction() as session:
        changed(
            session,
            update(Attempt)
            .where(Attempt.id == attempt.id, Attempt.state.in_((State.SENT, State.UNKNOWN)))
            .values(
                state=State.PENDING,
                reference=instruction.reference,
                approve_url=instruction.url,
                next_lookup_at=next_look(3, house.clock.now()),
            ),
        )
        attempts.tell(session, attempt.id, State.PENDING, house.clock.now(), "waits for the buyer's approval")
    return instruction.url


def abandon(session: Session, house: PluginHouse, attempt_id: UUID) -> bool:
    """The buyer turns to another way to pay: only what waits for the buyer alone can be left.

    Should they approve it after all, core never captures it; money that moves all the same is booked.
    """
    attempt = attempts.find(session, attempt_id)
    waits_for_buyer = attempt.approve_url is not None or attempt.action is not None
    not_begun = attempt.state == State.CREATED and house.plugins.gateway_spec(attempt.gateway).can(Redirects)
    if not (not_begun or (attempt.state == State.PENDING and waits_for_buyer)):
        return False
    outcome = PaymentOutcome(
        status=Status.DECLINED, code=DeclineCode.CANCELLED_BY_BUYER, reference=attempt.reference
    )
    return record(session, house, attempt_id, outcome, how="buyer") is State.DECLINED
