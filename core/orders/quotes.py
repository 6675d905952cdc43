"""Quotes: a price is what the server said, and it holds until it expires.

Nothing the browser sends changes an amount: a cart names products, cycles and quantities only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.billing.documents import place_of
from core.brands import service as brands
from core.brands.values import BrandView
from core.catalog import service as catalog
from core.catalog.rules import coupon_misses
from core.catalog.values import CouponView
from core.clients import service as clients
from core.clients.groups import policy_of
from core.kernel.calendar import Cycle
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A cart with everything that decides its price, and the last quote that was given for it."""

    brand: BrandView
    now: datetime
    today: date
    wanted: tuple[Wanted, ...]
    gone: tuple[tuple[UUID, str], ...]  # lines whose product is no longer for sale
    coupon: CouponView | None
    coupon_error: str
    buyer: Buyer
    digest: str
    last: QuoteRow | None

    @property
    def held(self) -> QuoteRow | None:
        """The quote whose price is still the price: of the same question, within the hold."""
        last = self.last
        is_held = last is not None and last.digest == self.digest and last.expires_at > self.now
        return last if is_held else None


def look(
    house: PluginHouse, token: str | None, find: Callable[[Session, PluginHouse, str | None], Cart]
) -> tuple[Cart, Priced]:
    """The cart that ``find`` gives, with the quote that holds for it. Writes only what is new."""
    with house.db.read() as session:
        cart = find(session, house, token)
        asked = _ask(session, house, cart)
        if asked.held is not None and not asked.gone:
            return cart, _priced(asked.held, asked, "")
    with house.db.transaction() as session:
        cart = find(session, house, token)
        return cart, priced(session, house, cart)


def shown(session: Session, house: PluginHouse, cart: Cart, quote_id: str) -> Priced:
    """The quote that the buyer saw, while it holds; else the one that holds now, as ``priced``.

    Two tabs that are drawn at one moment get a quote each, of the same things.
    """
    asked = _ask(session, house, cart)
    row = None if asked.gone else _named(session, cart.id, quote_id)
    if row is not None and row.digest == asked.digest and row.expires_at > asked.now:
        return _priced(row, asked, "")
    return priced(session, house, cart)


def _named(session: Session, cart_id: UUID, quote_id: str) -> QuoteRow | None:
    try:
        wanted = UUID(quote_id)
    except ValueError:
        return None
    statement = select(QuoteRow).where(QuoteRow.id == wanted, QuoteRow.cart_id == cart_id)
    return session.execute(statement).scalar_one_or_none()


def priced(session: Session, house: PluginHouse, cart: Cart) -> Priced:
    """The quote that holds for the cart now; made and stored when there is none.

    In a write transaction. Lines whose product is no longer for sale leave the cart and are named.
    """
    asked = _ask(session, house, cart)
    if asked.gone:
        gone = [line_id for line_id, _ in asked.gone]
        session.execute(delete(CartLine).where(CartLine.id.in_(gone)))
    if asked.held is not None:
        return _priced(asked.held, asked, _missing(asked))
    place = asked.buyer.place
    rules = tax.rules_for(session, asked.brand.id, place, asked.today) if place else ()
    quote = price(
        asked.wanted, currency=cart.currency, coupon=asked.coupon, rules=rules, buyer=asked.buyer,
        rounding=asked.brand.tax_rounding, today=asked.today,
    )  # fmt: skip
    row = _store(session, cart, asked.digest, quote, asked.now)
    return _priced(row, asked, _missing(asked) or _moved(asked.last, asked.digest, quote))


def _ask(session: Session, house: PluginHouse, cart: Cart) -> _Asked:
    brand = brands.brand_by_id(session, cart.brand_id)
    now = house.clock.now()
    today = local_date(now, brand.timezone)
    wanted, gone = _wanted(session, cart, today)
    coupon, coupon_error = _coupon(session, cart, wanted, today)
    buyer = _buyer(session, cart)
    return _Asked(
        brand=brand, now=now, today=today, wanted=wanted, gone=gone, coupon=coupon,
        coupon_error=coupon_error, buyer=buyer, last=_last(session, cart.id),
        digest=digest(wanted, coupon.code if coupon else "", buyer, cart.currency),
    )  # fmt: skip


def _priced(row: QuoteRow, asked: _Asked, changed: str) -> Priced:
    return Priced(
        id=row.id,
        quote=_QUOTES.validate_python(row.body),
        wanted=asked.wanted,
        brand=asked.brand,
        expires_at=row.expires_at,
        changed=changed,
        coupon_error=asked.coupon_error,
    )


def _missing(asked: _Asked) -> str:
    names = " and ".join(dict.fromkeys(name for _, name in asked.gone))
    return f"{names} can not be ordered any more and was taken out." if names else ""


def _moved(last: QuoteRow | None, asked: str, quote: Quote) -> str:
    """The same cart costs something else than an hour ago: say so before anybody pays."""
    if last is None or last.digest != asked or last.total_minor == quote.total_minor:
        return ""
    return _("Prices have changed since you put this together. Please check the new total.")


def _wanted(
    session: Session, cart: Cart, today: date
) -> tuple[tuple[Wanted, ...], tuple[tuple[UUID, str], ...]]:
    """(lines that can be ordered, the others with their names)."""
    kept: list[Wanted] = []
    gone: list[tuple[UUID, str]] = []
    lines = cart_lines(session, cart.id)
    ids = {line.product_id for line in lines}
    products = catalog.products_by_id(session, ids)
    prices = catalog.prices_by_product(session, ids, cart.currency, today)
    for line in lines:
        product = products.get(line.product_id)
        cycle = Cycle.of(line.cycle_unit, line.cycle_count)
        cost = next((one for one in prices.get(line.product_id, ()) if one.cycle == cycle), None)
        if product is None or not product.visible or cost is None or product.sold_out:
            gone.append((line.id, product.name if product else _("A product")))
            continue
        kept.append(
            Wanted(line_id=line.id, product=product, price=cost, quantity=line.quantity, domain=line.domain)
        )
    return tuple(kept), tuple(gone)


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
        return None, _("This code is not valid, or no longer.")
    misses = coupon_misses(coupon, [w.product.slug for w in wanted], cart.currency)
    return (None, misses) if misses else (coupon, "")


def _buyer(session: Session, cart: Cart) -> Buyer:
    if cart.client_id is not None:
        contact = clients.primary_contact(session, cart.client_id)
        policy = policy_of(session, cart.client_id)
        client = clients.client_by_id(session, cart.client_id)
        taxable = client.is_taxable and not policy.tax_exempt
        return Buyer(place=place_of(client, contact), taxable=taxable, policy=policy)
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
