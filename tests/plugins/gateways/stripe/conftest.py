"""The stripe gateway, built as core builds it, in front of localstripe."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from core.kernel.clock import FixedClock
from core.plugin_api.values import ChargeRequest, Money, PaymentOutcome, StoredMethod
from core.plugin_host.building import Builder
from core.plugin_host.calls import call_gateway
from core.plugin_host.http import Faults, guarded_session
from core.plugin_host.values import GatewayEntry
from plugins.gateways.stripe.plugin import StripeConfig, StripeGateway, register_gateways
from tests.fixtures.localstripe import PUBLISHABLE_KEY, SECRET_KEY, LocalStripe
from tests.plugins.gateways.stripe.contract import Contract

WEBHOOK_SECRET = "whsec_innkeeper"


class NoTransaction:
    """What core asks before it calls a plugin."""

    in_transaction = False


@dataclass
class Bench:
    """A gateway and the other side of it."""

    stripe: LocalStripe
    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime.now(UTC)))
    contract: Contract = field(default_factory=Contract)

    def gateway(self, faults: Faults | None = None, **settings: Any) -> StripeGateway:
        """Each request is judged by the types of the official SDK, unless it is broken by ``faults``."""
        values = {
            "secret_key": SECRET_KEY,
            "publishable_key": PUBLISHABLE_KEY,
            "webhook_secrets": WEBHOOK_SECRET,
            "api_base": self.stripe.url,
            **settings,
        }
        [spec] = register_gateways()
        config = StripeConfig.model_validate(values)
        entry = GatewayEntry(plugin_id="gateway.stripe", spec=spec, config=config, mode=config.mode)
        connect = partial(guarded_session, faults=faults or self.contract)
        built = Builder(clock=self.clock, connect=connect).gateway(entry)
        assert isinstance(built, StripeGateway)
        return built

    def card(self, number: str = "4242424242424242") -> StoredMethod:
        """A card saved the whole way: set-up intent, browser, collect."""
        gateway = self.gateway()
        secret = gateway.browser().data["client_secret"]
        self.stripe.save_card(secret, number)
        source = gateway.collect({"payment_token": secret, "name_on_card": "Ada Lovelace"})
        assert isinstance(source, StoredMethod)
        return source

    def loose_card(self, number: str) -> StoredMethod:
        """A card that Stripe would not attach to a customer, but that can be charged (and declined)."""
        customer = self.stripe.call("POST", "customers", {"name": "Ada"})["id"]
        form = {
            "type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2034",
            "card[cvc]": "123",
        }  # fmt: skip
        method = self.stripe.call("POST", "payment_methods", form)["id"]
        return StoredMethod(token=f"{customer}/{method}", brand="Visa", last4=number[-4:])

    def charge(
        self,
        source: StoredMethod,
        key: str = "key-1",
        minor: int = 1999,
        *,
        currency: str = "USD",
        present: bool = True,
        faults: Faults | None = None,
        **settings: Any,
    ) -> PaymentOutcome:
        """As core calls it: whatever the plugin raises becomes an outcome."""
        request = ChargeRequest(
            attempt_id=uuid4(),
            idempotency_key=key,
            amount=Money(minor, currency),
            source=source,
            invoice_number="WH-1001",
            customer_present=present,
        )
        gateway = self.gateway(faults, **settings)
        return call_gateway(lambda: gateway.charge(request), db=NoTransaction(), plugin=gateway)


@pytest.fixture
def bench(localstripe: LocalStripe) -> Bench:
    return Bench(localstripe)
