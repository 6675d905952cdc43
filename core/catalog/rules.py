"""Discount arithmetic. Pure: percent before fixed, rounded once per line, never below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.catalog.values import CouponView
from core.kernel.money import round_half_up, split_minor

HUNDRED_PERCENT = 10_000  # in hundredths of a percent


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountableLine:
    """A line before discounts: ``gross_minor`` >= 0 in the cart's currency."""

    slug: str
    gross_minor: int


def discounts_for(
    lines: Sequence[DiscountableLine], coupons: Sequence[CouponView], currency: str
) -> tuple[int, ...]:
    """The discount of each line, in minor units, 0 <= discount <= gross.

    Percent coupons go first, each on what the one before left, rounded half up once per line; then the
    fixed ones, split over what is left of the lines they cover by largest remainder. A coupon that is
    larger than what it covers takes all of it and no more. Coupons of another currency take nothing.
    """
    left = [max(line.gross_minor, 0) for line in lines]
    for coupon in sorted(coupons, key=lambda one: one.kind != "percent"):
        covered = [index for index, line in enumerate(lines) if coupon.covers(line.slug)]
        parts = [left[index] for index in covered]
        for index, part in zip(covered, _taken(coupon, parts, currency), strict=True):
            left[index] -= part
    return tuple(max(line.gross_minor, 0) - rest for line, rest in zip(lines, left, strict=True))


def _taken(coupon: CouponView, parts: list[int], currency: str) -> Sequence[int]:
    if coupon.kind == "percent":
        rate = Fraction(min(max(coupon.value, 0), HUNDRED_PERCENT), HUNDRED_PERCENT)
        return [round_half_up(part * rate) for part in parts]
    if coupon.kind != "fixed" or coupon.currency != currency or sum(parts) == 0:
        return [0] * len(parts)
    return split_minor(min(max(coupon.value, 0), sum(parts)), tuple(parts))


def coupon_misses(coupon: CouponView, slugs: Sequence[str], currency: str) -> str:
    """Why a valid coupon does nothing for this cart, in the buyer's words; "" when it does."""
    if coupon.kind == "fixed" and coupon.currency != currency:
        return f"{coupon.code} holds for orders in {coupon.currency} only."
    if not any(coupon.covers(slug) for slug in slugs):
        return f"{coupon.code} does not cover anything in your cart."
    return ""
