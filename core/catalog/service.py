"""Use cases of the catalogue: what is for sale, at which price, how much of it is left."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.catalog.models import Coupon, Price, Product, ProductGroup, Terms
from core.catalog.values import (
    CouponView,
    GroupView,
    Offer,
    PriceView,
    ProductView,
    Storefront,
    TermsView,
)
from core.kernel.calendar import UNITS, Cycle
from core.kernel.db import changed
from core.kernel.money import Money

LONGEST_CODE = 64


def storefront(session: Session, brand_id: UUID, currency: str, on: date) -> Storefront:
    """Everything visible that has a price in ``currency`` on the day, grouped and in order."""
    products = session.scalars(
        select(Product)
        .where(Product.brand_id == brand_id, Product.visible.is_(True))
        .order_by(Product.position, Product.name)
    ).all()
    prices = _prices(session, [product.id for product in products], currency, on)
    offers: dict[UUID | None, list[Offer]] = defaultdict(list)
    for product in products:
        if own := prices.get(product.id):
            offers[product.group_id].append(Offer(product=_product(product), prices=tuple(own)))
    return Storefront(currency=currency, groups=_groups(session, brand_id, offers))


def _groups(
    session: Session, brand_id: UUID, offers: dict[UUID | None, list[Offer]]
) -> tuple[GroupView, ...]:
    rows = session.scalars(
        select(ProductGroup)
        .where(ProductGroup.brand_id == brand_id)
        .order_by(ProductGroup.position, ProductGroup.name)
    )
    named = [GroupView(id=row.id, name=row.name, offers=tuple(offers[row.id])) for row in rows]
    named.append(GroupView(id=None, name="", offers=tuple(offers[None])))
    return tuple(group for group in named if group.offers)


def product_by_slug(session: Session, brand_id: UUID, slug: str) -> ProductView | None:
    """A product a buyer may see. Hidden ones, and those of other brands, do not exist here."""
    row = session.scalar(
        select(Product).where(Product.brand_id == brand_id, Product.slug == slug, Product.visible.is_(True))
    )
    return None if row is None else _product(row)


def product_by_id(session: Session, product_id: UUID) -> ProductView | None:
    """Any product, hidden or not: what was bought stays what it was."""
    row = session.get(Product, product_id)
    return None if row is None else _product(row)


def products_by_id(session: Session, product_ids: Collection[UUID]) -> dict[UUID, ProductView]:
    """The same for many, in one question. Unknown ids are left out."""
    rows = session.scalars(select(Product).where(Product.id.in_(product_ids)))
    return {row.id: _product(row) for row in rows}


def _product(row: Product) -> ProductView:
    return ProductView(
        id=row.id,
        brand_id=row.brand_id,
        group_id=row.group_id,
        slug=row.slug,
        name=row.name,
        summary=row.summary,
        features=tuple(row.features),
        kind=row.kind,
        tax_class=row.tax_class,
        gl_code=row.gl_code,
        provisioner=row.provisioner,
        pool_id=row.pool_id,
        provisioner_options=dict(row.provisioner_options),
        stock=row.stock,
        visible=row.visible,
    )


def prices_of(session: Session, product_id: UUID, currency: str, on: date) -> tuple[PriceView, ...]:
    """The prices one can choose on the day, the shortest cycle first. Empty: not for sale."""
    return tuple(_prices(session, [product_id], currency, on).get(product_id, ()))


def prices_by_product(
    session: Session, product_ids: Collection[UUID], currency: str, on: date
) -> dict[UUID, list[PriceView]]:
    """As ``prices_of`` for many, in one question. Products without a price are left out."""
    return _prices(session, list(product_ids), currency, on)


def price_of(session: Session, product_id: UUID, currency: str, cycle: Cycle, on: date) -> PriceView | None:
    """The price of one cycle. None means "not for sale", never "free"."""
    return next((one for one in prices_of(session, product_id, currency, on) if one.cycle == cycle), None)


def _prices(
    session: Session, product_ids: Sequence[UUID], currency: str, on: date
) -> dict[UUID, list[PriceView]]:
    rows = session.scalars(
        select(Price).where(
            Price.product_id.in_(product_ids), Price.currency == currency, *valid_on(Price, on)
        )
    )
    found: dict[UUID, list[PriceView]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (UNITS.index(_cycle(row).unit), row.cycle_count)):
        found[row.product_id].append(_price(row))
    return found


def valid_on(table: type[Price] | type[Coupon], on: date) -> tuple[ColumnElement[bool], ...]:
    """``valid_to`` is the first day that no longer holds."""
    ends: InstrumentedAttribute[date | None] = table.valid_to
    return (table.valid_from <= on, or_(ends.is_(None), ends > on))


def _cycle(row: Price) -> Cycle:
    return Cycle.of(row.cycle_unit, row.cycle_count)


def _price(row: Price) -> PriceView:
    return PriceView(
        id=row.id,
        product_id=row.product_id,
        cycle=_cycle(row),
        amount=Money(row.amount_minor, row.currency),
        setup=Money(row.setup_minor, row.currency),
    )


def take_stock(session: Session, product_id: UUID, n: int = 1) -> bool:
    """Take ``n`` from what is left; False, and nothing taken, when there are fewer. Not limited: True.

    Raises ValueError for n < 1: it would give instead of take.
    """
    _at_least_one(n)
    enough = or_(Product.stock.is_(None), Product.stock >= n)
    statement = update(Product).where(Product.id == product_id, enough)
    return changed(session, statement.values(stock=Product.stock - n))


def give_stock(session: Session, product_id: UUID, n: int = 1) -> None:
    """Give back what an order that came to nothing had taken. Raises ValueError for n < 1."""
    _at_least_one(n)
    changed(session, update(Product).where(Product.id == product_id).values(stock=Product.stock + n))


def _at_least_one(n: int) -> None:
    if n < 1:
        raise ValueError(f"stock moves by whole units, not by {n}")


def fold_code(text: str) -> str:
    """A coupon code as it is stored: compatibility forms and case folded, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())[:LONGEST_CODE]


def coupon(session: Session, brand_id: UUID, code: str, on: date) -> CouponView | None:
    """The coupon somebody typed, when it holds on the day and has uses left."""
    row = session.scalar(
        select(Coupon).where(
            Coupon.brand_id == brand_id,
            Coupon.code == fold_code(code),
            or_(Coupon.uses_left.is_(None), Coupon.uses_left > 0),
            *valid_on(Coupon, on),
        )
    )
    if row is None:
        return None
    return CouponView(
        id=row.id,
        code=row.code,
        label=row.label,
        kind=row.kind,
        value=row.value,
        currency=row.currency,
        product_slugs=tuple(row.product_slugs),
    )


def use_coupon(session: Session, coupon_id: UUID) -> bool:
    """Take one use, in the transaction that places the order; False when none is left."""
    left = or_(Coupon.uses_left.is_(None), Coupon.uses_left > 0)
    statement = update(Coupon).where(Coupon.id == coupon_id, left)
    return changed(session, statement.values(uses_left=Coupon.uses_left - 1))


def give_back_coupon(session: Session, coupon_id: UUID) -> None:
    """Give one use back. The caller makes sure that it happens once per order."""
    changed(session, update(Coupon).where(Coupon.id == coupon_id).values(uses_left=Coupon.uses_left + 1))


def terms(session: Session, brand_id: UUID, on: date) -> TermsView | None:
    """The text that must be accepted on the day: the newest that holds."""
    row = session.scalar(
        select(Terms)
        .where(Terms.brand_id == brand_id, Terms.valid_from <= on)
        .order_by(Terms.valid_from.desc(), Terms.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return TermsView(id=row.id, title=row.title, body=row.body, valid_from=row.valid_from)
