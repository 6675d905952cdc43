"""Which taxes a sale bears and how they are rounded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.ids import new_id
from core.tax.rules import Rounding, taxes_for
from core.tax.values import Place, TaxableLine, TaxOf, TaxRuleView, percent

TODAY = date(2026, 11, 20)
TEXAS, OREGON = Place(country="US", region="TX"), Place(country="US", region="OR")
QUEBEC = Place(country="CA", region="QC")


def rule(
    rate: str, name: str = "Sales tax", *, country: str = "US", region: str = "TX", share: str = "1",
    tax_class: str = "", position: int = 0, since: date = date(2020, 1, 1), until: date | None = None,
) -> TaxRuleView:  # fmt: skip
    return TaxRuleView(
        id=new_id(), name=name, country=country, region=region, tax_class=tax_class, rate=Decimal(rate),
        taxable_share=Decimal(share), position=position, valid_from=since, valid_to=until,
    )  # fmt: skip


def lines(*minors: int, tax_class: str = "hosting") -> list[TaxableLine]:
    return [TaxableLine(net_minor=minor, tax_class=tax_class) for minor in minors]


def taxes(
    net: list[TaxableLine], *rules: TaxRuleView, place: Place = TEXAS, on: date = TODAY,
    taxable: bool = True, rounding: Rounding = "line",
) -> tuple[TaxOf, ...]:  # fmt: skip
    return taxes_for(net, rules, place, on, taxable=taxable, rounding=rounding)


def total(found: tuple[TaxOf, ...]) -> int:
    return sum(tax.tax_minor for tax in found)


@pytest.mark.parametrize(("rounding", "minor"), [("line", 60), ("invoice", 59)])  # M60
def test_three_times_99_cents_at_20_percent(rounding: Rounding, minor: int) -> None:
    assert total(taxes(lines(99, 99, 99), rule("0.20"), rounding=rounding)) == minor


@pytest.mark.parametrize("rounding", ["line", "invoice"])
def test_two_dollars_at_6_725_percent(rounding: Rounding) -> None:  # M64: 0.1345 rounds to 0.13
    assert total(taxes(lines(200), rule("0.06725"), rounding=rounding)) == 13


@pytest.mark.parametrize(("net", "minor"), [(100, 1), (99, 0), (300, 2), (-100, -1), (-300, -2)])
def test_half_a_cent_goes_up_in_absolute_value(net: int, minor: int) -> None:
    assert total(taxes(lines(net), rule("0.005"))) == minor


def test_state_and_local_rates_are_rounded_on_their_sum() -> None:
    # 0.10 at 6.25 % and at 2 %: 0.625 and 0.2 cents, 0.825 together: one cent, not 1 + 0 by luck
    state, local = rule("0.0625", "Texas sales tax"), rule("0.02", "Austin local tax", position=1)
    assert [tax.tax_minor for tax in taxes(lines(10), state, local)] == [1, 0]
    # 0.06: 0.375 and 0.12 cents, 0.495 together: nothing
    assert [tax.tax_minor for tax in taxes(lines(6), state, local)] == [0, 0]
    # 0.08: 0.5 and 0.16 cents; each by itself 1 + 0, together 0.66: 1
    assert total(taxes(lines(8), state, local)) == 1


def test_the_pictures_add_up() -> None:
    state, local = rule("0.0625", "Texas sales tax"), rule("0.02", "Austin local tax", position=1)
    found = taxes(lines(12960, 2400, 1200), state, local)
    assert [(tax.name, tax.tax_minor) for tax in found] == [
        ("Texas sales tax", 1035),
        ("Austin local tax", 331),
    ]


def test_other_countries_round_each_tax_by_itself() -> None:
    gst = rule("0.05", "GST", country="CA", region="")
    qst = rule("0.09975", "QST", country="CA", region="QC")
    # 0.30: 1.5 and 2.9925 cents: 2 + 3; on the sum it would be 4
    found = taxes(lines(30), gst, qst, place=QUEBEC)
    assert [(tax.name, tax.tax_minor) for tax in found] == [("GST", 2), ("QST", 3)]


def test_texas_taxes_four_fifths_of_hosting() -> None:
    found = taxes(lines(14400), rule("0.0625", "Texas sales tax", share="0.80"))
    assert [(tax.base_minor, tax.tax_minor) for tax in found] == [(11520, 720)]
    assert found[0].label == "Texas sales tax, 6.25% of 80%"


def test_the_rule_for_a_class_beats_the_general_one() -> None:
    general, hosting = rule("0.10"), rule("0.05", tax_class="hosting")
    both = [*lines(1000), *lines(1000, tax_class="domain")]
    for rules in ((general, hosting), (hosting, general)):
        assert sorted((tax.rate, tax.tax_minor) for tax in taxes(both, *rules)) == [
            ("0.05", 50),
            ("0.10", 100),
        ]


def test_a_class_without_a_rule_is_not_taxed() -> None:
    assert taxes(lines(1000, tax_class="domain"), rule("0.0625", tax_class="hosting")) == ()


@pytest.mark.parametrize(
    "place", [OREGON, Place(country="US"), Place(country="CA", region="TX"), Place(country="")]
)
def test_elsewhere_nothing_is_due(place: Place) -> None:
    assert taxes(lines(1000), rule("0.0625"), place=place) == ()


def test_a_rule_of_the_country_holds_in_every_region() -> None:
    federal = rule("0.01", "Federal", region="")
    for place in (TEXAS, OREGON, Place(country="US")):
        assert total(taxes(lines(1000), federal, place=place)) == 10


@pytest.mark.parametrize(("on", "minor"), [("2026-06-30", 190), ("2026-07-01", 160), ("2026-12-31", 160)])
def test_the_tax_point_decides(on: str, minor: int) -> None:  # M71
    change = date(2026, 7, 1)
    before, after = rule("0.19", "VAT", until=change), rule("0.16", "VAT", since=change)
    found = taxes(lines(1000), before, after, on=date.fromisoformat(on))
    assert total(found) == minor
    assert len(found) == 1


def test_nobody_pays_before_a_rule_begins() -> None:
    assert taxes(lines(1000), rule("0.19", since=TODAY), on=date(2026, 11, 19)) == ()


def test_a_client_that_is_not_taxable_bears_none() -> None:
    assert taxes(lines(1000), rule("0.0625"), taxable=False) == ()


def test_free_lines_print_no_tax() -> None:
    assert taxes(lines(0, 0), rule("0.0625")) == ()


def test_a_zero_rate_is_printed() -> None:
    found = taxes(lines(1000), rule("0", "Reverse charge"))
    assert [(tax.name, tax.base_minor, tax.tax_minor) for tax in found] == [("Reverse charge", 1000, 0)]


def test_taxes_come_country_first_and_in_their_order() -> None:
    rules = (
        rule("0.01", "C", position=2), rule("0.01", "B", position=1),
        rule("0.01", "A", position=9, region=""),
    )  # fmt: skip
    assert [tax.name for tax in taxes(lines(1000), *rules)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "shown"), [("0.0625", "6.25%"), ("0.2", "20%"), ("1", "100%"), ("0", "0%"), ("0.10", "10%")]
)
def test_rates_as_people_write_them(text: str, shown: str) -> None:
    assert percent(text) == shown


rates = st.integers(0, 3000).map(lambda value: str(Decimal(value) / 10_000))
some_lines = st.lists(
    st.builds(TaxableLine, net_minor=st.integers(-(10**6), 10**6), tax_class=st.sampled_from(("a", "b"))),
    max_size=8,
)
some_rules = st.lists(
    st.builds(
        rule,
        rates,
        st.sampled_from(("One", "Two", "Three")),
        country=st.sampled_from(("US", "CA")),
        region=st.sampled_from(("", "TX")),
        tax_class=st.sampled_from(("", "a")),
        share=st.sampled_from(("1", "0.80", "0.5")),
    ),
    max_size=4,
)
places = st.sampled_from((TEXAS, Place(country="CA", region="TX")))
roundings: st.SearchStrategy[Rounding] = st.sampled_from(("line", "invoice"))


@given(some_lines, some_rules, places, roundings)
def test_a_credit_note_mirrors_its_invoice(
    net: list[TaxableLine], rules: list[TaxRuleView], place: Place, rounding: Rounding
) -> None:
    mirrored = [TaxableLine(net_minor=-line.net_minor, tax_class=line.tax_class) for line in net]
    there = taxes(net, *rules, place=place, rounding=rounding)
    back = taxes(mirrored, *rules, place=place, rounding=rounding)
    assert total(back) == -total(there)
    assert [(tax.name, tax.base_minor) for tax in back] == [(tax.name, -tax.base_minor) for tax in there]


@given(some_lines, some_rules, places, roundings)
def test_rounding_moves_no_more_than_half_a_cent_each_time(
    net: list[TaxableLine], rules: list[TaxRuleView], place: Place, rounding: Rounding
) -> None:
    found = taxes(net, *rules, place=place, rounding=rounding)
    exact = sum(
        (_exact(line, rules, place) for line in net),
        Fraction(0),
    )
    roundings_done = max(len(net), 1) * max(len(rules), 1)
    assert abs(total(found) - exact) <= Fraction(roundings_done, 2)


def _exact(line: TaxableLine, rules: list[TaxRuleView], place: Place) -> Fraction:
    alone = taxes_for([line], rules, place, TODAY, taxable=True, rounding="line")
    return sum(
        (Fraction(line.net_minor) * Fraction(tax.taxable_share) * Fraction(tax.rate) for tax in alone),
        Fraction(0),
    )


@given(st.lists(st.integers(1, 10**6), max_size=8), some_rules, roundings)
def test_positive_lines_never_bear_a_negative_tax(
    minors: list[int], rules: list[TaxRuleView], rounding: Rounding
) -> None:
    for tax in taxes(lines(*minors, tax_class="a"), *rules, rounding=rounding):
        assert 0 <= tax.tax_minor <= tax.base_minor
