"""Where an order stands, as its buyer sees it, and what they can still do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.billing.values import InvoiceHead
from core.brands import service as brands
from core.clients import service as clients
from core.identity import service as identity
from core.kernel.i18n import gettext as _
from core.kernel.i18n import locale_for
from core.kernel.ids import hash_token
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.orders import lapsing, pricing, quotes, tasks
from core.orders.models import Order, OrderLine
from core.orders.placing import order_token
from core.orders.values import Bill, MethodView, OrderView
from core.payments import attempts
from core.payments import service as payments
from core.payments.methods import collect, label_of, method, offered_for
from core.payments.rules import State, decline_words
from core.payments.values import AttemptView, NewCharge
from core.plugin_api.errors import PluginError
from core.plugin_api.forms import BrowserSetup
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_api.values import Action, Instructions, PaymentSource
from core.plugin_host.calls import ask
from core.plugin_host.house import PluginHouse
from core.provisioning import jobs, placement, secrets
from core.provisioning.values import JobView
from core.services import service as services
from core.services.values import ServiceView

OVER = ("completed", "cancelled")


def find_order(session: Session, token: str) -> Order:
    """The order of a link. Raises NotFound; guessing tells nothing."""
    row = session.execute(select(Order).where(Order.token_hash == hash_token(token))).scalar_one_or_none()
    if row is None:
        raise NotFound(_("There is no such order, or the link is not complete."))
    return row


class _Story:
    """Everything of one order, read in one snapshot."""

    def __init__(self, session: Session, order: Order) -> None:
        self.order = order
        self.brand = brands.brand_by_id(session, order.brand_id)
        self.invoice: InvoiceHead = billing.find(session, order.invoice_id)
        self.attempts: list[AttemptView] = [
            one for one in attempts.of_invoice(session, order.invoice_id) if one.kind == "charge"
        ]
        own = select(OrderLine.service_id, OrderLine.position).where(OrderLine.order_id == order.id)
        places = {row.service_id: row.position for row in session.execute(own)}
        ids = list(places)
        self.services: list[ServiceView] = services.find_many(session, ids)
        self.jobs: list[JobView] = jobs.of_services(session, ids)
        self.quote = quotes.stored(session, order.quote_id)
        kinds = {line.position: line.kind for line in self.quote.lines}
        self.names = frozenset(one for one, place in places.items() if kinds.get(place) == "domain")
        self.contact = clients.primary_contact(session, order.client_id)
        self.username = identity.username_for(session, order.client_id)
        access = placement.accesses(session, ids)
        called_off = lapsing.cancelled(session, order.id) if order.state == "cancelled" else None
        self.lapsed = called_off is not None and called_off.by_itself
        self.access = tuple((one.label, tuple(access.get(one.id, {}).items())) for one in self.services)

    @property
    def last(self) -> AttemptView | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def moving(self) -> AttemptView | None:
        moving = [one for one in self.attempts if one.state in (*_UNDER_WAY, State.PENDING)]
        return moving[-1] if moving else None


_UNDER_WAY = (State.CREATED, State.SENT, State.UNKNOWN)


def view_order(house: PluginHouse, token: str) -> OrderView:
    """The order as its page shows it. Raises NotFound. Reads only, and asks no provider."""
    with house.db.read() as session:
        story = _Story(session, find_order(session, token))
        password_at = secrets.with_password(session, house, [one.id for one in story.services])
    return replace(_view(house, story, token), password_at=password_at)


def _view(house: PluginHouse, story: _Story, token: str) -> OrderView:
    order, invoice, moving = story.order, story.invoice, story.moving
    waits = moving is not None and moving.state == State.PENDING
    action = _action(moving)
    owes = invoice.status in ("unpaid", "pending") and order.state != "cancelled"
    is_manual = _is_manual(house, order.gateway)
    return OrderView(
        id=order.id,
        label=order.label,
        state=order.state,
        placed_at=order.placed_at,
        bill=_bill(story),
        tasks=tasks.tasks_of(order, invoice, story.attempts, story.services, story.jobs, story.names),
        invoice_id=invoice.id,
        invoice_label=invoice.label,
        invoice_status=invoice.status,
        total=invoice.total,
        paid=invoice.paid,
        email=story.contact.email,
        first_name=story.contact.first_name,
        username=story.username,
        method_name=_method_name(house, order.gateway),
        decline=_decline(story),
        needs_payment=owes and moving is None and not (is_manual and not story.attempts),
        approve_url=f"/orders/{token}/approve" if _needs_approval(house, moving) else "",
        action=action,
        action_gateway=moving.gateway if moving and action else "",
        instructions=_instructions(house, story) if owes and moving is None else None,
        settles=waits and action is None and not _needs_approval(house, moving),
        access=tuple((label, facts) for label, facts in story.access if facts),
        finished=_is_finished(story, waits=waits),
        lapsed=story.lapsed,
        came_late=_came_late(story),
    )


def _came_late(story: _Story) -> Money | None:
    """Money for an invoice that was void by then: see ``recording``."""
    minor = sum(one.amount.minor for one in story.attempts if one.state == State.SUCCEEDED)
    return Money(minor, story.invoice.total.currency) if minor and story.invoice.status == "void" else None


def _bill(story: _Story) -> Bill:
    lines = story.quote.lines
    ids = [story.order.id for _ in lines]
    return pricing.bill(story.quote, ids, ["" for _ in lines], str(locale_for(home=story.brand.locale)))


def setup_of(house: PluginHouse, view: OrderView) -> BrowserSetup | None:
    """What the gateway's module needs in the one page where the buyer answers their bank; None elsewhere.

    Calls the gateway, and may cost the provider a set-up. It is asked for each drawing and never kept: it is
    made for one page, and may be used up there.
    """
    known = view.action is not None and view.action_gateway in house.plugins.gateways
    return method(house, view.action_gateway).setup if known else None


def _method_name(house: PluginHouse, gateway: str) -> str:
    entry = house.plugins.gateways.get(gateway)
    return entry.spec.name if entry else gateway


def _action(attempt: AttemptView | None) -> Action | None:
    if attempt is None or attempt.state != State.PENDING or not attempt.action:
        return None
    return Action(kind=str(attempt.action["kind"]), data=dict(attempt.action["data"]))


def _needs_approval(house: PluginHouse, attempt: AttemptView | None) -> bool:
    if attempt is None:
        return False
    if attempt.approve_url:
        return attempt.state == State.PENDING
    entry = house.plugins.gateways.get(attempt.gateway)
    is_redirect = entry is not None and entry.spec.kind == "redirect"
    return is_redirect and attempt.state in (State.CREATED, State.SENT)


def _decline(story: _Story) -> str:
    last = story.last
    if last is None or story.invoice.status == "paid":
        return ""
    if last.state == State.DECLINED:
        return decline_words(last.code)
    if last.state == State.RETURNED:
        return _("The bank sent your payment back.")
    if last.state == State.NOT_SENT:
        return _("The payment could not be sent. Nothing was charged.")
    return ""


def _is_manual(house: PluginHouse, gateway: str) -> bool:
    entry = house.plugins.gateways.get(gateway)
    return entry is not None and entry.spec.can(TakesManualPayments)


def _instructions(house: PluginHouse, story: _Story) -> Instructions | None:
    if not _is_manual(house, story.order.gateway):
        return None
    plugin = house.plugins.build_gateway(story.order.gateway)
    assert isinstance(plugin, TakesManualPayments)
    try:
        return ask(
            lambda: plugin.instructions(story.invoice.label, story.invoice.open),
            Instructions, db=house.db, plugin=plugin,
        )  # fmt: skip
    except PluginError:
        return None  # the order stands without them; the mail carries them too


def _is_finished(story: _Story, *, waits: bool) -> bool:
    """Whether nothing will change within minutes without somebody acting."""
    if story.order.state in OVER:
        return True
    if story.moving is not None:
        return waits
    if story.invoice.status != "paid":
        return True  # it is the buyer's turn, or the post's
    stopped = ("failed", "needs_staff", "done", "cancelled")
    return (
        bool(story.jobs)
        and all(job.state in stopped for job in story.jobs)
        and any(job.state in ("failed", "needs_staff") for job in story.jobs)
    )


def methods_for_order(house: PluginHouse, token: str) -> tuple[MethodView, ...]:
    """How an unpaid order can be paid instead. Calls gateways."""
    with house.db.read() as session:
        order = find_order(session, token)
        currency = billing.find(session, order.invoice_id).total.currency
        offered = offered_for(session, house, order.brand_id, currency)
    return tuple(method(house, one) for one in offered)


def pay_again(house: PluginHouse, token: str, form: Mapping[str, str], *, ip: str, locale: str = "") -> None:
    """Pay the order another way, or the same way once more. The invoice and its amount stay.

    Raises InvalidFields, Refused, and Conflict while a payment is under way or nothing is owed.
    """
    with house.db.read() as session:
        order = find_order(session, token)
        owed = _owed(billing.find(session, order.invoice_id))
        moving = attempts.moving(session, order.invoice_id)
    gateway = form.get("payment_method", "").strip()
    source, wrong = collect(
        house, gateway, form, order.brand_id, ip=ip, currency=owed.currency, locale=locale
    )
    if wrong:
        raise InvalidFields(wrong)
    if moving is not None and moving.state == State.PENDING and payments.can_be_left(house, moving):
        payments.run(house, moving.id)  # they may have paid there after all: ask before leaving it
    keep = form.get("keep_card", "") == "1"
    house.db.run(lambda session: _pay_again(session, house, token, gateway, source, keep=keep))


def _owed(invoice: InvoiceHead) -> Money:
    if invoice.status not in billing.OPEN or not invoice.open:
        raise Conflict(_("Nothing is owed on this order any more."))
    return invoice.open


def _pay_again(
    session: Session,
    house: PluginHouse,
    token: str,
    gateway: str,
    source: PaymentSource | None,
    *,
    keep: bool,
) -> None:
    order = find_order(session, token)
    entry = house.plugins.gateways[gateway]
    _owed(billing.keep_open(session, order.invoice_id))
    moving = attempts.moving(session, order.invoice_id)
    if moving is not None and not payments.abandon(session, house, moving.id):
        raise Conflict(_("A payment for this order is under way. Please wait for its answer."))
    order.gateway = gateway
    session.flush()
    if entry.spec.can(TakesManualPayments):
        return
    account_id = clients.add_billing_account(
        session, house, order.client_id, gateway, entry.spec.kind, source, keep=keep, now=house.clock.now(),
    )  # fmt: skip
    payments.charge(
        session, house,
        NewCharge(
            invoice_id=order.invoice_id, gateway=gateway, billing_account_id=account_id,
            method=label_of(house, gateway, source),
        ),
    )  # fmt: skip


def begin_redirect(house: PluginHouse, token: str, base_url: str) -> str:
    """The provider's page where the buyer approves. Raises Conflict when there is nothing to approve."""
    with house.db.read() as session:
        order = find_order(session, token)
        moving = attempts.moving(session, order.invoice_id)
    if moving is None or not _needs_approval(house, moving):
        raise Conflict(_("There is nothing to approve for this order."))
    back = f"{base_url.rstrip('/')}/orders/{token}/return"
    return payments.begin_redirect(house, moving.id, return_url=back, cancel_url=back)


def returned(house: PluginHouse, token: str) -> None:
    """The buyer's browser came back, which proves nothing: have a worker ask the provider."""
    with house.db.transaction() as session:
        order = find_order(session, token)
        moving = attempts.moving(session, order.invoice_id)
        if moving is not None and moving.state in (State.PENDING, State.UNKNOWN):
            attempts.ask(session, house, moving.id)


def token_of(house: PluginHouse, order_id: UUID) -> str:
    """The secret part of an order's link, for who may see the order. Raises NotFound."""
    with house.db.read() as session:
        order = session.get(Order, order_id)
        if order is None:
            raise NotFound(_("There is no such order."))
        return order_token(house, order)


def order_id_of(house: PluginHouse, token: str) -> tuple[UUID, UUID, datetime]:
    """(order, invoice, placed at) of a link. Raises NotFound."""
    with house.db.read() as session:
        order = find_order(session, token)
        return order.id, order.invoice_id, order.placed_at
