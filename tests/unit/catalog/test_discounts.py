"""Discount arithmetic: percent before fixed, once per line, never below zero."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.rules import DiscountableLine, coupon_misses, discounts_for
from core.catalog.values import CouponView
from core.kernel.ids import new_id

SLUGS = ("starter", "business", "domain")


def coupon(
    kind: str, value: int, *slugs: str, currency: str | None = "USD", code: str = "SAVE"
) -> CouponView:
    return CouponView(
        id=new_id(), code=code, label="", kind=kind, value=value,
        currency=currency if kind == "fixed" else None, product_slugs=slugs,
    )  # fmt: skip


def lines(*minors: int, slug: str = "starter") -> list[DiscountableLine]:
    return [DiscountableLine(slug=slug, gross_minor=minor) for minor in minors]


def test_ten_dollars_off_four_lines() -> None:  # M54
    found = discounts_for(lines(999, 999, 999, 3), [coupon("fixed", 1000)], "USD")
    assert found == (333, 333, 333, 1)


def test_more_than_there_is_takes_what_there_is() -> None:  # M57
    found = discounts_for(lines(500, 250), [coupon("fixed", 10_000)], "USD")
    assert found == (500, 250)


def test_percent_is_rounded_once_per_line() -> None:
    assert discounts_for(lines(14400, 6000, 5), [coupon("percent", 1000)], "USD") == (1440, 600, 1)
    assert discounts_for(lines(99, 99, 99), [coupon("percent", 3333)], "USD") == (33, 33, 33)


def test_percent_goes_before_fixed_whatever_the_order_typed() -> None:
    percent, fixed = coupon("percent", 5000), coupon("fixed", 100)
    assert discounts_for(lines(1000), [fixed, percent], "USD") == (600,)
    assert discounts_for(lines(1000), [percent, fixed], "USD") == (600,)


def test_the_scope_is_exact() -> None:  # A28
    cart = [*lines(1000), *lines(1000, slug="domain")]
    assert discounts_for(cart, [coupon("percent", 10_000, "starter")], "USD") == (1000, 0)
    assert discounts_for(cart, [coupon("fixed", 5000, "starter")], "USD") == (1000, 0)
    assert discounts_for(cart, [coupon("fixed", 5000, "other")], "USD") == (0, 0)


def test_another_currency_takes_nothing() -> None:
    assert discounts_for(lines(1000), [coupon("fixed", 500, currency="EUR")], "USD") == (0,)


def test_free_lines_and_empty_carts_bear_nothing() -> None:
    assert discounts_for(lines(0, 0), [coupon("fixed", 500), coupon("percent", 10_000)], "USD") == (0, 0)
    assert discounts_for([], [coupon("fixed", 500)], "USD") == ()


def test_what_no_coupon_should_hold_takes_nothing() -> None:
    odd = [coupon("percent", -5), coupon("fixed", -5), coupon("gift", 500)]
    assert discounts_for(lines(1000), odd, "USD") == (0,)
    assert discounts_for(lines(1000), [coupon("percent", 20_000)], "USD") == (1000,)


coupons = st.lists(
    st.builds(
        coupon,
        st.sampled_from(("percent", "fixed")),
        st.integers(0, 20_000),
        st.sampled_from(SLUGS),
        currency=st.sampled_from(("USD", "EUR")),
    ),
    max_size=5,
)
carts = st.lists(
    st.builds(DiscountableLine, slug=st.sampled_from(SLUGS), gross_minor=st.integers(0, 10**7)), max_size=12
)


@given(carts, coupons)
def test_nothing_goes_below_zero_nor_above_the_price(
    cart: list[DiscountableLine], many: list[CouponView]
) -> None:  # A28
    found = discounts_for(cart, many, "USD")
    assert len(found) == len(cart)
    for line, discount in zip(cart, found, strict=True):
        assert 0 <= discount <= line.gross_minor
        assert discount == 0 or any(one.covers(line.slug) for one in many)


@given(carts, st.integers(0, 10**8))
def test_a_fixed_amount_is_given_in_full_or_as_far_as_it_goes(
    cart: list[DiscountableLine], value: int
) -> None:
    total = sum(line.gross_minor for line in cart)
    found = discounts_for(cart, [coupon("fixed", value)], "USD")
    assert sum(found) == min(value, total)
    for line, discount in zip(cart, found, strict=True):
        if total:
            assert abs(discount - Fraction(min(value, total) * line.gross_minor, total)) < 1


def test_why_a_coupon_does_nothing() -> None:
    assert coupon_misses(coupon("percent", 10, "domain"), ["starter"], "USD").startswith(
        "SAVE does not cover"
    )
    assert "EUR only" in coupon_misses(coupon("fixed", 10, currency="EUR"), ["starter"], "USD")
    assert coupon_misses(coupon("percent", 10), ["starter"], "USD") == ""


@pytest.mark.parametrize("code", ["SAVE", "WELCOME10"])
def test_the_sentence_names_the_code(code: str) -> None:
    assert code in coupon_misses(coupon("percent", 1, "x", code=code), ["y"], "USD")
