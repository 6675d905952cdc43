"""Putting things into the catalogue. Prices and terms are dated and never rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.catalog.models import Coupon, Price, Product, ProductGroup, Terms
from core.catalog.rules import HUNDRED_PERCENT
from core.catalog.service import fold_code
from core.kernel.calendar import Cycle
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.money import exponent
from core.kernel.problems import InvalidFields, NotFound

KINDS = ("hosting", "domain", "other")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def add_group(session: Session, brand_id: UUID, name: str, position: int = 0) -> UUID:
    """Add a group of products; the same name again gives the group there is."""
    found = session.scalar(
        select(ProductGroup.id).where(ProductGroup.brand_id == brand_id, ProductGroup.name == name)
    )
    if found is not None:
        return found
    group = ProductGroup(id=new_id(), brand_id=brand_id, name=name, position=position)
    session.add(group)
    session.flush()
    return group.id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What is known of a product before it exists. ``stock`` None: not limited."""

    slug: str
    name: str
    kind: str
    group_id: UUID | None = None
    summary: str = ""
    features: tuple[str, ...] = ()
    tax_class: str = "hosting"
    gl_code: str = "4000"
    provisioner: str = ""
    pool_id: UUID | None = None
    provisioner_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stock: int | None = None
    position: int = 0


def add_product(session: Session, brand_id: UUID, new: NewProduct) -> UUID:
    """Add a product, visible at once but not for sale before it has a price.

    Raises InvalidFields for a slug that is malformed or taken, an unknown kind, a negative stock.
    """
    _check_product(session, brand_id, new)
    product = Product(
        id=new_id(), brand_id=brand_id, group_id=new.group_id, slug=new.slug, name=new.name,
        summary=new.summary, features=list(new.features), kind=new.kind, tax_class=new.tax_class,
        gl_code=new.gl_code, provisioner=new.provisioner, pool_id=new.pool_id,
        provisioner_options=dict(new.provisioner_options), stock=new.stock, position=new.position,
    )  # fmt: skip
    session.add(product)
    session.flush()
    return product.id


def _check_product(session: Session, brand_id: UUID, new: NewProduct) -> None:
    wrong: dict[str, str] = {}
    taken = select(Product.id).where(Product.brand_id == brand_id, Product.slug == new.slug)
    if SLUG.fullmatch(new.slug) is None:
        wrong["slug"] = "Use small letters, digits and single dashes, as in starter-hosting."
    elif session.scalar(taken) is not None:
        wrong["slug"] = f"A product called {new.slug} exists already. Choose another short name."
    if new.kind not in KINDS:
        wrong["kind"] = f"Choose one of {', '.join(KINDS)}."
    if new.stock is not None and new.stock < 0:
        wrong["stock"] = "Stock cannot be negative. Leave it empty when it is not limited."
    if wrong:
        raise InvalidFields(wrong)


def set_price(
    session: Session,
    product_id: UUID,
    *,
    currency: str,
    cycle: Cycle,
    amount_minor: int,
    setup_minor: int = 0,
    valid_from: date,
    valid_to: date | None = None,
) -> UUID:
    """Add a price for the days from ``valid_from`` up to and without ``valid_to``.

    Raises InvalidFields when it overlaps one of the same product, currency and cycle, when a number is
    negative or the days are in the wrong order; NotFound for an unknown product; UnknownCurrency.
    """
    exponent(currency)
    _lock_prices(session, product_id)
    _check_numbers(amount_minor, setup_minor, valid_from, valid_to)
    _check_overlap(session, product_id, currency, cycle, valid_from, valid_to)
    price = Price(
        id=new_id(), product_id=product_id, currency=currency, cycle_unit=cycle.unit,
        cycle_count=cycle.count, amount_minor=amount_minor, setup_minor=setup_minor,
        valid_from=valid_from, valid_to=valid_to,
    )  # fmt: skip
    session.add(price)
    session.flush()
    return price.id


def _lock_prices(session: Session, product_id: UUID) -> None:
    # Puts two people who edit one product's prices in line, so that neither misses the other's row.
    statement = update(Product).where(Product.id == product_id).values(version=Product.version + 1)
    if not changed(session, statement):
        raise NotFound("There is no such product.")


def _check_numbers(amount: int, setup: int, valid_from: date, valid_to: date | None) -> None:
    wrong = {
        name: "A price cannot be negative. Enter 0 or more."
        for name, value in (("amount", amount), ("setup", setup))
        if value < 0
    }
    if valid_to is not None and valid_to <= valid_from:
        wrong["valid_to"] = "The last day lies before the first. Choose a later day."
    if wrong:
        raise InvalidFields(wrong)


def _check_overlap(
    session: Session,
    product_id: UUID,
    currency: str,
    cycle: Cycle,
    valid_from: date,
    valid_to: date | None,
) -> None:
    same = (
        Price.product_id == product_id,
        Price.currency == currency,
        Price.cycle_unit == cycle.unit,
        Price.cycle_count == cycle.count,
        or_(Price.valid_to.is_(None), Price.valid_to > valid_from),
    )
    before_end = () if valid_to is None else (Price.valid_from < valid_to,)
    other = session.scalar(select(Price).where(*same, *before_end).limit(1))
    if other is not None:
        until = "" if other.valid_to is None else f" until {other.valid_to}"
        raise InvalidFields(
            {"valid_from": f"Another price holds from {other.valid_from}{until}. End that one first."}
        )


def end_price(session: Session, price_id: UUID, on: date) -> bool:
    """Let a price end: ``on`` is the first day it no longer holds. False when it has ended by then.

    A price that would never have held (``on`` not after its first day) stays as it is: False.
    """
    holds = or_(Price.valid_to.is_(None), Price.valid_to > on)
    statement = update(Price).where(Price.id == price_id, Price.valid_from < on, holds)
    return changed(session, statement.values(valid_to=on))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCoupon:
    """``value`` in hundredths of a percent (1000 is 10 %), or in minor units of ``currency``."""

    code: str
    kind: str  # percent, fixed
    value: int
    label: str = ""
    currency: str | None = None
    product_slugs: tuple[str, ...] = ()
    uses: int | None = None
    valid_from: date
    valid_to: date | None = None


def add_coupon(session: Session, brand_id: UUID, new: NewCoupon) -> UUID:
    """Add a coupon. Raises InvalidFields for a code that is empty or taken, or a senseless value."""
    code = fold_code(new.code)
    _check_coupon(session, brand_id, code, new)
    row = Coupon(
        id=new_id(), brand_id=brand_id, code=code, label=new.label, kind=new.kind, value=new.value,
        currency=new.currency if new.kind == "fixed" else None, product_slugs=list(new.product_slugs),
        uses_left=new.uses, valid_from=new.valid_from, valid_to=new.valid_to,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def _check_coupon(session: Session, brand_id: UUID, code: str, new: NewCoupon) -> None:
    wrong: dict[str, str] = {}
    taken = select(Coupon.id).where(Coupon.brand_id == brand_id, Coupon.code == code)
    if not code or session.scalar(taken) is not None:
        wrong["code"] = "Choose a code that no other coupon has."
    if new.kind not in ("percent", "fixed"):
        wrong["kind"] = "Choose percent or a fixed amount."
    if new.value < 1 or (new.kind == "percent" and new.value > HUNDRED_PERCENT):
        wrong["value"] = "Enter more than nothing, and at most 100 percent."
    if new.kind == "fixed" and new.currency is None:
        wrong["currency"] = "Choose the currency of the amount."
    if new.uses is not None and new.uses < 0:
        wrong["uses"] = "The number of uses cannot be negative."
    if wrong:
        raise InvalidFields(wrong)


def add_terms(session: Session, brand_id: UUID, *, title: str, body: str, valid_from: date) -> UUID:
    """Add a new version of the terms. Earlier ones stay: orders point at the text they accepted."""
    row = Terms(id=new_id(), brand_id=brand_id, title=title, body=body, valid_from=valid_from)
    session.add(row)
    session.flush()
    return row.id
