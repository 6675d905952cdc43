"""Use cases of the cart: what a buyer puts together before they say who they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.catalog import service as catalog
from core.catalog.domain_names import clean_domain
from core.catalog.values import ProductView
from core.clients import service as clients
from core.clients.statuses import OVER
from core.domains import service as domains
from core.kernel.calendar import Cycle
from core.kernel.clock import local_date
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.i18n import locale_for
from core.kernel.ids import hash_token, new_id, new_token
from core.kernel.problems import Conflict, InvalidFields, Refused
from core.orders import pricing, quotes
from core.orders.models import Cart, CartLine
from core.orders.values import CartView
from core.plugin_api.errors import PluginError
from core.plugin_api.registrar import Availability
from core.plugin_host.house import PluginHouse
from core.provisioning import registrars

CART_LIVES = timedelta(days=30)
MOST_LINES = 50
MOST_QUANTITY = 100
WHOLE_NUMBER = re.compile(r"[0-9]{1,3}")
CODE_LENGTH = 64


def open_cart(house: PluginHouse, brand_id: UUID) -> str:
    """A new empty cart; returns its token (kept by the buyer, its hash by us)."""
    token = new_token()
    with house.db.transaction() as session:
        _new(session, house, brand_id, token)
    return token


def _new(session: Session, house: PluginHouse, brand_id: UUID, token: str) -> Cart:
    now = house.clock.now()
    cart = Cart(
        id=new_id(),
        token_hash=hash_token(token),
        brand_id=brand_id,
        currency=brands.brand_by_id(session, brand_id).currency,
        created_at=now,
        expires_at=now + CART_LIVES,
    )
    session.add(cart)
    session.flush()
    return cart


def find(session: Session, house: PluginHouse, token: str | None) -> Cart | None:
    """The live, not yet placed cart of a token."""
    cart = find_any(session, token)
    if cart is None or cart.order_id is not None or cart.expires_at <= house.clock.now():
        return None
    return cart


def find_any(session: Session, token: str | None) -> Cart | None:
    """The cart of a token, placed or expired or not."""
    if not token:
        return None
    return session.execute(select(Cart).where(Cart.token_hash == hash_token(token))).scalar_one_or_none()


def view_cart(house: PluginHouse, token: str | None) -> CartView | None:
    """The cart with its prices held; None when there is none (never opened, expired, placed)."""
    try:
        cart, answer = quotes.look(house, token, _live)
    except Conflict:
        return None
    bill = pricing.bill(
        answer.quote,
        [w.line_id for w in answer.wanted],
        [w.product.slug for w in answer.wanted],
        str(locale_for(home=answer.brand.locale)),
    )
    return CartView(
        id=cart.id,
        currency=cart.currency,
        bill=bill,
        coupon_code=cart.coupon_code,
        coupon_error=answer.coupon_error,
        held_until=answer.expires_at,
        changed=answer.changed,
    )


def add_line(
    house: PluginHouse,
    token: str | None,
    brand_id: UUID,
    *,
    product_slug: str,
    cycle: str,
    domain: str,
    quantity: str,
) -> str:
    """Put a product in the cart; returns the cart's token (a new one when there was no live cart).

    Raises InvalidFields for product, cycle, domain and quantity. Hidden and sold-out products, and
    cycles without a price, can not be ordered.
    """
    with house.db.read() as session:
        product = catalog.product_by_slug(session, brand_id, product_slug)
        brand = brands.brand_by_id(session, brand_id)
        if product is None or product.sold_out:
            raise InvalidFields({"product": _("This product can not be ordered at the moment.")})
        wanted = read_cycle(cycle)
        today = local_date(house.clock.now(), brand.timezone)
        if wanted is None or not catalog.price_of(session, product.id, brand.currency, wanted, today):
            raise InvalidFields({"cycle": _("Choose how often you would like to pay.")})
    count = checked_quantity(quantity)
    name = checked_domain(house, product, domain)
    if name and count != 1:
        raise InvalidFields({"quantity": _("There is one for each domain: add it again for another one.")})
    with house.db.transaction() as session:
        cart = find(session, house, token)
        if cart is None:
            token = new_token()
            cart = _new(session, house, brand_id, token)
        _append(session, cart, product, wanted, name, count)
    assert token is not None
    return token


def _append(
    session: Session, cart: Cart, product: ProductView, cycle: Cycle, domain: str, count: int
) -> None:
    # Puts two tabs that add to one cart in line, so that each sees what the other put in.
    changed(session, update(Cart).where(Cart.id == cart.id).values(currency=Cart.currency))
    lines = quotes.cart_lines(session, cart.id)
    if len(lines) >= MOST_LINES:
        raise InvalidFields(
            {
                "product": _("A cart holds {most_lines} lines at most. Place this order first.").format(
                    most_lines=MOST_LINES
                )
            }
        )
    if any(line.product_id == product.id and line.domain == domain and domain for line in lines):
        return  # a double click puts the same thing in once
    session.add(
        CartLine(
            id=new_id(),
            cart_id=cart.id,
            position=len(lines) + 1,
            product_id=product.id,
            cycle_unit=cycle.unit,
            cycle_count=cycle.count,
            quantity=count,
            domain=domain,
        )
    )


def read_cycle(text: str) -> Cycle | None:
    """``month:1``; None for what is no cycle."""
    try:
        return Cycle.parse(text)
    except ValueError:
        return None


def checked_quantity(text: str) -> int:
    """How many; nothing is one. Raises InvalidFields (quantity)."""
    text = text.strip() or "1"
    if not WHOLE_NUMBER.fullmatch(text) or not text.isascii() or not 1 <= int(text) <= MOST_QUANTITY:
        raise InvalidFields(
            {
                "quantity": _("Enter a whole number from 1 to {most_quantity}.").format(
                    most_quantity=MOST_QUANTITY
                )
            }
        )
    return int(text)


def checked_domain(house: PluginHouse, product: ProductView, typed: str) -> str:
    """The clean name where the product is for one, else "". Raises InvalidFields (domain). Asks the
    registrar of a name: never in a transaction."""
    is_name = product.kind == "domain"
    entry = house.plugins.provisioners.get(product.provisioner)
    needs = is_name or product.kind == "hosting" or (entry is not None and entry.spec.needs_domain)
    if not needs and not typed.strip():
        return ""
    name = clean_domain(typed, registrable=is_name)
    if is_name:
        _check_free(house, product, name)
    return name


def _check_free(house: PluginHouse, product: ProductView, name: str) -> None:
    """Ask the registrar, where it answers: a name it can not tell of may still be ordered."""
    with house.db.read() as session:
        if domains.is_held(session, name):
            raise InvalidFields(
                {"domain": _("{name} is taken already. Try another name or ending.").format(name=name)}
            )
    try:
        answer = registrars.availability(house, product.provisioner, name)
    except PluginError:
        return
    if answer is Availability.TAKEN:
        raise InvalidFields(
            {"domain": _("{name} is taken already. Try another name or ending.").format(name=name)}
        )
    if answer is Availability.UNSUPPORTED:
        raise InvalidFields(
            {"domain": _("Names like {name} are not sold here. Try another ending.").format(name=name)}
        )


def set_quantity(house: PluginHouse, token: str | None, line_id: UUID, quantity: str) -> None:
    """Raises InvalidFields, and Conflict when the cart is gone. Another cart's line is not found."""
    count = checked_quantity(quantity)
    with house.db.transaction() as session:
        cart = _live(session, house, token)
        session.execute(
            update(CartLine)
            .where(CartLine.id == line_id, CartLine.cart_id == cart.id)
            .where(CartLine.domain == "")
            .values(quantity=count)
        )


def remove_line(house: PluginHouse, token: str | None, line_id: UUID) -> None:
    """Take a line out; doing it again changes nothing."""
    with house.db.transaction() as session:
        cart = _live(session, house, token)
        session.execute(delete(CartLine).where(CartLine.id == line_id, CartLine.cart_id == cart.id))


def set_coupon(house: PluginHouse, token: str | None, code: str) -> None:
    """Remember a code (or forget it, when empty). Whether it holds is said with the price."""
    with house.db.transaction() as session:
        cart = _live(session, house, token)
        cart.coupon_code = code.strip()[:CODE_LENGTH]


def count_lines(house: PluginHouse, token: str | None) -> int:
    """How many things are in the cart, for the badge in the head."""
    with house.db.read() as session:
        cart = find(session, house, token)
        if cart is None:
            return 0
        statement = select(func.count()).select_from(CartLine).where(CartLine.cart_id == cart.id)
        return int(session.execute(statement).scalar_one())


def _live(session: Session, house: PluginHouse, token: str | None) -> Cart:
    cart = find(session, house, token)
    if cart is None:
        raise Conflict(_("Your cart has expired or was ordered already. Please start again."))
    return cart


def sign_in(house: PluginHouse, token: str | None, client_id: UUID) -> None:
    """A returning client orders on their own account: no contact form, their own taxes.

    Raises Conflict (no cart), NotFound, and Refused: another brand's client, or one who can not order.
    """
    with house.db.transaction() as session:
        cart = _live(session, house, token)
        client = clients.client_by_id(session, client_id)
        if client.brand_id != cart.brand_id or client.behaviour in OVER:
            raise Refused(_("No order can be placed on your account. Please write to us."))
        cart.client_id = client_id


def let_go(house: PluginHouse, token: str | None) -> None:
    """The buyer has signed out: the cart keeps what is in it and forgets who they are and how they pay."""
    with house.db.transaction() as session:
        cart = find(session, house, token)
        if cart is None:
            return
        cart.client_id, cart.contact, cart.password_hash = None, None, ""
        cart.gateway, cart.source_encrypted, cart.source_label, cart.keep_method = "", "", "", False


def hand_to(house: PluginHouse, token: str | None, client_ids: Sequence[UUID]) -> UUID | None:
    """The client that the cart is for, given those its buyer may act for: none of them is a new client.

    A cart of one of them stays theirs, any other becomes the first one's; a client's cart in the hands of
    somebody else is let go first. Without a live cart there is nothing to do. Raises as ``sign_in`` does.
    """
    with house.db.read() as session:
        cart = find(session, house, token)
        bound = cart.client_id if cart else None
    if cart is None or bound in client_ids:
        return bound
    if bound is not None:
        let_go(house, token)
    if not client_ids:
        return None
    sign_in(house, token, client_ids[0])
    return client_ids[0]
