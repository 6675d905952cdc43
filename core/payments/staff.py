"""What staff ask of payments: money that came by hand, a look at a doubtful one, money back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.ids import new_id
from core.kernel.lines import is_line
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields
from core.payments import attempts
from core.payments.models import Attempt, UnmatchedMoney
from core.payments.recording import give_up, record
from core.payments.rules import State
from core.payments.values import BY_HAND, AttemptView
from core.plugin_api.gateway import Refunds
from core.plugin_api.values import PaymentOutcome, Status
from core.plugin_host.house import PluginHouse

REFERENCE_LIMIT = 100
MOST_MINOR = 10**13  # nobody pays a hundred billion: a slip of the finger
DOUBTFUL = (State.UNKNOWN, State.SENT)
BOOKED = mark("A payment with this reference is booked already.")
UNDER_WAY = mark("A payment for this invoice is under way. Wait for its answer first.")


def mark_paid(
    house: PluginHouse, invoice_id: UUID, *, gateway: str, amount_text: str, reference: str, actor: str
) -> UUID:
    """Staff saw the money: book it under its reference. The same reference twice is refused.

    More than owed becomes the client's credit; less leaves the invoice open for the rest. Raises
    InvalidFields (amount, reference, gateway) and Conflict (a charge is under way).
    """
    reference = _reference(reference)
    if gateway not in house.plugins.gateways:
        raise InvalidFields({"gateway": _("Choose how the money came.")})
    try:
        return house.db.run(
            lambda session: _mark_paid(session, house, invoice_id, gateway, amount_text, reference, actor)
        )
    except IntegrityError as error:  # the same reference was booked a moment ago
        raise InvalidFields({"reference": _(BOOKED)}) from error


def _reference(text: str) -> str:
    text = " ".join(text.split())
    if not is_line(text, REFERENCE_LIMIT):
        raise InvalidFields({"reference": _("Enter the reference of the transfer or the check number.")})
    return text


def _mark_paid(
    session: Session, house: PluginHouse, invoice_id: UUID, gateway: str, amount_text: str, reference: str,
    actor: str,
) -> UUID:  # fmt: skip
    invoice = billing.find(session, invoice_id)
    is_open = invoice.status in billing.OPEN
    amount = _amount(amount_text, invoice.open if is_open else Money.zero(invoice.total.currency))
    mode = house.plugins.gateways[gateway].mode
    if attempts.holder_of(session, gateway, mode, reference):
        raise InvalidFields({"reference": _(BOOKED)})
    if attempts.moving(session, invoice_id):
        raise Conflict(_(UNDER_WAY))
    now = house.clock.now()
    attempt = attempts.insert(session, Attempt(
        id=new_id(), number=numbers.take(session, "attempt", first=attempts.FIRST_NUMBER)[0],
        brand_id=invoice.brand_id, client_id=invoice.client_id, invoice_id=invoice.id,
        idempotency_key=f"hand-{new_id()}", kind="charge", gateway=gateway, mode=mode, method=BY_HAND,
        amount_minor=amount.minor, currency=amount.currency, customer_present=False, created_at=now,
    ))  # fmt: skip
    outcome = PaymentOutcome(status=Status.SUCCEEDED, reference=reference, amount=amount)
    if record(session, house, attempt.id, outcome, how=f"marked paid by {actor}") is not State.SUCCEEDED:
        raise InvalidFields({"reference": _(BOOKED)})
    audit.record(
        session, actor=actor, action="invoice.mark_paid", target=f"invoice:{invoice_id}", now=now,
        after={"amount": str(amount), "reference": reference, "gateway": gateway},
    )  # fmt: skip
    return attempt.id


def _amount(text: str, owed: Money) -> Money:
    try:
        amount = Money.typed(text, owed.currency) if text.strip() else owed
    except ValueError as error:
        raise InvalidFields({"amount": _("Enter an amount in figures, as in 25.00.")}) from error
    if not 0 < amount.minor <= MOST_MINOR:
        raise InvalidFields({"amount": _("Enter an amount above zero, and not beyond all bounds.")})
    return amount


def look_up_now(house: PluginHouse, attempt_id: UUID, actor: str) -> None:
    """Ask the provider at once. Raises Conflict when nothing is under way."""
    with house.db.transaction() as session:
        if not attempts.ask(session, house, attempt_id):
            raise Conflict(_("This payment is not waiting for an answer."))
        _audit(session, house, actor, "attempt.look_up", attempt_id)


def settle(
    house: PluginHouse, attempt_id: UUID, *, happened: bool, note: str, actor: str, reference: str = ""
) -> None:
    """Staff looked at the provider's own screens: say what became of a payment or refund in doubt.

    What did not happen is over; money of another amount is then booked with ``mark_paid``. Raises
    InvalidFields (note, reference) and Conflict when the attempt is not in doubt.
    """
    if not note.strip():
        raise InvalidFields({"note": _("Say in a few words what you saw at the provider.")})

    def work(session: Session) -> None:
        attempt = attempts.find(session, attempt_id)
        if attempt.state not in DOUBTFUL:
            raise Conflict(_("It is known what became of this payment."))
        if happened:
            _it_happened(session, house, attempt, reference, actor)
        elif not give_up(session, house, attempt_id, f"by {actor}: {note.strip()}", states=DOUBTFUL):
            raise Conflict(_("It is known what became of this payment."))
        _close_held(session, attempt_id)
        facts = {"happened": happened, "note": note.strip(), "reference": reference}
        _audit(session, house, actor, "attempt.settle", attempt_id, facts)

    house.db.run(work)


def _it_happened(
    session: Session, house: PluginHouse, attempt: AttemptView, reference: str, actor: str
) -> None:
    known = attempt.reference or _reference(reference)
    outcome = PaymentOutcome(status=Status.SUCCEEDED, reference=known, amount=attempt.amount)
    if record(session, house, attempt.id, outcome, how=f"settled by {actor}") is not State.SUCCEEDED:
        raise InvalidFields({"reference": _(BOOKED)})


def _close_held(session: Session, attempt_id: UUID) -> None:
    """What was held about this attempt is answered."""
    session.execute(
        update(UnmatchedMoney)
        .where(UnmatchedMoney.attempt_id == attempt_id, UnmatchedMoney.state == "open")
        .values(state="resolved")
        .execution_options(synchronize_session=False)
    )


def close_unmatched(house: PluginHouse, unmatched_id: UUID, note: str, actor: str) -> None:
    """Staff have dealt with money that was held: booked by hand, sent back, or explained.

    Raises InvalidFields (note) and Conflict when it is closed already or was never held.
    """
    if not note.strip():
        raise InvalidFields({"note": _("Say in a few words what became of it.")})
    with house.db.transaction() as session:
        held = (UnmatchedMoney.id == unmatched_id, UnmatchedMoney.state == "open")
        if not changed(session, update(UnmatchedMoney).where(*held).values(state="resolved")):
            raise Conflict(_("This is dealt with already."))
        audit.record(
            session, actor=actor, action="unmatched.close", target=f"unmatched:{unmatched_id}",
            now=house.clock.now(), before={"state": "open"},
            after={"state": "resolved", "note": note.strip()},
        )  # fmt: skip


def refund(house: PluginHouse, attempt_id: UUID, amount_text: str, actor: str) -> UUID:
    """Give money back at the gateway: the sum of refunds never passes what was taken.

    The allowance is taken by a conditional update, so two at once can not both have it.
    Raises InvalidFields (amount) and Conflict.
    """
    return house.db.run(lambda session: _refund(session, house, attempt_id, amount_text, actor))


def _refund(session: Session, house: PluginHouse, attempt_id: UUID, amount_text: str, actor: str) -> UUID:
    parent = attempts.find(session, attempt_id)
    entry = house.plugins.gateways.get(parent.gateway)
    if parent.state != State.SUCCEEDED or parent.kind != "charge" or not entry:
        raise Conflict(_("Only a payment that succeeded can be refunded."))
    if not entry.spec.can(Refunds):
        raise Conflict(_("{name} can not give money back. Send it another way.").format(name=entry.spec.name))
    left = Money(parent.amount.minor - parent.refunded_minor, parent.amount.currency)
    amount = _amount(amount_text, left)
    allowed = changed(
        session,
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == State.SUCCEEDED)
        .where(Attempt.refunded_minor + amount.minor <= Attempt.amount_minor)
        .values(refunded_minor=Attempt.refunded_minor + amount.minor),
    )
    if not allowed:
        raise InvalidFields({"amount": _("At most {left} can be given back.").format(left=left)})
    return _open_refund(session, house, parent, amount, actor)


def _open_refund(
    session: Session, house: PluginHouse, parent: AttemptView, amount: Money, actor: str
) -> UUID:
    refund_id, now = new_id(), house.clock.now()
    attempts.insert(
        session,
        Attempt(
            id=refund_id,
            number=numbers.take(session, "attempt", first=attempts.FIRST_NUMBER)[0],
            brand_id=parent.brand_id,
            client_id=parent.client_id,
            invoice_id=parent.invoice_id,
            idempotency_key=f"ik-{refund_id}",
            kind="refund",
            gateway=parent.gateway,
            mode=parent.mode,
            billing_account_id=parent.billing_account_id,
            parent_id=parent.id,
            method=parent.method,
            amount_minor=amount.minor,
            currency=amount.currency,
            customer_present=False,
            next_lookup_at=now + attempts.STRANDED,
            created_at=now,
        ),
    )
    house.engine.enqueue(session, attempts.TASK, refund_id, queue=attempts.queue_of(parent.gateway))
    _audit(session, house, actor, "attempt.refund", parent.id, {"amount": str(amount)})
    return refund_id


def _audit(
    session: Session, house: PluginHouse, actor: str, action: str, attempt_id: UUID,
    after: dict[str, object] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"attempt:{attempt_id}", now=house.clock.now(),
        after=after,
    )  # fmt: skip
