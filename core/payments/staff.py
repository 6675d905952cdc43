"""What staff ask of payments: money that came by hand, a look at a doubtful one, money back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields
from core.payments import attempts
from core.payments.models import Attempt
from core.payments.recording import record
from core.payments.rules import State
from core.payments.values import BY_HAND
from core.plugin_api.gateway import Refunds
from core.plugin_api.values import PaymentOutcome, Status
from core.plugin_host.house import PluginHouse

REFERENCE_LIMIT = 100


def mark_paid(
    house: PluginHouse, invoice_id: UUID, *, gateway: str, amount_text: str, reference: str, actor: str
) -> UUID:
    """Staff saw the money: book it under its reference. The same reference twice is refused.

    More than owed becomes the client's credit; less leaves the invoice open for the rest.
    Raises InvalidFields (amount, reference) and Conflict (a charge is under way).
    """
    reference = reference.strip()
    with house.db.transaction() as session:
        invoice = billing.find(session, invoice_id)
        amount = _amount(amount_text, invoice.open)
        if not reference or len(reference) > REFERENCE_LIMIT:
            raise InvalidFields({"reference": "Enter the reference of the transfer or the check number."})
        if attempts.moving(session, invoice_id):
            raise Conflict("A payment for this invoice is under way. Wait for its answer first.")
        attempt = Attempt(
            id=new_id(), number=numbers.take(session, "attempt", first=attempts.FIRST_NUMBER)[0],
            brand_id=invoice.brand_id, client_id=invoice.client_id, invoice_id=invoice.id,
            idempotency_key=f"hand-{new_id()}", kind="charge", gateway=gateway,
            mode=_mode(house, gateway), method=BY_HAND, amount_minor=amount.minor,
            currency=amount.currency, customer_present=False, created_at=house.clock.now(),
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        outcome = PaymentOutcome(status=Status.SUCCEEDED, reference=reference, amount=amount)
        try:
            record(session, house, attempt.id, outcome, how=f"marked paid by {actor}")
        except IntegrityError as error:
            raise InvalidFields({"reference": "A payment with this reference is booked already."}) from error
        audit.record(
            session, actor=actor, action="invoice.mark_paid", target=f"invoice:{invoice_id}",
            now=house.clock.now(), after={"amount": str(amount), "reference": reference},
        )  # fmt: skip
        return attempt.id


def _amount(text: str, owed: Money) -> Money:
    try:
        amount = Money.parse(text, owed.currency) if text.strip() else owed
    except ValueError as error:
        raise InvalidFields({"amount": "Enter an amount in figures, as in 25.00."}) from error
    if amount.minor <= 0:
        raise InvalidFields({"amount": "Enter an amount above zero."})
    return amount


def _mode(house: PluginHouse, gateway: str) -> str:
    entry = house.plugins.gateways.get(gateway)
    return entry.mode if entry else "live"


def look_up_now(house: PluginHouse, attempt_id: UUID, actor: str) -> None:
    """Ask the provider at once. Raises Conflict when nothing is under way."""
    with house.db.transaction() as session:
        if not attempts.ask(session, house, attempt_id):
            raise Conflict("This payment is not waiting for an answer.")
        audit.record(
            session, actor=actor, action="attempt.look_up", target=f"attempt:{attempt_id}",
            now=house.clock.now(),
        )  # fmt: skip


def refund(house: PluginHouse, attempt_id: UUID, amount_text: str, actor: str) -> UUID:
    """Give money back at the gateway: the sum of refunds never passes what was taken.

    The allowance is taken by a conditional update, so two at once can not both have it.
    Raises InvalidFields (amount) and Conflict.
    """
    with house.db.transaction() as session:
        parent = attempts.find(session, attempt_id)
        entry = house.plugins.gateways.get(parent.gateway)
        if parent.state != State.SUCCEEDED or parent.kind != "charge" or not entry:
            raise Conflict("Only a payment that succeeded can be refunded.")
        if not entry.spec.can(Refunds):
            raise Conflict(f"{entry.spec.name} can not give money back. Send it another way.")
        left = Money(parent.amount.minor - parent.refunded_minor, parent.amount.currency)
        amount = _amount(amount_text, left)
        allowed = changed(
            session,
            update(Attempt)
            .where(Attempt.id == attempt_id, Attempt.refunded_minor + amount.minor <= Attempt.amount_minor)
            .values(refunded_minor=Attempt.refunded_minor + amount.minor),
        )
        if not allowed:
            raise InvalidFields({"amount": f"At most {left} can be given back."})
        return _open_refund(session, house, attempt_id, amount, actor)


def _open_refund(session: Session, house: PluginHouse, parent_id: UUID, amount: Money, actor: str) -> UUID:
    parent = attempts.find(session, parent_id)
    refund_id = new_id()
    session.add(
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
            created_at=house.clock.now(),
        )
    )
    session.flush()
    attempts.tell(session, refund_id, State.CREATED, house.clock.now())
    house.engine.enqueue(session, attempts.TASK, refund_id, queue=attempts.queue_of(parent.gateway))
    audit.record(
        session, actor=actor, action="attempt.refund", target=f"attempt:{parent_id}",
        now=house.clock.now(), after={"amount": str(amount)},
    )  # fmt: skip
    return refund_id
