"""Money back: never more than was taken, and once per key, against localstripe (which checks neither)."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.plugin_api.values import LookupRequest, Money, PaymentOutcome, RefundRequest, Status
from core.plugin_host.calls import call_gateway
from core.plugin_host.http import Faults
from tests.plugins.gateways.stripe.conftest import Bench, NoTransaction
from tests.plugins.gateways.stripe.test_charging import Lost, Refused

pytestmark = pytest.mark.peer


def give_back(
    bench: Bench, reference: str, minor: int, key: str = "back-1", currency: str = "USD",
    faults: Faults | None = None,
) -> PaymentOutcome:  # fmt: skip
    request = RefundRequest(
        refund_id=UUID(int=7), idempotency_key=key, amount=Money(minor, currency), reference=reference
    )
    gateway = bench.gateway(faults)
    return call_gateway(lambda: gateway.refund(request), db=NoTransaction(), plugin=gateway)


def returned(bench: Bench) -> int:
    """What localstripe's books say was given back."""
    return sum(refund["amount"] for refund in bench.stripe.call("GET", "refunds?limit=100")["data"])


@pytest.fixture
def paid(bench: Bench) -> str:
    """A payment of 19.99; its reference."""
    outcome = bench.charge(bench.card())
    assert outcome.reference
    return outcome.reference


def test_a_part_and_then_the_rest(bench: Bench, paid: str) -> None:
    first = give_back(bench, paid, 500, "back-1")
    assert (first.status, first.amount) == (Status.SUCCEEDED, Money(500, "USD"))
    assert first.reference is not None
    assert first.reference.startswith("re_")
    assert give_back(bench, paid, 1499, "back-2").status is Status.SUCCEEDED
    assert returned(bench) == 1999


def test_never_more_than_was_taken(bench: Bench, paid: str) -> None:
    give_back(bench, paid, 1500, "back-1")
    over = give_back(bench, paid, 500, "back-2")
    assert (over.status, over.provider_code) == (Status.DECLINED, "over_refund")
    assert "4.99 USD is left" in over.staff_note
    assert returned(bench) == 1500


def test_another_currency_is_refused(bench: Bench, paid: str) -> None:
    assert give_back(bench, paid, 5, currency="EUR").provider_code == "over_refund"
    assert returned(bench) == 0


def test_one_key_gives_back_once_even_when_stripe_has_forgotten_the_key(bench: Bench, paid: str) -> None:
    first = give_back(bench, paid, 1999)
    [refund] = bench.stripe.call("GET", "refunds")["data"]
    again = give_back(bench, paid, 1999)  # the metadata finds it: no second POST is made
    assert (first.reference, again.reference) == (refund["id"], refund["id"])
    assert bench.contract.seen.count("POST refunds") == 1


def test_a_payment_that_failed_has_nothing_to_give_back(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000000000000002"))
    assert give_back(bench, str(outcome.reference), 1).status is Status.DECLINED


def test_a_payment_that_is_not_there_is_declined(bench: Bench) -> None:
    assert give_back(bench, "pi_gone", 1).status is Status.DECLINED


def test_a_lost_answer_is_found_by_key_and_by_reference(bench: Bench, paid: str) -> None:
    assert give_back(bench, paid, 700, faults=LostPost()).status is Status.UNKNOWN
    ask = LookupRequest(idempotency_key="back-1", reference=None, amount=Money(700, "USD"))
    found = bench.gateway().lookup(ask)
    assert (found.status, found.amount) == (Status.SUCCEEDED, Money(700, "USD"))
    ask = LookupRequest(idempotency_key="back-1", reference=found.reference, amount=Money(700, "USD"))
    assert bench.gateway().lookup(ask) == found
    assert give_back(bench, paid, 700).reference == found.reference
    assert returned(bench) == 700


def test_a_refund_that_never_left_is_not_sent(bench: Bench, paid: str) -> None:
    assert give_back(bench, paid, 700, faults=Refused()).status is Status.NOT_SENT
    assert returned(bench) == 0


class LostPost(Lost):
    """Reads go well; the answer to what acts is lost."""

    def after(self, request, response):  # type: ignore[no-untyped-def]
        return super().after(request, response) if request.method == "POST" else response
