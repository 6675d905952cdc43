"""Payments that staff record by hand: bank transfers, checks, cash. No money moves through here."""

from __future__ import annotations

from collections.abc import Iterable

from core.plugin_api.context import Field, HealthReport, PluginConfig
from core.plugin_api.gateway import Gateway, GatewayKind, GatewaySpec, TakesManualPayments
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.values import Instructions, Money
from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark


class ManualConfig(PluginConfig):
    """What the buyer has to know in order to pay."""

    payable_to: str = Field(
        title="Make payments to",
        description="Name and address, or the bank account, as the buyer should write it.",
        min_length=3,
        max_length=500,
    )
    bank_details: str = Field(
        default="",
        title="Bank details",
        description="Bank, account and routing number for transfers. Every buyer sees them.",
        max_length=1000,
    )
    note: str = Field(
        default="",
        title="Note to the buyer",
        description="One sentence under the instructions.",
        max_length=500,
    )


class ManualGateway(Gateway[ManualConfig], TakesManualPayments):
    """Tells how to pay. That the money came is for staff to say."""

    def check(self) -> HealthReport:
        return HealthReport(ok=True, detail="Nothing to connect to: staff record these payments.")

    def instructions(self, invoice_number: str, amount: Money) -> Instructions:
        config = self.ctx.config
        lines = (
            _("Amount: {amount}").format(amount=amount),
            _("Payable to: {payee}").format(payee=config.payable_to),
            *config.bank_details.splitlines(),
            _("Reference: {number}").format(number=invoice_number),
            config.note,
        )
        return Instructions(
            title=_("How to pay"), lines=tuple(line.strip() for line in lines if line.strip())
        )


@hookimpl
def register_gateways() -> Iterable[GatewaySpec]:
    return [
        GatewaySpec(
            id="manual",
            name=mark("Bank transfer or check"),
            kind=GatewayKind.MANUAL,
            config=ManualConfig,
            implementation=ManualGateway,
            starts=mark("Starts on the day the money arrives"),
            note=mark(
                "We mail you an invoice with our bank details and a reference to quote. "
                "Your order is kept until the money is here."
            ),
            icon="mail-dollar",
        )
    ]
