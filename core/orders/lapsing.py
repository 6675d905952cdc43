"""Orders that nobody pays are cancelled in time: stock, coupon uses and names are there for others again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.billing.models import Invoice
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict
from core.orders import service
from core.orders.models import Order
from core.payments import attempts
from core.payments.models import Attempt
from core.payments.recording import give_up
from core.payments.rules import MOVING, State
from core.payments.service import starts_with_buyer
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_host.house import PluginHouse

ACTOR = "system"
REASON = "It was not paid in time."
CHUNK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """Which orders are given up, by the gateway that was chosen: nothing happened since ``before``."""

    chosen: ColumnElement[bool]
    before: datetime
    due_before: date
    unsent: Sequence[str]  # gateways whose attempt is sent by the buyer's visit to their page alone


def lapse(house: PluginHouse, *, days: int, by_hand_days: int) -> int:
    """Cancel what nobody has paid, or tried to pay, for so long, and whose invoice is past its day.

    ``by_hand_days`` is for payments that staff book when they come; and for gateways that are switched off,
    of which nobody knows. 0 days: never. What moves, is in doubt, or is paid in part is left. Harmless in
    several processes at once. Returns how many were cancelled.
    """
    return sum(_lapse_all(house, wait) for wait in _waits(house, days, by_hand_days))


def _waits(house: PluginHouse, days: int, by_hand_days: int) -> Iterator[_Wait]:
    now, known = house.clock.now(), house.plugins.gateways.items()
    at_once = [name for name, entry in known if not entry.spec.can(TakesManualPayments)]
    unsent = [name for name, entry in known if starts_with_buyer(entry.spec)]
    waits = ((days, Order.gateway.in_(at_once)), (by_hand_days, Order.gateway.not_in(at_once)))
    for count, chosen in waits:
        if count:
            before = now - timedelta(days=count)
            # A brand's calendar is at most a day behind UTC: what is due today there is not overdue.
            yield _Wait(
                chosen=chosen, before=before, due_before=(now - timedelta(days=1)).date(), unsent=unsent
            )


def _lapse_all(house: PluginHouse, wait: _Wait) -> int:
    count, last = 0, None
    while True:
        with house.db.read() as session:
            found = _next(session, wait, last)
        count += sum(_lapse(house, order_id, wait) for order_id in found)
        if len(found) < CHUNK:
            return count
        last = found[-1]


def _next(session: Session, wait: _Wait, after: UUID | None) -> Sequence[UUID]:
    further = [Order.id > after] if after else []
    return session.scalars(
        select(Order.id)
        .join(Invoice, Invoice.id == Order.invoice_id)
        .where(_is_given_up(wait), *further)
        .order_by(Order.id)
        .limit(CHUNK)
    ).all()


def _is_given_up(wait: _Wait) -> ColumnElement[bool]:
    return and_(
        Order.state == "placed",
        Order.placed_at < wait.before,
        wait.chosen,
        Invoice.status == "unpaid",
        Invoice.paid_minor == 0,
        Invoice.due_on < wait.due_before,
        ~exists().where(Attempt.invoice_id == Order.invoice_id, _matters(wait)),
    )


def _matters(wait: _Wait) -> ColumnElement[bool]:
    """An attempt that moves or is in doubt, or that is of late: its buyer is still at it."""
    never_sent = and_(Attempt.state == State.CREATED, Attempt.gateway.in_(wait.unsent))
    return or_(
        and_(Attempt.state.in_(MOVING), ~never_sent),
        Attempt.created_at >= wait.before,
        Attempt.settled_at >= wait.before,
    )


def _lapse(house: PluginHouse, order_id: UUID, wait: _Wait) -> bool:
    try:
        return house.db.run(lambda session: _cancel(session, house, order_id, wait))
    except Conflict:
        return False  # paid, or tried once more, at this very moment


def _cancel(session: Session, house: PluginHouse, order_id: UUID, wait: _Wait) -> bool:
    """Asked again with the invoice held: from here on nobody pays it or opens a charge of it."""
    invoice_id = billing.keep_open(session, session.get_one(Order, order_id).invoice_id).id
    still = select(Order.id).join(Invoice, Invoice.id == Order.invoice_id).where(Order.id == order_id)
    if session.scalar(still.where(_is_given_up(wait))) is None:
        return False
    _close_page(session, house, invoice_id)
    service.cancel_in(session, house, order_id, ACTOR, REASON)
    return True


def _close_page(session: Session, house: PluginHouse, invoice_id: UUID) -> None:
    """Nobody went to the provider's page, and now nobody can. Raises Conflict when somebody just did."""
    unsent = attempts.moving(session, invoice_id)
    if unsent is not None and not give_up(session, house, unsent.id, REASON, states=(State.CREATED,)):
        raise Conflict(_("A payment for this order is under way. Wait for its answer first."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """When and why an order was called off. ``by_itself``: nobody had paid it in time."""

    at: datetime
    reason: str
    by_itself: bool


def cancelled(session: Session, order_id: UUID) -> Cancelled | None:
    """How a cancelled order was called off, as the audit log tells. None when no person and no clock did it:
    not one of its services could be built."""
    statement = select(audit.AuditEntry.at, audit.AuditEntry.actor, audit.AuditEntry.after).where(
        audit.AuditEntry.target == f"order:{order_id}", audit.AuditEntry.action == service.CANCELLED
    )
    row = session.execute(statement.limit(1)).one_or_none()
    if row is None:
        return None
    return Cancelled(at=row.at, reason=str((row.after or {}).get("reason", "")), by_itself=row.actor == ACTOR)
