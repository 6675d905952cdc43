"""A wallet where the buyer approves on the provider's own page. Test mode: no money moves.

The browser's return proves nothing: core asks ``complete`` afterwards, and a notice may come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotificationRejected, NotSent
from core.plugin_api.gateway import (
    Gateway,
    GatewayKind,
    GatewaySpec,
    LooksUp,
    Notifies,
    Redirects,
    Refunds,
)
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.values import (
    LookupRequest,
    Notification,
    PaymentEvent,
    PaymentOutcome,
    RedirectInstruction,
    RedirectRequest,
    RefundRequest,
    Status,
)
from core.plugin_api.words import mark
from plugins.gateways.sandbox_wallet import notices
from plugins.gateways.sandbox_wallet.client import KeyReused, Reply, SandboxClient
from plugins.gateways.sandbox_wallet.mapping import declined, instruction, payment_outcome, refund_outcome

PAYMENTS = ("v1", "wallet", "payments")


class WalletConfig(PluginConfig):
    """Where the sandbox is, and its key."""

    url: str = Field(
        title="Address of the sandbox",
        description="The buyer's browser is sent there, so it must reach it too.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    secret_key: SecretStr = Field(title="Secret key", description="For calls from this server.")
    webhook_secret: SecretStr | None = Field(
        default=None,
        title="Webhook secret",
        description="Signs the sandbox's notices. Without it they are refused, and payments are looked up.",
    )


class SandboxWallet(Gateway[WalletConfig], Redirects, LooksUp, Refunds, Notifies):
    """One payment of the wallet per attempt of ours, found again by our key."""

    def __init__(self, ctx: PluginContext[WalletConfig]) -> None:
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

    def begin(self, request: RedirectRequest) -> RedirectInstruction:
        body = {
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "reference": request.invoice_number,
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
        }
        key = request.idempotency_key
        try:
            reply = self._api.post(*PAYMENTS, body=body, key=key)
        except KeyReused:  # begun before, when the shop had another address
            known = self._find(LookupRequest(idempotency_key=key, reference=None, amount=request.amount))
            if known is None:
                raise
            reply = known
        if not reply.ok:
            raise NotSent(f"the sandbox said {reply.error}")
        return instruction(reply.body, origin=self._origin, asked=request.amount, key=key)

    def complete(self, request: LookupRequest) -> PaymentOutcome:
        """Capture what was approved; anything else stays as it is."""
        record = self._find(request)
        if record is None:
            return PaymentOutcome(status=Status.NOT_SENT)
        if not record.ok or record.body.text("status") != "approved":
            return _read(record)
        if record.body.money() != request.amount:
            return PaymentOutcome(
                status=Status.UNKNOWN,
                reference=record.body.text("id"),
                staff_note="another amount was approved",
            )
        key = f"{request.idempotency_key}-capture"
        return _read(self._api.post(*PAYMENTS, record.body.text("id"), "capture", body={}, key=key))

    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        record = self._find(request)
        return PaymentOutcome(status=Status.NOT_SENT) if record is None else _read(record)

    def refund(self, request: RefundRequest) -> PaymentOutcome:
        body = {"amount": request.amount.minor, "currency": request.amount.currency}
        reply = self._api.post(*PAYMENTS, request.reference, "refund", body=body, key=request.idempotency_key)
        return refund_outcome(reply.body, request.amount) if reply.ok else declined(reply.error)

    def parse_notification(self, notification: Notification) -> Sequence[PaymentEvent]:
        secret = self.ctx.config.webhook_secret
        if secret is None:
            raise NotificationRejected("no webhook secret is set")
        notices.verify(notification, secret.get_secret_value())
        return notices.events(notification.body)

    def _find(self, request: LookupRequest) -> Reply | None:
        """By the sandbox's id where we have it, else by our key."""
        if request.reference:
            return self._api.get(*PAYMENTS, request.reference)
        reply = self._api.get(*PAYMENTS, key=request.idempotency_key)
        if not reply.ok:
            return reply
        found = [one for one in reply.body.objects("data") if one.text("key") == request.idempotency_key]
        if len(found) > 1:
            raise NoAnswer("the sandbox has two payments under one key")
        return Reply(reply.status, found[0]) if found else None


def _read(reply: Reply) -> PaymentOutcome:
    if reply.ok:
        return payment_outcome(reply.body)
    return PaymentOutcome(status=Status.UNKNOWN, staff_note=f"the sandbox said {reply.error}")


@hookimpl
def register_gateways() -> Iterable[GatewaySpec]:
    return [
        GatewaySpec(
            id="sandbox_wallet",
            name="Sandbox Wallet",
            kind=GatewayKind.REDIRECT,
            config=WalletConfig,
            implementation=SandboxWallet,
            hosts=None,
            host_settings=("url",),
            mode=Mode.TEST,
            starts=mark("Starts at once"),
            note=mark(
                "Nothing to fill in here. After you place the order we send you to Sandbox Wallet to approve "
                "the amount, and you come straight back. If you close that page, your order is kept and you "
                "can pay another way."
            ),
            icon="wallet",
        )
    ]
