"""What a client's group takes off a document. Pure: the arithmetic is that of every discount."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.catalog.rules import DiscountableLine, discounts_for
from core.catalog.values import CouponView
from core.clients.groups import GroupPolicy
from core.kernel.ids import new_id


def group_discounts(policy: GroupPolicy, lines: Sequence[tuple[UUID, int]], currency: str) -> tuple[int, ...]:
    """The discount of each line (product, gross in minor units), as ``catalog.rules.discounts_for``.

    A percentage is rounded half up once per line; a fixed sum comes off the document, split over what
    it covers. Nothing goes below zero.
    """
    if policy.discount_kind == "none":
        return (0,) * len(lines)
    covered = {str(product) for product, _ in lines if policy.covers(product)}
    if not covered:
        return (0,) * len(lines)
    discount = CouponView(
        id=new_id(), code="", label=policy.name, kind=policy.discount_kind, value=policy.discount_value,
        currency=currency, product_slugs=tuple(covered),
    )  # fmt: skip
    asked = [DiscountableLine(slug=str(product), gross_minor=gross) for product, gross in lines]
    return discounts_for(asked, [discount], currency)
