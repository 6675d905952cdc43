"""Prices as a buyer reads them: per month where it divides, what the longer cycle saves. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.catalog.values import GroupView, Offer, PriceView, ProductView, cycle_words
from core.kernel.calendar import Cycle
from core.kernel.money import Money

_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChoice:
    """One cycle of a product. ``monthly`` is set where the amount divides into months to the cent."""

    price: PriceView
    monthly: Money | None
    saving: Money | None  # against the shortest cycle, over the same time

    @property
    def value(self) -> str:
        return str(self.price.cycle)

    @property
    def today(self) -> Money:
        return self.price.amount + self.price.setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A product with the cycle it is shown at, and all it could be bought at."""

    product: ProductView
    choices: tuple[PriceChoice, ...]
    shown: PriceChoice
    featured: bool = False

    @property
    def others(self) -> tuple[PriceChoice, ...]:
        return tuple(choice for choice in self.choices if choice is not self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One side of the switch between cycles."""

    value: str
    label: str
    current: bool
    saves: int  # percent, the best of all plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    name: str
    plans: tuple[Plan, ...]


def months(cycle: Cycle) -> int | None:
    """How many months a cycle is; None for days, weeks and once."""
    return cycle.count * _MONTHS[cycle.unit] if cycle.unit in _MONTHS else None


def choices(offer: Offer) -> tuple[PriceChoice, ...]:
    return tuple(_choice(price, offer.prices[0]) for price in offer.prices)


def plan(offer: Offer, cycle: str = "", *, featured: bool = False) -> Plan:
    """``cycle`` is what the visitor asked for; else the longest that has a price."""
    found = choices(offer)
    shown = next((choice for choice in found if choice.value == cycle), found[-1])
    return Plan(product=offer.product, choices=found, shown=shown, featured=featured)


def groups(views: Iterable[GroupView], cycle: str) -> tuple[Group, ...]:
    """What is for sale but domains, which have a search of their own. The second of several stands out."""
    found = []
    for view in views:
        offers = [offer for offer in view.offers if offer.product.kind != "domain"]
        several = len(offers) > 1
        plans = tuple(plan(one, cycle, featured=several and at == 1) for at, one in enumerate(offers))
        if plans:
            found.append(Group(name=view.name, plans=plans))
    return tuple(found)


def segments(found: Iterable[Group], cycle: str) -> tuple[Segment, ...]:
    """The switch: every cycle that some plan has; empty when there is nothing to choose."""
    plans = [one for group in found for one in group.plans]
    by_value = {choice.value: choice for one in plans for choice in one.choices}
    if len(by_value) < 2:
        return ()
    ordered = sorted(by_value.values(), key=lambda choice: months(choice.price.cycle) or 0)
    current = cycle if cycle in by_value else ordered[-1].value
    return tuple(
        Segment(
            value=choice.value,
            label=cycle_words(choice.price.cycle),
            current=choice.value == current,
            saves=max((_percent(one, choice.value) for one in plans), default=0),
        )
        for choice in ordered
    )


def _choice(price: PriceView, shortest: PriceView) -> PriceChoice:
    length = months(price.cycle)
    monthly = None
    if length and length > 1 and price.amount.minor % length == 0:
        monthly = Money(price.amount.minor // length, price.amount.currency)
    return PriceChoice(price=price, monthly=monthly, saving=_saving(price, shortest))


def _saving(price: PriceView, shortest: PriceView) -> Money | None:
    long, short = months(price.cycle), months(shortest.cycle)
    if not long or not short or long <= short or long % short:
        return None
    saved = shortest.amount * (long // short) - price.amount
    return saved if saved.minor > 0 else None


def _percent(one: Plan, value: str) -> int:
    """Rounded down: a promise is never more than what is kept."""
    choice = next((choice for choice in one.choices if choice.value == value), None)
    if choice is None or choice.saving is None:
        return 0
    full = choice.saving + choice.price.amount
    return choice.saving.minor * 100 // full.minor
