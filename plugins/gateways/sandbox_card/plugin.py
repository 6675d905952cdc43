"""Cards through the sandbox's processor. Test mode: no money moves.

The card number goes from the buyer's browser to the sandbox; we see a token, the brand, the last four
digits and the expiry date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import InvalidFields, Misconfigured, NoAnswer, NotificationRejected, NotSent
from core.plugin_api.forms import BrowserScript, BrowserSetup
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
from core.plugin_api.theme import SlotFragment
from core.plugin_api.values import (
    ChargeRequest,
    LookupRequest,
    Notification,
    PaymentEvent,
    PaymentOutcome,
    PaymentSource,
    RefundRequest,
    Status,
    StoredMethod,
)
from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark
from plugins.gateways.sandbox_card import notices
from plugins.gateways.sandbox_card.client import SandboxClient
from plugins.gateways.sandbox_card.fields import AUTOMATIC, FIELDS, CardForm, read
from plugins.gateways.sandbox_card.mapping import charge_outcome, checked, declined, refund_outcome
from plugins.gateways.sandbox_card.sentences import OTHER_BRAND, for_the_page

AGAIN = mark("Enter the card number again.")


class CardConfig(PluginConfig):
    """Where the sandbox is, and its keys."""

    url: str = Field(
        title="Address of the sandbox",
        description="The buyer's browser must reach it too, as in http://127.0.0.1:8900.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    secret_key: SecretStr = Field(title="Secret key", description="For calls from this server.")
    public_key: str = Field(
        title="Public key",
        description="Stands in the checkout page, for the card form.",
        pattern=r"^[A-Za-z0-9_-]{4,100}$",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        title="Webhook secret",
        description="Signs the sandbox's notices. Without it they are refused, and payments are looked up.",
    )


class SandboxCard(Gateway[CardConfig], Collects, Charges, Refunds, LooksUp, Notifies, Stores):
    """A stored card is the sandbox's token."""

    def __init__(self, ctx: PluginContext[CardConfig]) -> None:
        super().__init__(ctx)
        self._origin = ctx.config.url.rstrip("/")
        self._api = SandboxClient(ctx.http, self._origin, ctx.config.secret_key.get_secret_value())

    def check(self) -> HealthReport:
        try:
            reply = self._api.get("v1", "account")
            said = reply.body.text("name") if reply.ok else reply.error
        except (NotSent, NoAnswer, Misconfigured) as error:
            return HealthReport(ok=False, detail=f"Asked who we are: {error}")
        return HealthReport(ok=reply.ok, detail=f"Asked who we are: {said}, test mode.")

    def browser(self) -> BrowserSetup:
        script = BrowserScript(module="sandbox_card.js", origins=(self._origin,))
        data = {"tokenizer": f"{self._origin}/tokenizer.js", "public_key": self.ctx.config.public_key}
        return BrowserSetup(data=data | for_the_page(self.ctx.clock.now().year), script=script)

    def collect(self, form: Mapping[str, str]) -> PaymentSource:
        """The card behind the token, as the sandbox knows it: what the form claims is only compared."""
        typed = read(form, self.ctx.clock.now().date())
        token = form.get("payment_token", "").strip()
        if not token:
            raise InvalidFields(
                {"number": _("Enter the card number. This needs JavaScript in your browser.")}
            )
        reply = self._api.get("v1", "tokens", token)
        if not reply.ok:
            raise InvalidFields({"number": _(AGAIN)})
        card = reply.body
        if card.text("token") != token:
            raise NoAnswer("the sandbox answered with another card")
        _compare(typed, card.text("brand"), (card.whole("expiry_year"), card.whole("expiry_month")))
        return StoredMethod(
            token=token,
            brand=card.text("brand"),
            last4=card.text("last4"),
            expires=(card.whole("expiry_year"), card.whole("expiry_month")),
            holder=typed.holder,
            issue_number=typed.issue_number,
            start_date=typed.start_date,
            reusable=typed.keep,
        )

    def charge(self, request: ChargeRequest) -> PaymentOutcome:
        if not isinstance(request.source, StoredMethod):
            raise NotSent("this gateway charges cards only")
        body = {
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "token": request.source.token,
            "reference": request.invoice_number,
            "customer_present": request.customer_present,
        }
        reply = self._api.post("v1", "charges", body=body, key=request.idempotency_key)
        if not reply.ok:
            return declined(reply.error)
        if reply.body.text("key") != request.idempotency_key:
            raise NoAnswer("the sandbox answered about another charge")
        return checked(charge_outcome(reply.body), request.amount)

    def refund(self, request: RefundRequest) -> PaymentOutcome:
        body = {"amount": request.amount.minor, "currency": request.amount.currency}
        reply = self._api.post(
            "v1", "charges", request.reference, "refund", body=body, key=request.idempotency_key
        )
        return refund_outcome(reply.body, request.amount) if reply.ok else declined(reply.error)

    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        """By the sandbox's id where we have it, else by our key."""
        if request.reference:
            reply = self._api.get("v1", "charges", request.reference)
            return charge_outcome(reply.body) if reply.ok else _unknown(reply.error)
        reply = self._api.get("v1", "charges", key=request.idempotency_key)
        if not reply.ok:
            return _unknown(reply.error)
        found = [one for one in reply.body.objects("data") if one.text("key") == request.idempotency_key]
        if len(found) > 1:
            raise NoAnswer("the sandbox has two charges under one key")
        return charge_outcome(found[0]) if found else PaymentOutcome(status=Status.NOT_SENT)

    def parse_notification(self, notification: Notification) -> Sequence[PaymentEvent]:
        secret = self.ctx.config.webhook_secret
        if secret is None:
            raise NotificationRejected("no webhook secret is set")
        notices.verify(notification, secret.get_secret_value())
        return notices.events(notification.body)

    def forget(self, method: StoredMethod) -> None:
        reply = self._api.delete("v1", "tokens", method.token)
        if not reply.ok and reply.status != 404:
            raise NoAnswer(f"the sandbox said {reply.error}")
        if reply.ok and not reply.body.flag("deleted"):
            raise NoAnswer("the sandbox does not say that the card is gone")


def _compare(typed: CardForm, brand: str, expires: tuple[int, int]) -> None:
    """Raises InvalidFields where the form and the card disagree: one of them was changed afterwards."""
    if typed.card_type not in (AUTOMATIC, brand):
        raise InvalidFields({"card_type": _(OTHER_BRAND).format(brand=brand)})
    if (typed.year, typed.month) != expires:
        raise InvalidFields({"number": _(AGAIN)})


def _unknown(code: str) -> PaymentOutcome:
    return PaymentOutcome(status=Status.UNKNOWN, staff_note=f"the sandbox said {code} to a look-up")


@hookimpl
def register_gateways() -> Iterable[GatewaySpec]:
    return [
        GatewaySpec(
            id="sandbox_card",
            name=mark("Card"),
            kind=GatewayKind.CARD,
            config=CardConfig,
            implementation=SandboxCard,
            hosts=None,
            host_settings=("url",),
            fields=FIELDS,
            mode=Mode.TEST,
            starts=mark("Starts at once"),
            icon="credit-card",
            marks=("Visa", "Mastercard", "Amex", "Discover"),
        )
    ]


@hookimpl
def register_slots() -> Iterable[SlotFragment]:
    return [
        SlotFragment(slot=slot, template="sandbox_card/pretend.html")
        for slot in ("shop.home.after_plans", "shop.order_placed.after_summary", "admin.order.side")
    ]
