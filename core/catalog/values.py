"""What other slices see of the catalogue. Money in minor units beside its currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from core.kernel.calendar import Cycle
from core.kernel.i18n import gettext, mark
from core.kernel.money import Money

_ADVERBS = {
    "day": mark("Daily"), "week": mark("Weekly"), "month": mark("Monthly"), "year": mark("Yearly"),
}  # fmt: skip
_EVERY = {
    "day": mark("Every {count} days"), "week": mark("Every {count} weeks"),
    "month": mark("Every {count} months"), "year": mark("Every {count} years"),
}  # fmt: skip
_A = {"day": mark("a day"), "week": mark("a week"), "month": mark("a month"), "year": mark("a year")}
ONCE = mark("Once")


def cycle_label(cycle: Cycle) -> str:
    """As it is written down: "Yearly", "Every 3 months", "Once"."""
    return _label(cycle, str)


def cycle_words(cycle: Cycle) -> str:
    """The same for a reader, in the language of now."""
    return _label(cycle, gettext)


def _label(cycle: Cycle, say: Callable[[str], str]) -> str:
    if not cycle.recurs:
        return say(ONCE)
    return (
        say(_ADVERBS[cycle.unit]) if cycle.count == 1 else say(_EVERY[cycle.unit]).format(count=cycle.count)
    )


def cycle_inside(cycle: Cycle) -> str:
    """For the middle of a sentence: "yearly", "every 3 months", "once"."""
    words = cycle_words(cycle)
    return words[:1].lower() + words[1:]


def cycle_per(cycle: Cycle) -> str:
    """What stands after a price: "a year", "every 3 months", "once", in the language of now."""
    return gettext(_A[cycle.unit]) if cycle.recurs and cycle.count == 1 else cycle_inside(cycle)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """One price as it holds on a day. ``amount`` per cycle and unit, ``setup`` once per unit."""

    id: UUID
    product_id: UUID
    cycle: Cycle
    amount: Money
    setup: Money

    @property
    def label(self) -> str:
        return cycle_label(self.cycle)

    @property
    def per(self) -> str:
        return cycle_per(self.cycle)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """``provisioner`` is a spec id ("" for none); ``stock`` is None when it is not limited."""

    id: UUID
    brand_id: UUID
    group_id: UUID | None
    slug: str
    name: str
    summary: str
    features: tuple[str, ...]
    kind: str  # hosting, domain, other
    tax_class: str
    gl_code: str
    provisioner: str
    pool_id: UUID | None
    provisioner_options: Mapping[str, Any] = field(repr=False)
    stock: int | None
    visible: bool

    @property
    def sold_out(self) -> bool:
        return self.stock == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product with the prices one can choose, the shortest cycle first. Never without a price."""

    product: ProductView
    prices: tuple[PriceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    id: UUID | None
    name: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """What a brand sells on a day in one currency. Groups without offers are left out."""

    currency: str
    groups: tuple[GroupView, ...]

    @property
    def offers(self) -> tuple[Offer, ...]:
        return tuple(offer for group in self.groups for offer in group.offers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponView:
    """``value`` is hundredths of a percent (1000 is 10 %) or minor units of ``currency``."""

    id: UUID
    code: str
    label: str
    kind: str  # percent, fixed
    value: int
    currency: str | None
    product_slugs: tuple[str, ...]  # empty: every product

    def covers(self, slug: str) -> bool:
        return not self.product_slugs or slug in self.product_slugs


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsView:
    id: UUID
    title: str
    body: str
    valid_from: date
