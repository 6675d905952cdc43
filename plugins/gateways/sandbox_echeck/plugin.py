"""eChecks through the sandbox's bank. Test mode: no money moves.

A debit is pending until the bank settles it, some days later, and a settled one may still come back. The
bank's report tells both; nothing is paid before it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotificationRejected, NotSent
from core.plugin_api.forms import BrowserSetup
from core.plugin_api.gateway import (
    Charges,
    Collects,
    Gateway,
    GatewayKind,
    GatewaySpec,
    LooksUp,
    Notifies,
    Refunds,
    Settles,
)
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.values import (
    BankAccount,
    ChargeRequest,
    LookupRequest,
    Notification,
    PaymentEvent,
    PaymentOutcome,
    PaymentSource,
    RefundRequest,
    Status,
)
from core.plugin_api.words import mark
from plugins.gateways.sandbox_echeck import notices
from plugins.gateways.sandbox_echeck.client import SandboxClient
from plugins.gateways.sandbox_echeck.fields import FIELDS, read
from plugins.gateways.sandbox_echeck.mapping import (
    checked,
    declined,
    refund_outcome,
    settlement_event,
    transfer_outcome,
)


class ECheckConfig(PluginConfig):
    """Where the sandbox is, and its key."""

    url: str = Field(
        title="Address of the sandbox",
        description="As in http://127.0.0.1:8900.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    secret_key: SecretStr = Field(title="Secret key", description="For calls from this server.")
    webhook_secret: SecretStr | None = Field(
        default=None,
        title="Webhook secret",
        description="Signs the sandbox's notices. Without it they are refused, and the report is read.",
    )


class SandboxECheck(Gateway[ECheckConfig], Collects, Charges, Refunds, LooksUp, Settles, Notifies):
    """The bank keeps no account for us: each debit carries the numbers, and they are never logged."""

    def __init__(self, ctx: PluginContext[ECheckConfig]) -> None:
        super().__init__(ctx)
        self._api = SandboxClient(ctx.http, ctx.config.url, ctx.config.secret_key.get_secret_value())

    def check(self) -> HealthReport:
        try:
            reply = self._api.get("v1", "account")
            said = reply.body.text("name") if reply.ok else reply.error
        except (NotSent, NoAnswer, Misconfigured) as error:
            return HealthReport(ok=False, detail=f"Asked who we are: {error}")
        return HealthReport(ok=reply.ok, detail=f"Asked who we are: {said}, test mode.")

    def browser(self) -> BrowserSetup:
        return BrowserSetup()  # plain fields, no script

    def collect(self, form: Mapping[str, str]) -> PaymentSource:
        return read(form, self.ctx.clock.now())

    def charge(self, request: ChargeRequest) -> PaymentOutcome:
        source = request.source
        if not isinstance(source, BankAccount):
            raise NotSent("this gateway debits bank accounts only")
        body = {
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "routing_number": source.routing_number,
            "account_number": source.account_number,
            "account_type": source.account_type,
            "holder": source.holder,
            "reference": request.invoice_number,
        }
        reply = self._api.post("v1", "transfers", body=body, key=request.idempotency_key)
        if not reply.ok:
            return declined(reply.error)
        if reply.body.text("key") != request.idempotency_key:
            raise NoAnswer("the sandbox answered about another transfer")
        return checked(transfer_outcome(reply.body), request.amount)

    def refund(self, request: RefundRequest) -> PaymentOutcome:
        body = {"amount": request.amount.minor, "currency": request.amount.currency}
        reply = self._api.post(
            "v1", "transfers", request.reference, "refund", body=body, key=request.idempotency_key
        )
        return refund_outcome(reply.body, request.amount) if reply.ok else declined(reply.error)

    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        """By the bank's id where we have it, else by our key."""
        if request.reference:
            reply = self._api.get("v1", "transfers", request.reference)
            return transfer_outcome(reply.body) if reply.ok else _unknown(reply.error)
        reply = self._api.get("v1", "transfers", key=request.idempotency_key)
        if not reply.ok:
            return _unknown(reply.error)
        found = [one for one in reply.body.objects("data") if one.text("key") == request.idempotency_key]
        if len(found) > 1:
            raise NoAnswer("the sandbox has two transfers under one key")
        return transfer_outcome(found[0]) if found else PaymentOutcome(status=Status.NOT_SENT)

    def settlements(self, since: datetime) -> Iterable[PaymentEvent]:
        reply = self._api.get("v1", "transfers", "settlements", since=since.isoformat())
        if not reply.ok:
            raise NoAnswer(f"the sandbox said {reply.error}")
        return [settlement_event(record) for record in reply.body.objects("data")]

    def parse_notification(self, notification: Notification) -> Sequence[PaymentEvent]:
        secret = self.ctx.config.webhook_secret
        if secret is None:
            raise NotificationRejected("no webhook secret is set")
        notices.verify(notification, secret.get_secret_value())
        return notices.events(notification.body)


def _unknown(code: str) -> PaymentOutcome:
    return PaymentOutcome(status=Status.UNKNOWN, staff_note=f"the sandbox said {code} to a look-up")


@hookimpl
def register_gateways() -> Iterable[GatewaySpec]:
    return [
        GatewaySpec(
            id="sandbox_echeck",
            name=mark("eCheck from a US bank account"),
            kind=GatewayKind.ECHECK,
            config=ECheckConfig,
            implementation=SandboxECheck,
            currencies=frozenset({"USD"}),
            hosts=None,
            host_settings=("url",),
            fields=FIELDS,
            mode=Mode.TEST,
            starts=mark("Starts when the bank confirms, 3 to 5 business days"),
            icon="building-bank",
        )
    ]
