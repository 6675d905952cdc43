"""Charges, declines, 3-D Secure and look-ups, against localstripe."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import requests

from core.plugin_api.errors import NoAnswer, NotSent
from core.plugin_api.values import (
    BankAccount,
    ChargeRequest,
    DeclineCode,
    LookupRequest,
    Money,
    PaymentOutcome,
    Status,
)
from plugins.gateways.stripe import payments
from tests.plugins.gateways.stripe.conftest import Bench

pytestmark = pytest.mark.peer
PRICE = Money(1999, "USD")


class Lost:
    """The request arrives, its answer does not."""

    def before(self, request: requests.PreparedRequest) -> None:
        pass

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        raise NoAnswer("the answer was lost")


class Refused(Lost):
    """The request never leaves."""

    def before(self, request: requests.PreparedRequest) -> None:
        raise NotSent("no connection")


def look_up(bench: Bench, key: str = "key-1", reference: str | None = None) -> PaymentOutcome:
    request = LookupRequest(
        idempotency_key=key,
        reference=reference,
        amount=PRICE,
        sent_at=bench.clock.now() - timedelta(seconds=5),
    )
    return bench.gateway().lookup(request)


def test_a_card_is_charged(bench: Bench) -> None:
    outcome = bench.charge(bench.card())
    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, PRICE)
    [intent] = bench.stripe.intents()
    assert (intent["id"], intent["amount"], intent["currency"]) == (outcome.reference, 1999, "usd")
    assert intent["metadata"]["key"] == "key-1"
    assert intent["description"] == "Invoice WH-1001"


def test_a_saved_card_is_charged_without_the_customer(bench: Bench) -> None:
    card = bench.card()
    assert bench.charge(card, "key-1").status is Status.SUCCEEDED
    assert bench.charge(card, "key-2", present=False).status is Status.SUCCEEDED
    assert len(bench.stripe.intents()) == 2


def test_one_key_moves_money_once(bench: Bench) -> None:
    card = bench.card()
    request = ChargeRequest(
        attempt_id=UUID(int=1), idempotency_key="key-1", amount=PRICE, source=card,
        invoice_number="WH-1", customer_present=True,
    )  # fmt: skip
    first, again = (bench.gateway().charge(request) for _ in range(2))
    assert first == again
    assert len(bench.stripe.intents()) == 1


def test_one_key_for_two_amounts_is_not_called_a_success(bench: Bench) -> None:
    card = bench.card()
    bench.charge(card, "key-1", 1000)
    assert bench.charge(card, "key-1", 2000).status is Status.UNKNOWN
    assert [intent["amount"] for intent in bench.stripe.intents()] == [1000]


@pytest.mark.parametrize(
    ("number", "code", "provider_code"),
    [
        ("4000000000000002", DeclineCode.CARD_DECLINED, "generic_decline"),
        ("4000000000009995", DeclineCode.INSUFFICIENT_FUNDS, "insufficient_funds"),
        ("4000000000009987", DeclineCode.CARD_DECLINED, "lost_card"),
        ("4000000000009979", DeclineCode.CARD_DECLINED, "stolen_card"),
        ("4000000000000069", DeclineCode.EXPIRED_CARD, "expired_card"),
        ("4000000000000127", DeclineCode.INCORRECT_CVC, "incorrect_cvc"),
        ("4000000000000119", DeclineCode.PROCESSING_ERROR, "processing_error"),
    ],
)
def test_a_decline_says_why(bench: Bench, number: str, code: DeclineCode, provider_code: str) -> None:
    outcome = bench.charge(bench.loose_card(number))
    assert (outcome.status, outcome.code, outcome.provider_code) == (Status.DECLINED, code, provider_code)
    assert outcome.reference == bench.stripe.intents()[0]["id"]


def test_a_card_that_was_saved_can_be_declined_later(bench: Bench) -> None:
    outcome = bench.charge(bench.card("4000000000000341"), present=False)
    assert (outcome.status, outcome.code) == (Status.DECLINED, DeclineCode.CARD_DECLINED)
    assert look_up(bench, reference=outcome.reference).code is DeclineCode.CARD_DECLINED


def test_the_buyer_passes_the_challenge(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000002760003184"))
    assert outcome.status is Status.PENDING
    assert outcome.action is not None
    assert outcome.action.kind == "authenticate"
    assert look_up(bench, reference=outcome.reference).status is Status.PENDING
    bench.stripe.answer_challenge(outcome.action.data["client_secret"], success=True)
    found = look_up(bench, reference=outcome.reference)
    assert (found.status, found.amount, found.action) == (Status.SUCCEEDED, PRICE, None)


def test_the_buyer_fails_the_challenge_and_the_payment_is_closed_for_good(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000002760003184"))
    assert outcome.action is not None
    secret = outcome.action.data["client_secret"]
    bench.stripe.answer_challenge(secret, success=False)
    found = look_up(bench, reference=outcome.reference)
    assert (found.status, found.code) == (Status.DECLINED, DeclineCode.AUTHENTICATION_FAILED)
    bench.stripe.answer_challenge(secret, success=True)  # a tab left open must not pay a closed attempt
    assert look_up(bench, reference=outcome.reference).status is Status.DECLINED
    assert bench.stripe.intents()[0]["status"] == "canceled"


def test_a_challenge_can_end_in_a_decline(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000008400001629"))
    assert outcome.action is not None
    bench.stripe.answer_challenge(outcome.action.data["client_secret"], success=True)
    found = look_up(bench, reference=outcome.reference)
    assert (found.status, found.code) == (Status.DECLINED, DeclineCode.CARD_DECLINED)


def test_a_challenge_nobody_answers_expires(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000002760003184"))
    bench.clock.advance(hours=2)
    found = look_up(bench, reference=outcome.reference)
    assert (found.status, found.code) == (Status.DECLINED, DeclineCode.EXPIRED)
    assert bench.stripe.intents()[0]["status"] == "canceled"


def test_without_the_customer_nobody_is_asked_to_authenticate(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000002760003184"), present=False)
    assert (outcome.status, outcome.code) == (Status.DECLINED, DeclineCode.AUTHENTICATION_REQUIRED)


def test_a_repeated_charge_tells_how_it_stands_now(bench: Bench) -> None:
    request = ChargeRequest(
        attempt_id=UUID(int=1), idempotency_key="key-1", amount=PRICE,
        source=bench.loose_card("4000002760003184"), invoice_number="WH-1", customer_present=True,
    )  # fmt: skip
    first = bench.gateway().charge(request)
    assert first.action is not None
    bench.stripe.answer_challenge(first.action.data["client_secret"], success=True)
    assert bench.gateway().charge(request).status is Status.SUCCEEDED


def test_a_lost_answer_is_found_again_by_our_key(bench: Bench) -> None:
    card = bench.card()
    bench.charge(card, "key-0", 500)
    assert bench.charge(card, "key-1", faults=Lost()).status is Status.UNKNOWN
    bench.charge(card, "key-2", 700)
    found = look_up(bench, "key-1")
    assert (found.status, found.amount) == (Status.SUCCEEDED, PRICE)
    assert [intent["metadata"]["key"] for intent in bench.stripe.intents()] == ["key-2", "key-1", "key-0"]


def test_what_never_arrived_is_not_sent(bench: Bench) -> None:
    card = bench.card()
    assert bench.charge(card, faults=Refused()).status is Status.NOT_SENT
    assert look_up(bench).status is Status.NOT_SENT
    assert bench.stripe.intents() == []


def test_a_search_that_did_not_see_everything_does_not_say_not_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "SEARCH_PAGES", 1)
    monkeypatch.setattr("plugins.gateways.stripe.client.PAGE", 2)
    card = bench.card()
    for number in range(3):
        bench.charge(card, f"key-{number}")
    assert look_up(bench, "key-2").status is Status.SUCCEEDED
    assert look_up(bench, "key-0").status is Status.UNKNOWN


def test_a_reference_of_another_account_is_unknown_and_staff_are_told(bench: Bench) -> None:
    found = look_up(bench, reference="pi_other")
    assert found.status is Status.UNKNOWN
    assert "another account" in found.staff_note


def test_amounts_are_exact_or_refused(bench: Bench) -> None:
    card = bench.card()
    assert bench.charge(card, "yen", 500, currency="JPY").amount == Money(500, "JPY")
    assert bench.charge(card, "krona", 5, currency="ISK").amount == Money(5, "ISK")
    assert bench.charge(card, "dinar", 5120, currency="KWD").amount == Money(5120, "KWD")
    assert [intent["amount"] for intent in bench.stripe.intents()] == [5120, 500, 500]
    assert bench.charge(card, "odd dinar", 5124, currency="KWD").provider_code == "amount_not_payable"
    assert len(bench.stripe.intents()) == 3


def test_a_bank_account_is_refused_before_anything_is_sent(bench: Bench) -> None:
    account = BankAccount(
        routing_number="110000000", account_number="000123456789", account_type="checking",
        bank_name="First", bank_state="TX", holder="Ada",
    )  # fmt: skip
    request = ChargeRequest(
        attempt_id=UUID(int=1), idempotency_key="k", amount=PRICE, source=account,
        invoice_number="WH-1", customer_present=True,
    )  # fmt: skip
    assert bench.gateway().charge(request).status is Status.DECLINED
    assert bench.contract.seen == []


def test_a_wrong_key_moves_nothing_and_staff_are_told(bench: Bench) -> None:
    outcome = bench.charge(bench.card(), secret_key="rk_test_unknown")
    assert outcome.status is Status.NOT_SENT
    assert "refuses the key" in outcome.staff_note
    assert "rk_test_unknown" not in outcome.staff_note
    assert bench.stripe.intents() == []
    assert not bench.gateway(secret_key="rk_test_unknown").check().ok


def test_the_check_proves_the_key_and_says_which_mode(bench: Bench) -> None:
    assert bench.gateway().check().detail.startswith("Stripe answered (test keys")
    assert not bench.gateway(publishable_key="pk_live_1").check().ok
    assert "No webhook secret" in bench.gateway(webhook_secrets="").check().detail
