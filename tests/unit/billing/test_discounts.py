"""What a group takes off a document."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.billing.discounts import group_discounts
from core.clients.groups import NO_POLICY, GroupPolicy

HOSTING, DOMAIN = UUID(int=1), UUID(int=2)
OTHERS = frozenset({UUID(int=9)})
LINES = [(HOSTING, 999), (HOSTING, 999), (DOMAIN, 3)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (NO_POLICY, (0, 0, 0)),
        (GroupPolicy(discount_kind="percent", discount_value=1000), (100, 100, 0)),  # rounded per line
        (GroupPolicy(discount_kind="percent", discount_value=10_000), (999, 999, 3)),
        (
            GroupPolicy(discount_kind="percent", discount_value=5000, product_ids=frozenset({DOMAIN})),
            (0, 0, 2),
        ),
        (GroupPolicy(discount_kind="fixed", discount_value=1000), (499, 499, 2)),
        (GroupPolicy(discount_kind="fixed", discount_value=99_999), (999, 999, 3)),  # M57: never below zero
        (GroupPolicy(discount_kind="fixed", discount_value=5, product_ids=OTHERS), (0, 0, 0)),
    ],
)  # fmt: skip
def test_group_discounts(policy: GroupPolicy, expected: tuple[int, ...]) -> None:
    assert group_discounts(policy, LINES, "USD") == expected
