"""What a payment gateway can do. A plugin inherits the abilities it really has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from core.plugin_api.context import HealthReport, Mode, PluginConfig, PluginContext
from core.plugin_api.forms import BrowserSetup, FormField
from core.plugin_api.values import (
    ChargeRequest,
    Instructions,
    LookupRequest,
    Money,
    Notification,
    PaymentEvent,
    PaymentOutcome,
    PaymentSource,
    RedirectInstruction,
    RedirectRequest,
    RefundRequest,
    StoredMethod,
)

ConfigT = TypeVar("ConfigT", bound=PluginConfig)


class Gateway(ABC, Generic[ConfigT]):
    """One configured gateway: stateless, no database; everything it needs is in ``ctx``."""

    def __init__(self, ctx: PluginContext[ConfigT]) -> None:
        self.ctx = ctx

    @abstractmethod
    def check(self) -> HealthReport:
        """Prove that the credentials work without moving money."""


class Collects(ABC):
    """Turns what the buyer filled in into a payment source. Called outside any transaction."""

    @abstractmethod
    def browser(self) -> BrowserSetup:
        """Public data and script for the checkout page. May ask the provider (a set-up intent)."""

    @abstractmethod
    def collect(self, form: Mapping[str, str]) -> PaymentSource:
        """Check the posted fields. Raises InvalidFields with a sentence per field."""


class Charges(ABC):
    @abstractmethod
    def charge(self, request: ChargeRequest) -> PaymentOutcome:
        """Move money now, under ``idempotency_key``: the same key twice moves it once."""


class Refunds(ABC):
    @abstractmethod
    def refund(self, request: RefundRequest) -> PaymentOutcome:
        """Give money back, under ``idempotency_key``."""


class LooksUp(ABC):
    @abstractmethod
    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        """Say what became of an attempt. NOT_SENT when the provider surely never saw it."""


class Redirects(ABC):
    @abstractmethod
    def begin(self, request: RedirectRequest) -> RedirectInstruction:
        """Build the hand-over. Repeating it with one key gives the same payment."""

    @abstractmethod
    def complete(self, request: LookupRequest) -> PaymentOutcome:
        """After the buyer approved: capture under our key. Repeating it captures once."""


class Notifies(ABC):
    @abstractmethod
    def parse_notification(self, notification: Notification) -> Sequence[PaymentEvent]:
        """Verify and translate. Raises NotificationRejected when the signature is bad.
        An event of an unknown type gives an empty sequence."""


class Settles(ABC):
    @abstractmethod
    def settlements(self, since: datetime) -> Iterable[PaymentEvent]:
        """Items cleared or returned since then, for money that takes days."""


class Stores(ABC):
    @abstractmethod
    def forget(self, method: StoredMethod) -> None:
        """Detach a stored method at the provider. Unknown there is success."""


class TakesManualPayments(ABC):
    @abstractmethod
    def instructions(self, invoice_number: str, amount: Money) -> Instructions: ...


class GatewayKind(StrEnum):
    CARD = "card"
    ECHECK = "echeck"
    REDIRECT = "redirect"
    MANUAL = "manual"


REQUIRED_ABILITIES: dict[GatewayKind, tuple[type, ...]] = {
    GatewayKind.CARD: (Collects, Charges, LooksUp),
    GatewayKind.ECHECK: (Collects, Charges, LooksUp, Settles),
    GatewayKind.REDIRECT: (Redirects, LooksUp),
    GatewayKind.MANUAL: (TakesManualPayments,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec:
    """What a plugin declares; core builds the gateway itself.

    ``hosts``: the only host names ``ctx.http`` will talk to; None when the address is a setting, and
    then ``host_settings`` names the settings (URLs) it comes from. ``fields`` are drawn at checkout.
    """

    id: str
    name: str  # "Card", as a buyer reads it
    kind: GatewayKind
    config: type[PluginConfig]
    implementation: type[Gateway[Any]]
    currencies: frozenset[str] = frozenset()  # empty: any
    hosts: frozenset[str] | None = frozenset()
    host_settings: tuple[str, ...] = ()
    fields: tuple[FormField, ...] = ()
    mode: Mode = Mode.LIVE  # TEST: marked on every screen
    starts: str = "Starts at once"  # when a service begins, in the buyer's words
    note: str = ""  # what happens next, for methods without fields
    icon: str = "credit-card"
    marks: tuple[str, ...] = ()  # "Visa", "Mastercard": words, not logos

    def __post_init__(self) -> None:
        for ability in REQUIRED_ABILITIES[self.kind]:
            if not issubclass(self.implementation, ability):
                raise TypeError(f"{self.id}: a {self.kind} gateway must implement {ability.__name__}")

    def can(self, ability: type) -> bool:
        """The class decides, so no flag can drift from the code."""
        return issubclass(self.implementation, ability)

    def accepts(self, currency: str) -> bool:
        return not self.currencies or currency in self.currencies
