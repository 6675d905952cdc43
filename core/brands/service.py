"""Use cases of brands: which shop front answers, what it offers, setting one up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.brands.models import Brand, BrandGateway, BrandHost
from core.brands.values import BrandView, NewBrand
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.money import UnknownCurrency, exponent
from core.kernel.problems import InvalidFields, NotFound

DEFAULT = "main"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PREFIX = re.compile(r"[A-Z0-9]{0,8}")


def default_brand(session: Session) -> BrandView:
    """The brand called "main", or else the oldest. Raises NotFound before the first is set up."""
    return _first(session, "")


_FIRST = (
    select(Brand)
    .outerjoin(BrandHost, (BrandHost.brand_id == Brand.id) & (BrandHost.host_name == bindparam("host")))
    .order_by(BrandHost.id.is_(None), Brand.slug != DEFAULT, Brand.id)
    .limit(1)
)


def _first(session: Session, host: str) -> BrandView:
    """The brand that claimed the name, else the default one."""
    row = session.scalar(_FIRST, {"host": host})
    if row is None:
        raise NotFound(_("No brand is set up yet."))
    return _view(row)


def brand_by_id(session: Session, brand_id: UUID) -> BrandView:
    """Raises NotFound."""
    row = session.get(Brand, brand_id)
    if row is None:
        raise NotFound(_("There is no such brand."))
    return _view(row)


def brand_for_host(session: Session, host: str) -> BrandView:
    """The brand that answers at a ``Host`` header; the default one for names nobody claimed.

    Which names are answered at all is the web layer's business. Raises NotFound without any brand.
    """
    return _first(session, fold_host(host))


def answers_at(session: Session, host: str) -> bool:
    """Whether a brand has claimed this ``Host`` name."""
    row = session.scalar(select(BrandHost.id).where(BrandHost.host_name == fold_host(host)))
    return row is not None


def fold_host(host: str) -> str:
    """A host name without port and final dot, in small letters. "[::1]:8000" -> "[::1]"."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")


def _view(row: Brand) -> BrandView:
    values = {field.name: getattr(row, field.name) for field in fields(BrandView)}
    values["tokens"] = dict(row.tokens)
    values["tax_rounding"] = cast(Literal["line", "invoice"], row.tax_rounding)
    return BrandView(**values)


def offered_gateways(session: Session, brand_id: UUID, enabled: Iterable[str]) -> tuple[str, ...]:
    """Which of the ``enabled`` gateways (spec ids) a brand offers, in its own order.

    A brand that never chose offers all of them, in the order given.
    """
    rows = session.scalars(
        select(BrandGateway).where(BrandGateway.brand_id == brand_id).order_by(BrandGateway.position)
    ).all()
    available = tuple(enabled)
    if not rows:
        return available
    return tuple(row.gateway for row in rows if row.enabled and row.gateway in available)


def set_up(session: Session, new: NewBrand) -> UUID:
    """Make a brand, or give the one of that slug as it is: a repeat changes nothing.

    Raises InvalidFields for a malformed slug or prefix, an unknown currency or time zone, a host name
    that answers for another brand.
    """
    found = session.scalar(select(Brand.id).where(Brand.slug == new.slug))
    if found is not None:
        return found
    _check(session, new)
    values = {field.name: getattr(new, field.name) for field in fields(NewBrand) if field.name != "hosts"}
    brand = Brand(id=new_id(), tokens={}, **values)
    session.add(brand)
    session.flush()
    for host in new.hosts:
        session.add(BrandHost(id=new_id(), brand_id=brand.id, host_name=fold_host(host)))
    session.flush()
    return brand.id


def _check(session: Session, new: NewBrand) -> None:
    wrong: dict[str, str] = {}
    if SLUG.fullmatch(new.slug) is None:
        wrong["slug"] = "Use small letters, digits and single dashes, as in wayside."
    if not new.name.strip():
        wrong["name"] = "Enter the name that customers see."
    if PREFIX.fullmatch(new.number_prefix) is None:
        wrong["number_prefix"] = "Use up to eight capital letters and digits, as in WH."
    try:
        exponent(new.currency)
    except UnknownCurrency:
        wrong["currency"] = "Choose a currency by its three-letter code, as in USD."
    if not _is_zone(new.timezone):
        wrong["timezone"] = "Choose a time zone by its name, as in America/Chicago."
    folded = [fold_host(host) for host in new.hosts]
    taken = session.scalar(select(BrandHost.host_name).where(BrandHost.host_name.in_(folded)).limit(1))
    if taken is not None:
        wrong["hosts"] = f"{taken} answers for another brand. Remove it there first."
    if wrong:
        raise InvalidFields(wrong)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
