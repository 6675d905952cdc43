"""Prices as a buyer reads them."""

from __future__ import annotations

from core.catalog.values import GroupView, Offer, PriceView, ProductView
from core.kernel.calendar import Cycle
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.web.shop import plans


def product(slug: str, kind: str = "hosting") -> ProductView:
    return ProductView(
        id=new_id(),
        brand_id=new_id(),
        group_id=None,
        slug=slug,
        name=slug,
        summary="",
        features=(),
        kind=kind,
        tax_class="hosting",
        gl_code="4000",
        provisioner="",
        pool_id=None,
        provisioner_options={},
        stock=None,
        visible=True,
    )


def offer(slug: str, *prices: tuple[Cycle, int], kind: str = "hosting") -> Offer:
    views = [
        PriceView(
            id=new_id(), product_id=new_id(), cycle=cycle, amount=Money(minor, "USD"), setup=Money(0, "USD")
        )
        for cycle, minor in prices
    ]
    return Offer(product=product(slug, kind), prices=tuple(views))


MONTH, YEAR, ONCE = Cycle("month"), Cycle("year"), Cycle("once")


def test_a_year_is_shown_by_the_month_when_it_divides_to_the_cent() -> None:
    shown = plans.plan(offer("a", (MONTH, 1400), (YEAR, 14400))).shown
    assert shown.value == "year:1"
    assert shown.monthly == Money(1200, "USD")
    assert shown.saving == Money(2400, "USD")
    assert plans.plan(offer("a", (YEAR, 10000))).shown.monthly is None


def test_nothing_is_promised_that_is_not_saved() -> None:
    assert plans.plan(offer("a", (MONTH, 1000), (YEAR, 12000))).shown.saving is None
    assert plans.plan(offer("a", (MONTH, 1000), (YEAR, 13000))).shown.saving is None
    assert plans.plan(offer("a", (ONCE, 1000))).shown.saving is None
    assert plans.plan(offer("a", (Cycle("month", 5), 1000), (YEAR, 100))).shown.saving is None


def test_the_visitors_cycle_wins_where_the_plan_has_it() -> None:
    both, yearly = offer("a", (MONTH, 600), (YEAR, 6000)), offer("b", (YEAR, 9000))
    assert plans.plan(both, "month:1").shown.value == "month:1"
    assert plans.plan(yearly, "month:1").shown.value == "year:1"
    assert plans.plan(both, "nonsense").shown.value == "year:1"


def test_domains_are_not_plans_and_the_second_of_several_stands_out() -> None:
    view = GroupView(
        id=None,
        name="",
        offers=(offer("a", (YEAR, 1)), offer("d", (YEAR, 1), kind="domain"), offer("b", (YEAR, 1))),
    )
    (group,) = plans.groups([view], "")
    assert [(plan.product.slug, plan.featured) for plan in group.plans] == [("a", False), ("b", True)]
    alone = GroupView(id=None, name="", offers=(offer("a", (YEAR, 1)),))
    assert not plans.groups([alone], "")[0].plans[0].featured


def test_the_switch_says_the_best_saving_rounded_down() -> None:
    view = GroupView(id=None, name="", offers=(offer("a", (MONTH, 600), (YEAR, 6000)),))
    groups = plans.groups([view], "")
    month, year = plans.segments(groups, "")
    assert (month.value, month.current, month.saves) == ("month:1", False, 0)
    assert (year.value, year.current, year.saves) == ("year:1", True, 16)
    assert (
        plans.segments(plans.groups([GroupView(id=None, name="", offers=(offer("a", (YEAR, 1)),))], ""), "")
        == ()
    )
