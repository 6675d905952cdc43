"""Use cases of payments: the durable task that runs one attempt, and what people ask for.

Each follows one pattern: the intent and its key are committed; the gateway is called outside any
transaction; what came back is committed. A crash at any point is taken up by running the task again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.clients import service as clients
from core.clients import standing
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict
from core.kernel.work import House
from core.payments import attempts
from core.payments.models import Attempt
from core.payments.recording import give_up, record
from core.payments.rules import (
    APPROVAL_EXPIRES,
    APPROVAL_LOOK,
    MOVING,
    State,
    next_look,
)
from core.payments.values import AttemptView, NewCharge
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Charges, Gateway, GatewaySpec, LooksUp, Redirects, Refunds
from core.plugin_api.values import (
    BankAccount,
    ChargeRequest,
    DeclineCode,
    LookupRequest,
    PaymentOutcome,
    PaymentSource,
    RedirectInstruction,
    RedirectRequest,
    RefundRequest,
    Status,
)
from core.plugin_host.calls import ask, call_gateway
from core.plugin_host.house import PluginHouse

AbilityT = TypeVar("AbilityT")
UNSENT = (State.CREATED,)
BEGINNING = (State.CREATED, State.SENT, State.UNKNOWN)  # of a hand-over to the provider's page


def charge(session: Session, house: PluginHouse, new: NewCharge) -> AttemptView:
    """Open an attempt and, unless the buyer must go to the provider's page first, start it.

    In the caller's transaction. Raises Conflict when one is under way or nothing is owed, and NotBillable
    (a Conflict) when the status of the client forbids it, see ``standing.hold_chargeable``. That is asked
    once more when it is sent: until then the status may have changed.
    """
    invoice = billing.keep_open(session, new.invoice_id)
    standing.hold_chargeable(session, invoice.client_id, asked=new.customer_present)
    entry = house.plugins.gateways[new.gateway]
    starts = not starts_with_buyer(entry.spec)
    attempt = attempts.open_charge(session, house, new, entry.mode, starts=starts)
    if starts:
        house.engine.enqueue(session, attempts.TASK, attempt.id, queue=attempts.queue_of(attempt.gateway))
    return attempt


def starts_with_buyer(spec: GatewaySpec) -> bool:
    """Nothing is sent before the buyer asks for the provider's page."""
    return not spec.can(Charges)


def run(house: PluginHouse, attempt_id: UUID) -> None:
    """The task "attempt": send what was never sent, look up what has no answer, else do nothing."""
    with house.db.read() as session:
        attempt = attempts.find(session, attempt_id)
    state = State(attempt.state)
    if state not in MOVING:
        return
    if attempt.gateway not in house.plugins.gateways:
        _without_gateway(house, attempt)
    elif state is State.CREATED:
        _send(house, attempt)
    else:
        _look(house, attempt)


def _without_gateway(house: PluginHouse, attempt: AttemptView) -> None:
    """Its plugin was switched off: what was never sent is over, the rest waits until it is back."""
    why = f"the gateway {attempt.gateway} is not enabled"
    with house.db.transaction() as session:
        if give_up(session, house, attempt.id, why, states=UNSENT):
            return
        if attempt.state == State.SENT:
            unknown = PaymentOutcome(status=Status.UNKNOWN, staff_note=why)
            record(session, house, attempt.id, unknown, how="recovery")
        else:
            _look_later(session, house, attempt)


def _send(house: PluginHouse, attempt: AttemptView) -> None:
    is_charge = attempt.kind == "charge"
    if is_charge and starts_with_buyer(house.plugins.gateways[attempt.gateway].spec):
        with house.db.transaction() as session:  # begin() is asked for from the provider's page on
            attempts.look_again(session, attempt, None)
        return
    call, secrets = _charge_call(house, attempt) if is_charge else (_refund_call(house, attempt), ())
    if not house.db.run(lambda session: _claim(session, house, attempt)):
        return
    outcome = call_gateway(call, db=house.db, plugin=_gateway(house, attempt), secrets=secrets)
    house.db.run(lambda session: record(session, house, attempt.id, outcome, how="answer"))


def _claim(session: Session, house: House, attempt: AttemptView) -> bool:
    """Whether it is ours to send. A charge whose client may not be charged any more is over instead.

    The client is held, so its status stands until the claim is committed. A change after that finds the
    call on its way: it is not called back, and what came of it is booked as ever.
    """
    if not _may_charge(session, attempt):
        label = standing.standing(session, attempt.client_id).label
        give_up(session, house, attempt.id, f"not sent: the client is {label}", states=UNSENT)
        return False
    return attempts.claim(session, attempt.id, house.clock.now())


def _may_charge(session: Session, attempt: AttemptView) -> bool:
    """Whether money may be taken of its client now; the client is held so. A refund may always be sent."""
    if attempt.kind != "charge":
        return True
    try:
        standing.hold_chargeable(session, attempt.client_id, asked=attempt.customer_present)
    except standing.NotBillable:
        return False
    return True


def _charge_call(
    house: PluginHouse, attempt: AttemptView
) -> tuple[Callable[[], PaymentOutcome], tuple[str, ...]]:
    """The call, and what of it must never stand in a note."""
    with house.db.read() as session:
        source = _source(session, house, attempt)
        contact = clients.primary_contact(session, attempt.client_id)
        label = billing.find(session, attempt.invoice_id).label
    if source is None:
        return lambda: PaymentOutcome(status=Status.NOT_SENT, staff_note="the billing account is empty"), ()
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
    return lambda: gateway.charge(request), _secrets_of(source)


def _source(session: Session, house: House, attempt: AttemptView) -> PaymentSource | None:
    """None when there is nothing to charge: removed, or sealed with a key that is gone."""
    if attempt.billing_account_id is None:
        return None
    try:
        return clients.load_source(session, house, attempt.billing_account_id)
    except ValueError:
        return None


def _secrets_of(source: PaymentSource) -> tuple[str, ...]:
    if isinstance(source, BankAccount):
        return tuple(filter(None, (source.routing_number, source.account_number, source.license_id)))
    return (source.token,)


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


def _gateway(house: PluginHouse, attempt: AttemptView) -> Gateway[Any]:
    return house.plugins.build_gateway(attempt.gateway)


def _ability(house: PluginHouse, gateway: str, ability: type[AbilityT]) -> AbilityT:
    built = house.plugins.build_gateway(gateway)
    assert isinstance(built, ability)
    return built


def _look(house: PluginHouse, attempt: AttemptView) -> None:
    """Ask the provider what became of it. A refund of unknown outcome waits for staff instead."""
    spec = house.plugins.gateways[attempt.gateway].spec
    if not spec.can(LooksUp) or attempt.kind == "refund":
        _wait_for_staff(house, attempt)
    elif starts_with_buyer(spec) and attempt.approve_url is None and attempt.state != State.PENDING:
        _begin_anew(house, attempt)
    else:
        outcome = _expire(house, attempt, _asked(house, attempt))
        house.db.run(lambda session: _heard(session, house, attempt, outcome))


def _heard(session: Session, house: PluginHouse, attempt: AttemptView, outcome: PaymentOutcome) -> None:
    if _says_nothing(outcome, attempt):
        _look_later(session, house, attempt)
    else:
        record(session, house, attempt.id, outcome, how="look-up")


def _asked(house: PluginHouse, attempt: AttemptView) -> PaymentOutcome:
    request = LookupRequest(
        idempotency_key=attempt.idempotency_key,
        reference=attempt.reference,
        amount=attempt.amount,
        sent_at=attempt.created_at,
    )
    plugin = _gateway(house, attempt)
    if isinstance(plugin, Redirects) and attempt.state == State.PENDING and _may_capture(house, attempt):
        return call_gateway(lambda: plugin.complete(request), db=house.db, plugin=plugin)
    looks = _ability(house, attempt.gateway, LooksUp)
    return call_gateway(lambda: looks.lookup(request), db=house.db, plugin=plugin)


def _may_capture(house: PluginHouse, attempt: AttemptView) -> bool:
    """What was approved of a client who may not be charged any more is looked at only, until it expires."""
    return house.db.run(lambda session: _may_charge(session, attempt))


def _begin_anew(house: PluginHouse, attempt: AttemptView) -> None:
    """The hand-over to the provider's page was cut: nobody has its address, so it may begin again."""
    note = "the hand-over to the provider was cut; it begins again with the buyer's next visit"
    with house.db.transaction() as session:
        attempts.rewind(session, attempt, house.clock.now(), note)


def _says_nothing(outcome: PaymentOutcome, attempt: AttemptView) -> bool:
    """A question that was not answered says nothing of the payment itself."""
    is_unanswered = outcome.status is Status.UNKNOWN
    is_pending = attempt.state == State.PENDING
    return (is_unanswered and attempt.state != State.SENT) or (
        is_pending and outcome.status is Status.NOT_SENT
    )


def _look_later(session: Session, house: PluginHouse, attempt: AttemptView) -> None:
    now = house.clock.now()
    later = (
        now + APPROVAL_LOOK
        if attempt.waits_for_buyer
        else next_look(attempt.sent_at or attempt.created_at, now)
    )
    attempts.look_again(session, attempt, later)


def _expire(house: PluginHouse, attempt: AttemptView, outcome: PaymentOutcome) -> PaymentOutcome:
    """What the buyer never approved is over after a while; it was never captured."""
    waits = outcome.status is Status.PENDING and attempt.waits_for_buyer
    if waits and house.clock.now() - (attempt.sent_at or attempt.created_at) > APPROVAL_EXPIRES:
        return PaymentOutcome(status=Status.DECLINED, code=DeclineCode.EXPIRED, reference=attempt.reference)
    return outcome


def _wait_for_staff(house: PluginHouse, attempt: AttemptView) -> None:
    with house.db.transaction() as session:
        if attempt.state == State.SENT:
            note = "no answer; staff must ask the provider"
            unknown = PaymentOutcome(status=Status.UNKNOWN, staff_note=note)
            record(session, house, attempt.id, unknown, how="recovery")
        attempts.look_again(session, attempts.find(session, attempt.id), None)


def begin_redirect(house: PluginHouse, attempt_id: UUID, *, return_url: str, cancel_url: str) -> str:
    """Where to send the buyer to approve. Asking again gives the same page of the same payment.

    Raises Conflict when this attempt is over, or the provider gives no page now.
    """
    attempt, label, claimed = house.db.run(lambda session: _claim_page(session, house, attempt_id))
    if attempt.approve_url and attempt.state == State.PENDING:
        return attempt.approve_url
    if not claimed and (attempt.state not in BEGINNING or attempt.approve_url is not None):
        raise Conflict(_("This payment is over. Choose how to pay once more."))
    request = RedirectRequest(
        attempt_id=attempt.id,
        idempotency_key=attempt.idempotency_key,
        amount=attempt.amount,
        invoice_number=label,
        return_url=return_url,
        cancel_url=cancel_url,
    )
    return _begin(house, attempt, request)


def _claim_page(session: Session, house: House, attempt_id: UUID) -> tuple[AttemptView, str, bool]:
    """(attempt, what it pays, whether it was claimed now)."""
    claimed = _claim(session, house, attempts.find(session, attempt_id))
    attempt = attempts.find(session, attempt_id)
    return attempt, billing.find(session, attempt.invoice_id).label, claimed


def _begin(house: PluginHouse, attempt: AttemptView, request: RedirectRequest) -> str:
    redirects = _ability(house, attempt.gateway, Redirects)
    try:
        instruction = ask(
            lambda: redirects.begin(request), RedirectInstruction, db=house.db, plugin=redirects
        )
    except PluginError as error:
        # Nothing moves before the approval, so the way back to "created" loses nothing.
        with house.db.transaction() as session:
            attempts.rewind(session, attempt, house.clock.now(), error.code)
        raise Conflict(
            _("The payment page does not answer at the moment. Try again, or pay another way.")
        ) from error
    with house.db.transaction() as session:
        if not _hand_over(session, house, attempt, instruction):
            raise Conflict(_("This payment is over. Choose how to pay once more."))
    return instruction.url


def _hand_over(
    session: Session, house: PluginHouse, attempt: AttemptView, instruction: RedirectInstruction
) -> bool:
    """Remember the page before the buyer sees it. True too when another tab was a moment quicker."""
    now = house.clock.now()
    holder = attempts.holder_of(session, attempt.gateway, attempt.mode, instruction.reference)
    if holder not in (None, attempt.id):
        return False
    moved = changed(
        session,
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.state.in_(BEGINNING), Attempt.approve_url.is_(None))
        .values(
            state=State.PENDING,
            reference=instruction.reference,
            approve_url=instruction.url,
            next_lookup_at=now + APPROVAL_LOOK,
        ),
    )
    if moved:
        attempts.tell(session, attempt.id, State.PENDING, now, "waits for the buyer's approval")
    return moved or attempts.find(session, attempt.id).approve_url == instruction.url


def abandon(session: Session, house: PluginHouse, attempt_id: UUID) -> bool:
    """The buyer turns to another way to pay: only what waits for the buyer alone can be left.

    Should they approve it after all, core never captures it; money that moves all the same is booked.
    """
    attempt = attempts.find(session, attempt_id)
    if not can_be_left(house, attempt):
        return False
    outcome = PaymentOutcome(
        status=Status.DECLINED, code=DeclineCode.CANCELLED_BY_BUYER, reference=attempt.reference
    )
    return record(session, house, attempt_id, outcome, how="buyer") is State.DECLINED


def can_be_left(house: PluginHouse, attempt: AttemptView) -> bool:
    """Whether nothing moves unless the buyer acts at the provider's page or answers their bank."""
    if attempt.state == State.PENDING:
        return attempt.waits_for_buyer
    entry = house.plugins.gateways.get(attempt.gateway)
    return attempt.state == State.CREATED and (entry is None or starts_with_buyer(entry.spec))
