"""The judge itself: a judge that says yes to everything would prove nothing."""

from __future__ import annotations

import pytest
from stripe import params

from tests.plugins.gateways.stripe.contract import decode, judge

GOOD = [
    ("amount", "1000"),
    ("currency", "usd"),
    ("confirm", "true"),
    ("allowed_payment_method_types[0]", "card"),
]


def faults(*pairs: tuple[str, str]) -> list[str]:
    return list(judge(decode([*GOOD, *pairs]), params.PaymentIntentCreateParams, ""))


def test_a_good_request_passes() -> None:
    assert faults(("metadata[key]", "k"), ("off_session", "true")) == []


@pytest.mark.parametrize(
    "pair",
    [
        ("payment_method_types[0]", "card"),  # removed from the API in September 2026
        ("amount", "ten"),
        ("confirm", "yes"),
        ("allowed_payment_method_types[0]", "kard"),
        ("setup_future_usage", "sometimes"),
        ("automatic_payment_methods[enable]", "true"),
        ("metadata[a][b]", "c"),
    ],
)
def test_a_wrong_one_does_not(pair: tuple[str, str]) -> None:
    assert faults(pair) != []


def test_a_missing_parameter_is_seen() -> None:
    assert list(judge({"amount": "1000"}, params.PaymentIntentCreateParams, "")) == [".currency: missing"]
