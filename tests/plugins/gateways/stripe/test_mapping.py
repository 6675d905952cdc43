"""The pure parts: encoding, amounts, answers, decline words."""

from __future__ import annotations

import json

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from core.plugin_api.context import Mode
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_api.values import DeclineCode, Money, Status
from plugins.gateways.stripe.amounts import NotPayable, from_stripe, to_stripe
from plugins.gateways.stripe.client import API_VERSION, Refusal, read_answer
from plugins.gateways.stripe.encoding import Form, pairs
from plugins.gateways.stripe.mapping import decline_code, intent_outcome, refund_outcome
from plugins.gateways.stripe.plugin import StripeConfig, register_gateways
from plugins.gateways.stripe.values import Intent, Refund


def test_the_version_is_the_one_of_the_sdk_that_judges_the_requests() -> None:
    assert stripe.api_version == API_VERSION


def test_a_form_is_flattened_as_stripe_wants_it() -> None:
    form: Form = {"a": 1, "b": {"c": [True, "x"], "d": None}, "e": "", "f": False}
    assert pairs(form) == [("a", "1"), ("b[c][0]", "true"), ("b[c][1]", "x"), ("e", ""), ("f", "false")]


@pytest.mark.parametrize(
    ("minor", "currency", "wire"),
    [
        (1999, "USD", 1999), (500, "JPY", 500), (5, "ISK", 500), (5, "UGX", 500), (1050, "HUF", 1050),
        (1050, "TWD", 1050), (5120, "KWD", 5120), (300, "MGA", 3), (7, "CLP", 7), (0, "USD", 0),
    ],
)  # fmt: skip
def test_amounts_go_out_and_come_back(minor: int, currency: str, wire: int) -> None:
    assert to_stripe(Money(minor, currency)) == wire
    assert from_stripe(wire, currency.lower()) == Money(minor, currency)


@pytest.mark.parametrize(("minor", "currency"), [(5124, "KWD"), (350, "MGA"), (1, "TND")])
def test_an_amount_is_never_rounded(minor: int, currency: str) -> None:
    with pytest.raises(NotPayable):
        to_stripe(Money(minor, currency))


@given(
    st.integers(0, 10**11), st.sampled_from(["USD", "JPY", "ISK", "UGX", "HUF", "TWD", "KWD", "MGA", "EUR"])
)
def test_what_can_go_out_comes_back_the_same(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    try:
        wire = to_stripe(amount)
    except NotPayable:
        return
    assert from_stripe(wire, currency) == amount


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (500, {}, NoAnswer), (503, {}, NoAnswer), (302, {}, NoAnswer), (409, {}, NoAnswer),
        (400, {"type": "idempotency_error"}, NoAnswer), (429, {}, NotSent), (401, {}, Misconfigured),
        (403, {}, Misconfigured), (400, {"type": "invalid_request_error"}, Refusal), (402, {}, Refusal),
        (404, {}, Refusal),
    ],
)  # fmt: skip
def test_an_answer_says_whether_anything_was_done(
    status: int, error: dict[str, str], raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        read_answer(status, json.dumps({"error": error}).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b"\xff\xfe"])
def test_garbage_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(200, body)


@pytest.mark.parametrize("data", [{}, {"id": "pi_1"}, {"id": 1, "status": "succeeded"}])
def test_an_object_that_is_no_payment_is_no_answer(data: dict[str, object]) -> None:
    with pytest.raises(NoAnswer):
        Intent.read(data)
    with pytest.raises(NoAnswer):
        Refund.read(data)


@pytest.mark.parametrize(
    "word", ["fraudulent", "lost_card", "stolen_card", "merchant_blacklist", "unheard_of"]
)
def test_suspicion_is_not_told_to_the_customer(word: str) -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": word}
    assert decline_code(error) is DeclineCode.CARD_DECLINED


def test_the_exact_reason_goes_before_the_broad_one() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
    assert decline_code(error) is DeclineCode.INSUFFICIENT_FUNDS
    assert decline_code({"type": "invalid_request_error"}) is DeclineCode.PROCESSING_ERROR


def intent(status: str, **more: object) -> Intent:
    data = {
        "id": "pi_1", "status": status, "amount": 1000, "amount_received": 0, "currency": "usd",
        "created": 1700000000, "client_secret": "pi_1_secret_x", "metadata": {"key": "k", "present": "yes"},
        **more,
    }  # fmt: skip
    return Intent.read(data)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("succeeded", Status.SUCCEEDED), ("processing", Status.PENDING), ("requires_action", Status.PENDING),
        ("requires_payment_method", Status.DECLINED), ("canceled", Status.DECLINED),
        ("requires_capture", Status.UNKNOWN), ("requires_confirmation", Status.UNKNOWN),
        ("new", Status.UNKNOWN),
    ],
)  # fmt: skip
def test_every_state_of_a_payment_has_a_word(status: str, expected: Status) -> None:
    outcome = intent_outcome(intent(status), "pk_test_1")
    assert outcome.status is expected
    assert (outcome.action is not None) == (status == "requires_action")


def test_what_was_received_is_what_is_told() -> None:
    outcome = intent_outcome(intent("succeeded", amount_received=900), "pk_test_1")
    assert outcome.amount == Money(900, "USD")  # core sees that it is not what was asked


@pytest.mark.parametrize(
    ("reason", "present", "code"),
    [
        ("abandoned", "yes", DeclineCode.EXPIRED),
        ("abandoned", "no", DeclineCode.AUTHENTICATION_REQUIRED),
        ("requested_by_customer", "yes", DeclineCode.CANCELLED_BY_BUYER),
    ],
)
def test_a_cancelled_payment_says_why(reason: str, present: str, code: DeclineCode) -> None:
    found = intent("canceled", cancellation_reason=reason, metadata={"present": present})
    assert intent_outcome(found, "pk_test_1").code is code


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("succeeded", Status.SUCCEEDED), ("pending", Status.PENDING), ("requires_action", Status.PENDING),
        ("failed", Status.DECLINED), ("canceled", Status.DECLINED),
    ],
)  # fmt: skip
def test_every_state_of_a_refund_has_a_word(status: str, expected: Status) -> None:
    data = {
        "id": "re_1",
        "status": status,
        "amount": 500,
        "currency": "usd",
        "failure_reason": "expired_or_canceled_card",
    }
    assert refund_outcome(Refund.read(data)).status is expected


def test_the_key_decides_the_mode() -> None:
    config = {"secret_key": "sk_test_1", "publishable_key": "pk_test_1"}
    assert StripeConfig.model_validate(config).mode is Mode.TEST
    assert StripeConfig.model_validate({**config, "secret_key": "rk_live_1"}).mode is Mode.LIVE


def test_every_setting_has_a_title_and_a_help() -> None:
    [spec] = register_gateways()
    assert [
        name for name, field in spec.config.model_fields.items() if not (field.title and field.description)
    ] == []
