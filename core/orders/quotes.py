"""Quotes: a price is what the server said, and it holds until it expires.

Nothing the browser sends changes an amount: a cart names products, cycles and quantities only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.brands.values import BrandView
from core.catalog import service as catalog
from core.catalog.rules import coupon_misses
from core.catalog.values import CouponView
from core.clients import service as clients
from core.kernel.calendar import Cycle
from core.kernel.clock import local_date
from core.kernel.ids import new_id
from core.orders.models import Cart, CartLine, QuoteRow
from core.orders.pricing import Buyer, Wanted, digest, price
from core.orders.values import Quote
from core.plugin_host.house import PluginHouse
from core.tax import service as tax
from core.tax.values import Place

HOLD = timedelta(hours=1)
_QUOTES = TypeAdapter(Quote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A stored quote with the cart lines it was made for."""

    id: UUID
    quote: Quote
    wanted: tuple[Wanted, ...]
    brand: BrandView
    expires_at: datetime
    changed: str  # what is different from the last quote of this cart, in the buyer's words
    coupon_error: str


def priced(session: Session, house: PluginHouse, cart: Cart) -> Priced:
    """The quote that holds for the cart now; made and stored when there is none.

    In a write transaction. Lines whose product is no longer for sale leave the cart and are named.
    """
    brand = brands.brand_by_id(session, cart.brand_id)
    now = house.clock.now()
    today = local_date(now, brand.timezone)
    wanted, gone = _wanted(session, cart, today)
    coupon, coupon_error = _coupon(session, cart, wanted, today)
    buyer = _buyer(session, cart)
    asked = digest(wanted, coupon.code if coupon else "", buyer, cart.currency)
    last = _last(session, cart.id)
    if last is not None and last.digest == asked and last.expires_at > now:
        return _priced(last, wanted, brand, gone, coupon_error)
    rules = tax.rules_for(session, brand.id, buyer.place, today) if buyer.place else ()
    quote = price(
        wanted, currency=cart.currency, coupon=coupon, rules=rules, buyer=buyer,
        rounding=brand.tax_rounding, today=today,
    )  # fmt: skip
    row = _store(session, cart, asked, quote, now)
    note = gone or _moved(last, asked, quote)
    return _priced(row, wanted, brand, note, coupon_error)


def _priced(
    row: QuoteRow, wanted: tuple[Wanted, ...], brand: BrandView, changed: str, coupon_error: str
) -> Priced:
    return Priced(
        id=row.id,
        quote=_QUOTES.validate_python(row.body),
        wanted=wanted,
        brand=brand,
        expires_at=row.expires_at,
        changed=changed,
        coupon_error=coupon_error,
    )


def _moved(last: QuoteRow | None, asked: str, quote: Quote) -> str:
    """The same cart costs something else than an hour ago: say so before anybody pays."""
    if last is None or last.digest != asked or last.total_minor == quote.total_minor:
        return ""
    return "Prices have changed since you put this together. Please check the new total."


def _wanted(session: Session, cart: Cart, today: date) -> tuple[tuple[Wanted, ...], str]:
    kept: list[Wanted] = []
    gone: list[str] = []
    for line in cart_lines(session, cart.id):
        product = catalog.product_by_id(session, line.product_id)
        cycle = Cycle.of(line.cycle_unit, line.cycle_count)
        cost = catalog.price_of(session, line.product_id, cart.currency, cycle, today)
        if product is None or not product.visible or cost is None or product.sold_out:
            gone.append(product.name if product else "A product")
            session.execute(delete(CartLine).where(CartLine.id == line.id))
            continue
        kept.append(
            Wanted(line_id=line.id, product=product, price=cost, quantity=line.quantity, domain=line.domain)
        )
    names = " and ".join(gone)
    return tuple(kept), f"{names} can not be ordered any more and was taken out." if gone else ""


def cart_lines(session: Session, cart_id: UUID) -> Sequence[CartLine]:
    statement = select(CartLine).where(CartLine.cart_id == cart_id).order_by(CartLine.position, CartLine.id)
    return list(session.execute(statement).scalars())


def _coupon(
    session: Session, cart: Cart, wanted: Sequence[Wanted], today: date
) -> tuple[CouponView | None, str]:
    if not cart.coupon_code:
        return None, ""
    coupon = catalog.coupon(session, cart.brand_id, cart.coupon_code, today)
    if coupon is None:
        return None, "This code is not valid, or no longer."
    misses = coupon_misses(coupon, [w.product.slug for w in wanted], cart.currency)
    return (None, misses) if misses else (coupon, "")


def _buyer(session: Session, cart: Cart) -> Buyer:
    if cart.client_id is not None:
        contact = clients.primary_contact(session, cart.client_id)
        taxable = clients.client_by_id(session, cart.client_id).is_taxable
        return Buyer(place=Place(country=contact.country, region=contact.state), taxable=taxable)
    if cart.contact:
        country, state = str(cart.contact.get("country", "")), str(cart.contact.get("state", ""))
        return Buyer(place=Place(country=country, region=state))
    return Buyer(place=None)


def _last(session: Session, cart_id: UUID) -> QuoteRow | None:
    statement = select(QuoteRow).where(QuoteRow.cart_id == cart_id).order_by(QuoteRow.id.desc()).limit(1)
    return session.execute(statement).scalar_one_or_none()


def _store(session: Session, cart: Cart, asked: str, quote: Quote, now: datetime) -> QuoteRow:
    row = QuoteRow(
        id=new_id(),
        cart_id=cart.id,
        digest=asked,
        body=_QUOTES.dump_python(quote, mode="json"),
        currency=quote.currency,
        total_minor=quote.total_minor,
        priced_on=quote.priced_on,
        created_at=now,
        expires_at=now + HOLD,
    )
    session.add(row)
    session.flush()
    return row


def stored(session: Session, quote_id: UUID) -> Quote:
    """A quote as it was given. Raises NoResultFound."""
    row = session.execute(select(QuoteRow).where(QuoteRow.id == quote_id)).scalar_one()
    return _QUOTES.validate_python(row.body)
