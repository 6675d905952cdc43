"""Placing an order: one transaction writes everything that follows from it, or nothing.

Order, client, contact, user, billing account, services, invoice, ledger entry, coupon use, stock, the
first attempt with its key and the events are committed together. The cart is the placement key: placing
it again, from a double click, a second tab or a retry, gives the same order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import documents
from core.billing import service as billing
from core.billing.values import Draft, DraftLine, DraftTax, InvoiceHead
from core.brands.values import BrandView
from core.catalog import service as catalog
from core.clients import service as clients
from core.clients.groups import GroupPolicy, policy_of
from core.clients.values import CleanContact, ContactView
from core.kernel import numbers, search
from core.kernel.calendar import Cycle
from core.kernel.clock import local_date
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import hash_token, new_id, new_token
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import publish
from core.orders import names, quotes
from core.orders.cart import find_any
from core.orders.checkout import GONE, open_source, ready, terms_of
from core.orders.models import Cart, CouponUse, Order, OrderLine
from core.orders.values import PlacedOrder, PricedLine, Quote
from core.payments import service as payments
from core.payments.values import NewCharge
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_host.house import PluginHouse
from core.services import service as services
from core.services.values import NewService

FIRST_NUMBER = 10001
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placing:
    """What is known while the transaction is open."""

    cart: Cart
    quote_id: UUID
    quote: Quote
    brand: BrandView
    order_id: UUID
    today: date
    ip: str


def place(house: PluginHouse, token: str | None, *, quote_id: str, accepted: bool, ip: str) -> PlacedOrder:
    """Place the cart. The same cart again is the same order.

    Raises InvalidFields (accept_terms; username or email taken meanwhile) and Conflict: the cart is gone,
    a step is missing, the price is not the one that was shown, stock or coupon ran out.
    """
    try:
        return house.db.run(lambda session: _place(session, house, token, quote_id, accepted, ip))
    except IntegrityError as error:
        known = _already(house, token)
        if known is None:
            raise Conflict(_("Somebody was quicker with this name. Please check your entries.")) from error
        return known


def placed_lately(
    house: PluginHouse, token: str | None, client_ids: Collection[UUID] = ()
) -> PlacedOrder | None:
    """The order that this cart has become, for a browser that never got the answer to placing it.

    None when it was not placed, or longer than FRESH ago; and when it is the cart of a client whom its
    bearer, who may act for ``client_ids``, is not signed in for (any more).
    """
    with house.db.read() as session:
        cart = find_any(session, token)
        if cart is None or cart.order_id is None:
            return None
        if cart.client_id is not None and cart.client_id not in client_ids:
            return None
        order = session.get_one(Order, cart.order_id)
        if order.placed_at < house.clock.now() - FRESH:
            return None
        return PlacedOrder(token=order_token(house, order), label=order.label)


def _already(house: PluginHouse, token: str | None) -> PlacedOrder | None:
    with house.db.read() as session:
        cart = find_any(session, token)
        return _placed_before(session, house, cart) if cart else None


def _placed_before(session: Session, house: PluginHouse, cart: Cart) -> PlacedOrder | None:
    order = session.execute(select(Order).where(Order.placement_key == str(cart.id))).scalar_one_or_none()
    return PlacedOrder(token=order_token(house, order), label=order.label) if order else None


def order_token(house: PluginHouse, order: Order) -> str:
    """The secret part of the order's link."""
    return house.keys.decrypt(order.token_encrypted, f"order/token/{order.id}").decode()


def _place(
    session: Session, house: PluginHouse, token: str | None, quote_id: str, accepted: bool, ip: str
) -> PlacedOrder:
    cart = find_any(session, token)
    if cart is None:
        raise Conflict(_(GONE))
    order_id = new_id()
    claim = update(Cart).where(Cart.id == cart.id, Cart.order_id.is_(None)).values(order_id=order_id)
    if not changed(session, claim):
        known = _placed_before(session, house, cart)
        if known is None:
            raise Conflict(_(GONE))
        return known
    if cart.expires_at <= house.clock.now():
        raise Conflict(_(GONE))
    placing = _check(session, house, cart, order_id, quote_id, accepted, ip)
    return _write(session, house, placing)


def _check(
    session: Session, house: PluginHouse, cart: Cart, order_id: UUID, quote_id: str, accepted: bool, ip: str
) -> _Placing:
    answer = quotes.shown(session, house, cart, quote_id)
    ready(session, house, cart, answer)
    if str(answer.id) != quote_id:
        raise Conflict(_("What you saw has changed meanwhile. Please check the order once more."))
    if terms_of(session, house, cart) and not accepted:
        raise InvalidFields({"accept_terms": _("Please accept the terms to place your order.")})
    today = local_date(house.clock.now(), answer.brand.timezone)
    return _Placing(
        cart=cart, quote_id=answer.id, quote=answer.quote, brand=answer.brand, order_id=order_id,
        today=today, ip=ip,
    )  # fmt: skip


def _write(session: Session, house: PluginHouse, placing: _Placing) -> PlacedOrder:
    _take_limited(session, placing.quote)
    client_id, is_new = _client(session, house, placing)
    account_id = _billing_account(session, house, placing, client_id)
    contact = clients.primary_contact(session, client_id)
    service_ids = _services(session, house, placing, client_id, account_id)
    _hold_names(session, placing, contact, service_ids)
    policy = policy_of(session, client_id)
    invoice = billing.issue(session, house, _draft(placing, client_id, contact, service_ids, policy))
    order, token = _order(session, house, placing, client_id, invoice, is_new=is_new)
    _order_lines(session, placing, service_ids)
    if placing.quote.coupon_id:
        session.add(CouponUse(id=new_id(), coupon_id=placing.quote.coupon_id, order_id=order.id))
    publish(house, session, "order.placed", {
        "order_id": order.id, "client_id": client_id, "invoice_id": invoice.id,
    })  # fmt: skip
    _charge(session, house, placing, invoice, account_id)
    return PlacedOrder(token=token, label=order.label)


def _take_limited(session: Session, quote: Quote) -> None:
    """Stock and coupon uses go by conditional update: of two buyers of the last one, one gets it."""
    for product_id, name, count in quantities(quote):
        if not catalog.take_stock(session, product_id, count):
            raise Conflict(_("{name} has just sold out. Please take it out of your cart.").format(name=name))
    if quote.coupon_id and not catalog.use_coupon(session, quote.coupon_id):
        raise Conflict(
            _("{coupon_code} has been used up. Please take it out of your cart.").format(
                coupon_code=quote.coupon_code
            )
        )


def quantities(quote: Quote) -> list[tuple[UUID, str, int]]:
    """(product, its name, how many) of a quote: in one order for everybody, so that nobody deadlocks."""
    counts: dict[tuple[UUID, str], int] = {}
    for line in quote.lines:
        key = (line.product_id, line.name)
        counts[key] = counts.get(key, 0) + line.quantity
    return [(product_id, name, count) for (product_id, name), count in sorted(counts.items())]


def _client(session: Session, house: PluginHouse, placing: _Placing) -> tuple[UUID, bool]:
    cart = placing.cart
    if cart.client_id is not None:
        return cart.client_id, False
    clean = CleanContact.restored(cart.contact or {})
    new = clients.create_client(
        session, house, placing.brand, clean, cart.password_hash, house.clock.now(), ip=placing.ip
    )
    return new.client_id, True


def _billing_account(session: Session, house: PluginHouse, placing: _Placing, client_id: UUID) -> UUID | None:
    cart = placing.cart
    entry = house.plugins.gateways.get(cart.gateway)
    if entry is None or entry.spec.can(TakesManualPayments):
        return None
    return clients.add_billing_account(
        session, house, client_id, cart.gateway, entry.spec.kind, open_source(house, cart),
        keep=cart.keep_method, now=house.clock.now(),
    )  # fmt: skip


def _services(
    session: Session, house: PluginHouse, placing: _Placing, client_id: UUID, account_id: UUID | None
) -> list[UUID]:
    return [
        services.open_service(
            session,
            house,
            NewService(
                brand_id=placing.brand.id,
                client_id=client_id,
                product_id=line.product_id,
                label=line.name,
                domain=line.domain,
                cycle_unit=line.cycle_unit,
                cycle_count=line.cycle_count,
                quantity=line.quantity,
                price_minor=line.unit_minor,
                currency=placing.quote.currency,
                started_on=line.period_start,
                period_end=line.period_end,
                billing_account_id=account_id if placing.cart.keep_method else None,
            ),
        )
        for line in placing.quote.lines
    ]


def _hold_names(session: Session, placing: _Placing, contact: ContactView, service_ids: list[UUID]) -> None:
    """Two buyers of one domain name: the second is told before they pay."""
    for line, service_id in zip(placing.quote.lines, service_ids, strict=True):
        product = catalog.product_by_id(session, line.product_id) if line.kind == "domain" else None
        if product is not None:
            cycle = Cycle.of(line.cycle_unit, line.cycle_count)
            names.hold(session, product, line.domain, service_id, names.request_for(product, cycle, contact))


def _draft(
    placing: _Placing, client_id: UUID, contact: ContactView, service_ids: list[UUID], policy: GroupPolicy
) -> Draft:
    days = placing.brand.invoice_due_days if policy.due_days is None else policy.due_days
    lines: list[DraftLine] = []
    for line, service_id in zip(placing.quote.lines, service_ids, strict=True):
        lines += _draft_lines(line, service_id)
    return Draft(
        brand_id=placing.brand.id,
        client_id=client_id,
        order_id=placing.order_id,
        series_prefix=placing.brand.number_prefix,
        issued_on=placing.today,
        due_on=placing.today + timedelta(days=days),
        currency=placing.quote.currency,
        lines=tuple(lines),
        taxes=tuple(
            DraftTax(
                name=tax.name,
                rate=tax.rate,
                taxable_share=tax.taxable_share,
                base_minor=tax.base_minor,
                tax_minor=tax.tax_minor,
            )
            for tax in placing.quote.taxes
        ),
        facts=documents.facts(placing.brand, contact),
    )


def _draft_lines(line: PricedLine, service_id: UUID) -> list[DraftLine]:
    name = line.domain if line.kind == "domain" else " ".join(filter(None, (line.name, line.domain)))
    first = DraftLine(
        service_id=service_id,
        kind="recurring" if line.period_end else "once",
        period_start=line.period_start,
        period_end=line.period_end,
        text=name,
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        discount_minor=line.discount_minor,
        gl_code=line.gl_code,
        explanation=line.explanation,
    )
    if not line.setup_minor:
        return [first]
    return [first, documents.setup_line(service_id, name, line.setup_minor, line.gl_code)]


def _order(
    session: Session,
    house: PluginHouse,
    placing: _Placing,
    client_id: UUID,
    invoice: InvoiceHead,
    *,
    is_new: bool,
) -> tuple[Order, str]:
    token, now = new_token(), house.clock.now()
    number = numbers.take(session, f"order:{placing.brand.id}", first=FIRST_NUMBER)[0]
    prefix = placing.brand.number_prefix
    terms = terms_of(session, house, placing.cart)
    order = Order(
        id=placing.order_id, brand_id=placing.brand.id, number=number,
        label=f"{prefix}-{number}" if prefix else str(number), token_hash=hash_token(token),
        token_encrypted=house.keys.encrypt(token.encode(), f"order/token/{placing.order_id}"),
        quote_id=placing.quote_id, client_id=client_id, invoice_id=invoice.id, gateway=placing.cart.gateway,
        state="placed", placement_key=str(placing.cart.id), new_client=is_new,
        terms_id=terms.id if terms else None, terms_accepted_at=now if terms else None, ip=placing.ip,
        placed_at=now,
    )  # fmt: skip
    session.add(order)
    session.flush()
    search.put(session, "order", order.id, order.label, client_id=client_id)
    return order, token


def _order_lines(session: Session, placing: _Placing, service_ids: list[UUID]) -> None:
    rows = [
        {
            "id": new_id(), "order_id": placing.order_id, "position": line.position, "service_id": service_id,
            "text": line.name,
            "net_minor": line.unit_minor * line.quantity + line.setup_minor - line.discount_minor,
        }
        for line, service_id in zip(placing.quote.lines, service_ids, strict=True)
    ]  # fmt: skip
    session.execute(insert(OrderLine), rows)


def _charge(
    session: Session, house: PluginHouse, placing: _Placing, invoice: InvoiceHead, account_id: UUID | None
) -> None:
    """Commit the first attempt with the order. Manual payment has none: staff book it when it comes."""
    entry = house.plugins.gateways.get(placing.cart.gateway)
    if entry is None or invoice.status == "paid" or entry.spec.can(TakesManualPayments):
        return
    payments.charge(
        session, house,
        NewCharge(
            invoice_id=invoice.id, gateway=placing.cart.gateway, billing_account_id=account_id,
            method=placing.cart.source_label,
        ),
    )  # fmt: skip
