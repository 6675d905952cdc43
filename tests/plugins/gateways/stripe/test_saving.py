"""Saving a card through the vendor's own form, against localstripe."""

from __future__ import annotations

import pytest

from core.plugin_api.errors import InvalidFields, Misconfigured
from core.plugin_api.values import StoredMethod
from tests.fixtures.localstripe import PUBLISHABLE_KEY
from tests.plugins.gateways.stripe.conftest import Bench

pytestmark = pytest.mark.peer


def test_the_page_gets_a_setup_intent_and_no_secret_key(bench: Bench) -> None:
    setup = bench.gateway().browser()
    assert setup.data["publishable_key"] == PUBLISHABLE_KEY
    assert setup.data["client_secret"].startswith("seti_")
    assert not [value for value in setup.data.values() if value.startswith(("sk_", "whsec_"))]
    assert setup.script is not None
    assert setup.script.vendor_scripts == ("https://js.stripe.com/v3/",)


def test_a_saved_card_is_two_ids_and_what_may_be_shown(bench: Bench) -> None:
    card = bench.card()
    assert (card.brand, card.last4, card.expires) == ("Visa", "4242", (2034, 12))
    assert card.holder == "Ada Lovelace"
    customer, method = card.token.split("/")
    assert bench.stripe.call("GET", f"payment_methods/{method}")["customer"] == customer
    assert "4242424242424242" not in repr(card)
    assert card.token not in repr(card)


def test_collecting_twice_makes_one_customer(bench: Bench) -> None:
    gateway = bench.gateway()
    secret = gateway.browser().data["client_secret"]
    bench.stripe.save_card(secret, "4242424242424242")
    first = gateway.collect({"payment_token": secret, "name_on_card": "Ada"})
    again = gateway.collect({"payment_token": secret, "name_on_card": "Ada"})
    assert first == again
    assert len(bench.stripe.call("GET", "customers")["data"]) == 1


def test_a_card_that_wants_authentication_is_saved_once_it_was_given(bench: Bench) -> None:
    gateway = bench.gateway()
    secret = gateway.browser().data["client_secret"]
    assert bench.stripe.save_card(secret, "4000002500003155")["status"] == "requires_action"
    with pytest.raises(InvalidFields) as refused:
        gateway.collect({"payment_token": secret, "name_on_card": "Ada"})
    assert "card" in refused.value.messages
    bench.stripe.pass_setup_challenge(secret)
    assert isinstance(gateway.collect({"payment_token": secret, "name_on_card": "Ada"}), StoredMethod)


@pytest.mark.parametrize(
    "token",
    ["", "tok_visa", "seti_1_secret_2", "../../v1/customers", "seti_1/../x_secret_2", "4242424242424242"],
)
def test_a_made_up_token_is_refused_beside_the_field(bench: Bench, token: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        bench.gateway().collect({"payment_token": token, "name_on_card": "Ada"})
    assert list(refused.value.messages) == ["card"]


def test_a_card_is_only_kept_for_later_when_the_buyer_says_so(bench: Bench) -> None:
    gateway = bench.gateway()
    secret = gateway.browser().data["client_secret"]
    bench.stripe.save_card(secret, "4242424242424242")
    form = {"payment_token": secret, "name_on_card": "Ada"}
    once, kept = gateway.collect(form), gateway.collect({**form, "keep_card": "1"})
    assert isinstance(once, StoredMethod)
    assert isinstance(kept, StoredMethod)
    assert (once.reusable, kept.reusable) == (False, True)


def test_the_id_of_somebody_elses_card_is_not_enough(bench: Bench) -> None:
    gateway = bench.gateway()
    secret = gateway.browser().data["client_secret"]
    bench.stripe.save_card(secret, "4242424242424242")
    forged = secret.partition("_secret_")[0] + "_secret_guessed"
    with pytest.raises(InvalidFields):
        gateway.collect({"payment_token": forged, "name_on_card": "Ada"})
    assert bench.stripe.call("GET", "customers")["data"] == []


def test_forgetting_detaches_and_may_be_repeated(bench: Bench) -> None:
    card = bench.card()
    gateway = bench.gateway()
    for _ in range(2):
        gateway.forget(card)
    assert bench.stripe.call("GET", f"payment_methods/{card.token.split('/')[1]}")["customer"] is None
    gateway.forget(StoredMethod(token="cus_gone/pm_gone", brand="Visa", last4="0000"))


def test_a_token_of_another_gateway_is_not_sent_anywhere(bench: Bench) -> None:
    with pytest.raises(Misconfigured):
        bench.gateway().forget(StoredMethod(token="sandbox-1", brand="Visa", last4="0000"))
    assert bench.contract.seen == []
