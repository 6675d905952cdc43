"""Attempts in the database: opened, claimed, moved from state to state. Never calls a gateway."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.clients import billing_accounts
from core.kernel import numbers
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.problems import Conflict, NotFound
from core.kernel.work import House
from core.payments.models import Attempt, AttemptStep
from core.payments.rules import MOVING, State
from core.payments.values import AttemptView, NewCharge

FIRST_NUMBER = 50001
TASK = "attempt"
STRANDED = timedelta(minutes=10)  # longer than any gateway call may take


def queue_of(gateway: str) -> str:
    """Each gateway has its own queue, so that a slow one holds up nobody else."""
    return f"gateway:{gateway}"


def open_charge(session: Session, house: House, charge: NewCharge, mode: str, *, starts: bool) -> AttemptView:
    """Commit the intent to charge what is open on the invoice, with its key, before anything is called.

    ``starts``: a worker sends it, not the buyer's visit to the provider's page. Raises Conflict when a
    charge of this invoice is under way, nothing is owed, or the way to pay was removed. At most one charge
    per invoice moves at a time: the database holds that (uq_attempt_moving).
    """
    invoice = billing.keep_open(session, charge.invoice_id)
    if invoice.status not in billing.OPEN or invoice.open.minor <= 0:
        raise Conflict(_("Nothing is owed on this invoice any more."))
    if charge.billing_account_id and not billing_accounts.hold(session, charge.billing_account_id):
        raise Conflict(_("This way to pay was removed. Choose another one."))
    attempt_id, now = new_id(), house.clock.now()
    attempt = Attempt(
        id=attempt_id,
        number=numbers.take(session, "attempt", first=FIRST_NUMBER)[0],
        brand_id=invoice.brand_id,
        client_id=invoice.client_id,
        invoice_id=invoice.id,
        idempotency_key=f"ik-{attempt_id}",
        kind="charge",
        gateway=charge.gateway,
        mode=mode,
        billing_account_id=charge.billing_account_id,
        method=charge.method,
        amount_minor=invoice.open.minor,
        currency=invoice.open.currency,
        customer_present=charge.customer_present,
        next_lookup_at=now + STRANDED if starts else None,  # should its run be lost
        created_at=now,
    )
    return insert(session, attempt)


def insert(session: Session, attempt: Attempt) -> AttemptView:
    """Write a new attempt and the beginning of its story. Raises Conflict, see ``open_charge``."""
    try:
        with session.begin_nested():
            session.add(attempt)
            session.flush()
    except IntegrityError as error:
        raise Conflict(_("A payment for this invoice is under way. Please wait for its answer.")) from error
    tell(session, attempt.id, State.CREATED, attempt.created_at)
    return view(attempt)


def claim(session: Session, attempt_id: UUID, now: datetime) -> bool:
    """created -> sent. Only the one who gets True may call the gateway."""
    claimed = changed(
        session,
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == State.CREATED)
        .values(state=State.SENT, sent_at=now, next_lookup_at=None),
    )
    if claimed:
        tell(session, attempt_id, State.SENT, now)
    return claimed


def tell(session: Session, attempt_id: UUID, state: State, now: datetime, note: str = "") -> None:
    """Add a line to the attempt's story."""
    session.add(AttemptStep(id=new_id(), attempt_id=attempt_id, at=now, state=state, note=note))


def sends(session: Session, attempt_id: UUID) -> int:
    """How often it was claimed to be sent, as its story tells."""
    sent = (AttemptStep.attempt_id == attempt_id, AttemptStep.state == State.SENT)
    return session.scalar(select(func.count()).select_from(AttemptStep).where(*sent)) or 0


def find(session: Session, attempt_id: UUID) -> AttemptView:
    """Raises NotFound."""
    row = session.get(Attempt, attempt_id)
    if row is None:
        raise NotFound(_("There is no such payment."))
    return view(row)


def of_invoice(session: Session, invoice_id: UUID) -> list[AttemptView]:
    """All tries on one invoice, oldest first."""
    statement = select(Attempt).where(Attempt.invoice_id == invoice_id).order_by(Attempt.number)
    return [view(row) for row in session.execute(statement).scalars()]


def moving(session: Session, invoice_id: UUID) -> AttemptView | None:
    """The charge under way on this invoice, if any."""
    statement = select(Attempt).where(
        Attempt.invoice_id == invoice_id, Attempt.kind == "charge", Attempt.state.in_(MOVING)
    )
    row = session.execute(statement).scalar_one_or_none()
    return view(row) if row else None


def moving_with(session: Session, billing_account_id: UUID) -> AttemptView | None:
    """A charge under way with this billing account, if any: the oldest."""
    statement = select(Attempt).where(
        Attempt.billing_account_id == billing_account_id, Attempt.kind == "charge", Attempt.state.in_(MOVING)
    )
    row = session.scalars(statement.order_by(Attempt.number).limit(1)).one_or_none()
    return view(row) if row else None


def ask(session: Session, house: House, attempt_id: UUID, *, only_due: bool = False) -> bool:
    """Have a worker look at this attempt soon. False when nothing is under way any more.

    ``only_due``: not when somebody else has asked meanwhile. Should the run be lost, it is due again.
    """
    session.flush()
    now = house.clock.now()
    statement = (
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(MOVING), *([_is_due(now)] if only_due else []))
        .values(lookups=Attempt.lookups + 1, next_lookup_at=now + STRANDED)
        .returning(Attempt.lookups, Attempt.gateway)
    )
    row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
    if row is None:
        return False
    session.expire_all()
    house.engine.enqueue(session, TASK, attempt_id, queue=queue_of(row.gateway), turn=row.lookups)
    return True


def due(session: Session, now: datetime, limit: int = 200) -> list[UUID]:
    """Attempts whose next look (or next sending) has come, and those left behind while sending."""
    statement = (
        select(Attempt.id)
        .where(Attempt.state.in_(MOVING), _is_due(now))
        .order_by(Attempt.next_lookup_at)
        .limit(limit)
    )
    return list(session.execute(statement).scalars())


def _is_due(now: datetime) -> ColumnElement[bool]:
    left_behind = and_(
        Attempt.state == State.SENT, Attempt.next_lookup_at.is_(None), Attempt.sent_at <= now - STRANDED
    )
    return or_(Attempt.next_lookup_at <= now, left_behind)


def look_again(session: Session, attempt: AttemptView, when: datetime | None) -> bool:
    """Plan the next look (None: only when somebody asks), unless the attempt has moved on."""
    statement = update(Attempt).where(Attempt.id == attempt.id, Attempt.state == attempt.state)
    return changed(session, statement.values(next_lookup_at=when))


def rewind(session: Session, attempt: AttemptView, now: datetime, note: str) -> bool:
    """sent -> created, for what can not have moved money: the buyer never got the provider's page."""
    back = changed(
        session,
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.state.in_((State.SENT, State.UNKNOWN)))
        .where(Attempt.approve_url.is_(None))
        .values(state=State.CREATED, next_lookup_at=None, staff_note=note),
    )
    if back:
        tell(session, attempt.id, State.CREATED, now, note)
    return back


def match(
    session: Session, gateway: str, mode: str, *, reference: str | None, idempotency_key: str | None
) -> AttemptView | None:
    """Find the attempt a provider speaks of: by its reference, else by our key. Never by guess."""
    for condition in (
        Attempt.reference == reference if reference else None,
        Attempt.idempotency_key == idempotency_key if idempotency_key else None,
    ):
        if condition is None:
            continue
        row = session.execute(
            select(Attempt).where(Attempt.gateway == gateway, Attempt.mode == mode, condition)
        ).scalar_one_or_none()
        if row is not None:
            # Our key under another reference of theirs, or the other way round, is not the payment we know.
            is_other = bool(reference and row.reference and row.reference != reference)
            is_swapped = bool(idempotency_key and row.idempotency_key != idempotency_key)
            return None if is_other or is_swapped else view(row)
    return None


def holder_of(session: Session, gateway: str, mode: str, reference: str) -> UUID | None:
    """The attempt that carries this reference of the provider's, if any."""
    statement = select(Attempt.id).where(
        Attempt.gateway == gateway, Attempt.mode == mode, Attempt.reference == reference
    )
    return session.execute(statement).scalar_one_or_none()


def view(row: Attempt) -> AttemptView:
    return AttemptView(
        id=row.id,
        number=row.number,
        brand_id=row.brand_id,
        client_id=row.client_id,
        invoice_id=row.invoice_id,
        idempotency_key=row.idempotency_key,
        kind=row.kind,
        gateway=row.gateway,
        mode=row.mode,
        billing_account_id=row.billing_account_id,
        parent_id=row.parent_id,
        method=row.method,
        amount=Money(row.amount_minor, row.currency),
        refunded_minor=row.refunded_minor,
        state=row.state,
        reference=row.reference,
        code=row.code,
        action=row.action,
        approve_url=row.approve_url,
        customer_present=row.customer_present,
        lookups=row.lookups,
        next_lookup_at=row.next_lookup_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )
