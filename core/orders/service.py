"""Use cases of orders for staff."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.catalog import service as catalog
from core.domains import service as domains
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.kernel.work import publish
from core.orders.models import CouponUse, Order, OrderLine
from core.orders.placing import quantities
from core.orders.quotes import stored
from core.payments import attempts, credit
from core.payments import service as payments
from core.plugin_host.house import PluginHouse
from core.services import service as services

CANCELLED = "order.cancel"  # in the audit log


def cancel(house: PluginHouse, order_id: UUID, actor: str, reason: str) -> None:
    """Cancel an order on which nothing was paid: invoice void, stock, coupon and credit given back, once.

    Raises InvalidFields (reason) and Conflict: paid, or money is on its way.
    """
    if not reason.strip():
        raise InvalidFields({"reason": _("Say in a few words why, for whoever looks later.")})
    house.db.run(lambda session: cancel_in(session, house, order_id, actor, reason.strip()))


def cancel_in(session: Session, house: PluginHouse, order_id: UUID, actor: str, reason: str) -> None:
    """As ``cancel``, in the caller's transaction, which a Conflict must roll back. Raises NotFound."""
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound(_("There is no such order."))
    if order.state != "placed":
        raise Conflict(_("This order has gone on meanwhile, or is cancelled already."))
    credit.take_off(session, house, order.invoice_id)
    if not billing.void(session, house, order.invoice_id):
        raise Conflict(_("Something was paid on this order. Refund it instead."))
    # The invoice is ours from here on: whoever pays it now finds it void.
    moving = attempts.moving(session, order.invoice_id)
    if moving is not None and not payments.abandon(session, house, moving.id):
        raise Conflict(_("A payment for this order is under way. Wait for its answer first."))
    taken = changed(
        session,
        update(Order).where(Order.id == order_id, Order.state == "placed").values(state="cancelled"),
    )
    if not taken:
        raise Conflict(_("This order has gone on meanwhile."))
    _give_back(session, house, order)
    publish(house, session, "order.cancelled", {"order_id": order_id, "client_id": order.client_id})
    audit.record(
        session, actor=actor, action=CANCELLED, target=f"order:{order_id}", now=house.clock.now(),
        before={"state": "placed"}, after={"state": "cancelled", "reason": reason},
    )  # fmt: skip


def _give_back(session: Session, house: PluginHouse, order: Order) -> None:
    for product_id, _name, count in quantities(stored(session, order.quote_id)):
        catalog.give_stock(session, product_id, count)
    used = session.execute(select(CouponUse).where(CouponUse.order_id == order.id)).scalar_one_or_none()
    if used is not None:
        catalog.give_back_coupon(session, used.coupon_id)
        session.execute(delete(CouponUse).where(CouponUse.id == used.id))
    ids = session.execute(select(OrderLine.service_id).where(OrderLine.order_id == order.id)).scalars()
    for service_id in list(ids):
        services.move(session, house, service_id, "cancelled")
        domains.release(session, service_id)
