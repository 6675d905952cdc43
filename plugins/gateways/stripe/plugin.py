"""Cards through Stripe: saved by the vendor's own form, charged with and without the customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_api.forms import BrowserScript, BrowserSetup, FieldKind, FormField
from core.plugin_api.gateway import (
    Charges,
    Collects,
    Gateway,
    GatewayKind,
    GatewaySpec,
    LooksUp,
    Notifies,
    Refunds,
    Stores,
)
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.values import (
    ChargeRequest,
    LookupRequest,
    Notification,
    PaymentEvent,
    PaymentOutcome,
    PaymentSource,
    RefundRequest,
    StoredMethod,
)
from core.plugin_api.words import mark
from plugins.gateways.stripe import cards
from plugins.gateways.stripe.client import API_VERSION, Refusal, StripeClient
from plugins.gateways.stripe.payments import Payments
from plugins.gateways.stripe.values import rows
from plugins.gateways.stripe.webhooks import StripeEvent, read_event, verify

# Events about a payment or a refund; what they say is asked again, so the others need no list.
EVENTS = frozenset(
    {
        "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing",
        "payment_intent.requires_action", "payment_intent.canceled",
        "refund.created", "refund.updated", "refund.failed", "charge.refund.updated",
    }
)  # fmt: skip

# Source of the origins: docs.stripe.com/security/guide, "Content security policy".
SCRIPT = BrowserScript(
    module="stripe.js",
    vendor_scripts=("https://js.stripe.com/v3/",),
    origins=(
        "https://js.stripe.com",
        "https://*.js.stripe.com",
        "https://api.stripe.com",
        "https://hooks.stripe.com",
        "https://m.stripe.network",
    ),
)
FIELDS = (
    FormField(name="name_on_card", label=mark("Name on card"), autocomplete="cc-name", maxlength=100),
    FormField(name="card", label=mark("Card number, expiry date and security code"), kind=FieldKind.MOUNT),
)


class StripeConfig(PluginConfig):
    """One Stripe account."""

    secret_key: SecretStr = Field(
        title="Secret key",
        description="Starts with sk_ or rk_. A restricted key needs to write payment intents, setup intents, "
        "customers, payment methods and refunds.",
    )
    publishable_key: str = Field(
        title="Publishable key",
        description="Starts with pk_. It stands in the checkout page.",
        pattern=r"^pk_[A-Za-z0-9_]+$",
    )
    webhook_secrets: SecretStr = Field(
        default=SecretStr(""),
        title="Webhook signing secrets",
        description="Start with whsec_. While you rotate them: the new and the old one, a space between.",
    )
    api_base: str = Field(
        default="https://api.stripe.com",
        title="Address of the API",
        description="Change it only to test against a pretend Stripe.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )

    @property
    def mode(self) -> Mode:
        """The key decides: with a test key every screen says so."""
        return key_mode(self.secret_key.get_secret_value())


class StripeGateway(Gateway[StripeConfig], Collects, Charges, Refunds, LooksUp, Notifies, Stores):
    """A stored card is ``<customer>/<payment method>`` at Stripe."""

    def __init__(self, ctx: PluginContext[StripeConfig]) -> None:
        super().__init__(ctx)
        config = ctx.config
        self._api = StripeClient(ctx.http, config.api_base, config.secret_key.get_secret_value())
        self._payments = Payments(self._api, config.publishable_key, ctx.clock)

    def check(self) -> HealthReport:
        """Read one payment: that needs the right key and moves nothing."""
        config = self.ctx.config
        if config.mode is not key_mode(config.publishable_key):
            return HealthReport(False, "One of the two keys is for tests, the other one is live.")
        try:
            rows(self._api.get("payment_intents", {"limit": 1}))
        except (Misconfigured, NotSent, NoAnswer, Refusal) as error:
            return HealthReport(False, f"Asked for one payment: {error}")
        hooks = "" if self._secrets() else " No webhook secret is set: notices of Stripe are refused."
        return HealthReport(True, f"Stripe answered ({config.mode} keys, API {API_VERSION}).{hooks}")

    def browser(self) -> BrowserSetup:
        """Asks Stripe for leave to save one card (a SetupIntent)."""
        secret = cards.new_setup(self._api)
        data = {"publishable_key": self.ctx.config.publishable_key, "client_secret": secret}
        return BrowserSetup(data=data, script=SCRIPT)

    def collect(self, form: Mapping[str, str]) -> PaymentSource:
        return cards.collect(self._api, form)

    def forget(self, method: StoredMethod) -> None:
        cards.forget(self._api, method)

    def charge(self, request: ChargeRequest) -> PaymentOutcome:
        return self._payments.charge(request)

    def refund(self, request: RefundRequest) -> PaymentOutcome:
        return self._payments.refund(request)

    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        return self._payments.lookup(request)

    def parse_notification(self, notification: Notification) -> Sequence[PaymentEvent]:
        """Verify, then ask Stripe how the payment stands now: a payload may be old or out of order.

        A payment without our key in its metadata belongs to other software on the same account and gives
        no event.
        """
        verify(notification, self._secrets())
        event = read_event(notification.body)
        if event.type not in EVENTS:
            return ()
        found = self._payments.by_event(event.object_id)
        return () if found is None else (_payment_event(event, *found),)

    def _secrets(self) -> list[str]:
        return self.ctx.config.webhook_secrets.get_secret_value().split()


def _payment_event(event: StripeEvent, key: str, outcome: PaymentOutcome) -> PaymentEvent:
    return PaymentEvent(event_id=event.id, outcome=outcome, occurred_at=event.created, idempotency_key=key)


def key_mode(key: str) -> Mode:
    """``sk_test_...`` is for tests, ``pk_live_...`` is live."""
    return Mode.TEST if key.split("_")[1:2] == ["test"] else Mode.LIVE


@hookimpl
def register_gateways() -> Iterable[GatewaySpec]:
    return [
        GatewaySpec(
            id="stripe",
            name=mark("Card"),
            kind=GatewayKind.CARD,
            config=StripeConfig,
            implementation=StripeGateway,
            hosts=None,
            host_settings=("api_base",),
            fields=FIELDS,
            marks=("Visa", "Mastercard", "American Express", "Discover"),
        )
    ]
