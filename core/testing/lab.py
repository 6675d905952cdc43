"""One plugin, one fresh pretend provider, and core's own way of calling: what every test of the kit holds."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import uuid4

from core.kernel.money import Money
from core.plugin_api.context import HealthReport, PluginConfig, SecretStr
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Gateway, GatewaySpec
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    Polls,
    Provisioner,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
)
from core.plugin_api.register import Register, RegisterSpec, TaxNumber, TaxNumberAnswer
from core.plugin_api.registrar import (
    RegisteredDomain,
    RegisterRequest,
    Registrar,
    RegistrarOutcome,
    RegistrarSpec,
    WhoisContact,
)
from core.plugin_api.values import (
    BankAccount,
    ChargeRequest,
    LookupRequest,
    PaymentOutcome,
    PaymentSource,
    RedirectInstruction,
    RedirectRequest,
    RefundRequest,
    Status,
    StoredMethod,
)
from core.plugin_host import calls, health
from core.plugin_host.building import Builder
from core.plugin_host.configs import read_config
from core.plugin_host.hosts import HostPolicy
from core.plugin_host.http import Faults, guarded_session
from core.plugin_host.manifest import Manifest
from core.plugin_host.redaction import secrets_of
from core.testing.harness import (
    GatewayHarness,
    Harness,
    ProvisionerHarness,
    RegisterHarness,
    RegistrarHarness,
)

SpecT = TypeVar("SpecT", GatewaySpec, ProvisionerSpec, RegistrarSpec, RegisterSpec)
HarnessT = TypeVar("HarnessT", bound=Harness[Any])
PASSWORD = "kit-Pass-word-71!x"  # of accounts the kit builds; must never be written
MOST_POLLS = 200
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class NoTransaction:
    """The kit holds no database."""

    in_transaction: bool = False


DB = NoTransaction()


@dataclass(frozen=True, kw_only=True)
class Lab(Generic[SpecT, HarnessT]):
    """``n`` is new for each test: names made with it never meet."""

    manifest: Manifest
    spec: SpecT
    harness: HarnessT
    world: Any
    n: int = field(default_factory=lambda: next(_numbers))

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.harness.settings(self.world)

    def config(self, settings: Mapping[str, Any] | None = None) -> PluginConfig:
        values = self.settings if settings is None else settings
        return read_config(self.spec.config, values, source=f"harness of {self.spec.id}:")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be written anywhere."""
        return tuple(one for one in (*self.harness.secrets, *secrets_of(self.config())) if one)

    def build(self, faults: Faults | None = None, settings: Mapping[str, Any] | None = None) -> Any:
        """The plugin as core builds it, its network broken by ``faults``."""
        transport = self.harness.transport(self.world)

        def connect(policy: HostPolicy) -> Any:
            return guarded_session(policy, transport=transport, faults=faults)

        builder = Builder(self.harness.clock(self.world), connect=connect)
        return self.spec.implementation(builder.context(self.spec, self.config(settings)))

    def check(self, faults: Faults | None = None, settings: Mapping[str, Any] | None = None) -> HealthReport:
        return health.check(self.build(faults, settings), db=DB)

    def leaks(self, written: str, *more: str) -> list[str]:
        """The secrets that stand in ``written``, cut short so that the failure does not repeat them."""
        return [
            f"{secret[:4]}..." for secret in (*self.secrets, *more) if len(secret) > 3 and secret in written
        ]


class GatewayLab(Lab[GatewaySpec, GatewayHarness[Any]]):
    """Money moves through here as it does in core.payments."""

    @property
    def amount(self) -> Money:
        return self.harness.amount

    @property
    def taken(self) -> Money:
        return self.harness.taken(self.world)

    @property
    def given_back(self) -> Money:
        return self.harness.given_back(self.world)

    def key(self, name: str = "a") -> str:
        return f"ik-kit-{self.n}-{name}"

    def gateway(self, faults: Faults | None = None) -> Any:
        built: Gateway[Any] = self.build(faults)
        return built

    def source(self, form: Mapping[str, str] | None = None) -> PaymentSource:
        """A payment source through ``collect``. May raise InvalidFields."""
        posted = self.harness.form(self.world) if form is None else form
        gateway = self.gateway()
        source: PaymentSource = calls.ask(
            lambda: gateway.collect(posted), StoredMethod, BankAccount, db=DB, plugin=gateway
        )
        return source

    def charge(
        self,
        key: str,
        *,
        source: PaymentSource | None = None,
        amount: Money | None = None,
        faults: Faults | None = None,
    ) -> PaymentOutcome:
        source = source or self.source()
        gateway = self.gateway(faults)
        request = ChargeRequest(
            attempt_id=uuid4(),
            idempotency_key=key,
            amount=amount or self.amount,
            source=source,
            invoice_number=f"KIT-{self.n}",
            customer_present=True,
            customer_email="buyer@kit.example",
        )
        return calls.call_gateway(lambda: gateway.charge(request), db=DB, plugin=gateway)

    def refund(
        self, key: str, reference: str, amount: Money, *, faults: Faults | None = None
    ) -> PaymentOutcome:
        gateway = self.gateway(faults)
        request = RefundRequest(refund_id=uuid4(), idempotency_key=key, amount=amount, reference=reference)
        return calls.call_gateway(lambda: gateway.refund(request), db=DB, plugin=gateway)

    def lookup(
        self,
        key: str,
        reference: str | None = None,
        *,
        amount: Money | None = None,
        faults: Faults | None = None,
    ) -> PaymentOutcome:
        return self._asked("lookup", key, reference, amount, faults)

    def complete(
        self,
        key: str,
        reference: str | None = None,
        *,
        amount: Money | None = None,
        faults: Faults | None = None,
    ) -> PaymentOutcome:
        return self._asked("complete", key, reference, amount, faults)

    def _asked(
        self, verb: str, key: str, reference: str | None, amount: Money | None, faults: Faults | None
    ) -> PaymentOutcome:
        gateway = self.gateway(faults)
        request = LookupRequest(
            idempotency_key=key,
            reference=reference,
            amount=amount or self.amount,
            sent_at=self.harness.clock(self.world).now(),
        )
        return calls.call_gateway(lambda: getattr(gateway, verb)(request), db=DB, plugin=gateway)

    def begin(
        self, key: str, *, base: str = "https://shop.kit.example", faults: Faults | None = None
    ) -> RedirectInstruction:
        """May raise PluginError, as in core."""
        gateway = self.gateway(faults)
        request = RedirectRequest(
            attempt_id=uuid4(),
            idempotency_key=key,
            amount=self.amount,
            invoice_number=f"KIT-{self.n}",
            return_url=f"{base}/orders/x/return",
            cancel_url=f"{base}/orders/x/cancel",
        )
        instruction: RedirectInstruction = calls.ask(
            lambda: gateway.begin(request), RedirectInstruction, db=DB, plugin=gateway
        )
        return instruction

    def pay(self, key: str) -> PaymentOutcome:
        """A payment as far as the buyer can bring it, whatever the kind of gateway."""
        if hasattr(self.spec.implementation, "charge"):
            return self.charge(key)
        instruction = self.begin(key)
        self.harness.approve(self.world, instruction)
        return self.complete(key, instruction.reference)


class ProvisionerLab(Lab[ProvisionerSpec, ProvisionerHarness[Any]]):
    """Accounts are built here as they are in core.provisioning."""

    @property
    def count(self) -> int:
        return self.harness.count(self.world)

    def ref(self, name: str = "", **changes: Any) -> AccountRef:
        """The same ``name``, the same account."""
        service = uuid4()
        username = changes.pop("username", f"inn{self.n}{name}")
        return AccountRef(
            service_id=service,
            marker=f"ik:{service}",
            username=username,
            domain=self.harness.domain.format(n=f"{self.n}{name}"),
        )

    def options(self, values: Mapping[str, Any] | None = None) -> PluginConfig:
        chosen = self.harness.options(self.world) if values is None else values
        return read_config(self.spec.options, chosen, source=f"options of {self.spec.id}:")

    def request(self, ref: AccountRef, key: str = "a", **changes: Any) -> CreateRequest:
        values: dict[str, Any] = {
            "ref": ref,
            "idempotency_key": f"{ref.marker}:{key}",
            "password": SecretStr(PASSWORD),
            "contact_email": "owner@kit.example",
            "contact_name": "Kit Owner",
            "options": self.options(),
        }
        return CreateRequest(**(values | changes))

    def panel(self, faults: Faults | None = None) -> Provisioner[Any]:
        built: Provisioner[Any] = self.build(faults)
        return built

    def call(self, verb: str, *args: Any, faults: Faults | None = None) -> ProvisionOutcome:
        panel = self.panel(faults)
        return calls.call_provisioner(
            lambda: getattr(panel, verb)(*args), db=DB, plugin=panel, secrets=(PASSWORD,)
        )

    def create(self, ref: AccountRef, key: str = "a", *, faults: Faults | None = None) -> ProvisionOutcome:
        return self._ended(ref, self.call("create", self.request(ref, key), faults=faults))

    def act(self, verb: str, ref: AccountRef, *, faults: Faults | None = None) -> ProvisionOutcome:
        """suspend, resume or terminate."""
        more = ("The invoice is overdue.",) if verb == "suspend" else ()
        return self._ended(ref, self.call(verb, ref, *more, faults=faults))

    def _ended(self, ref: AccountRef, outcome: ProvisionOutcome) -> ProvisionOutcome:
        """What a slow panel makes of it in the end, asked as core asks."""
        for _ in range(MOST_POLLS):
            if outcome.status is not Status.PENDING or not self.spec.can(Polls):
                break
            time.sleep(0.05)
            outcome = self.call("poll", ref, outcome.operation or "")
        return outcome

    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        panel = self.panel()
        return calls.ask(lambda: panel.inspect(ref), RemoteAccount, type(None), db=DB, plugin=panel)


class RegistrarLab(Lab[RegistrarSpec, RegistrarHarness[Any]]):
    """Names are registered here as they are in core.provisioning."""

    @property
    def count(self) -> int:
        return self.harness.count(self.world)

    @property
    def domain(self) -> str:
        return self.harness.free.format(n=self.n)

    def request(self, domain: str, key: str = "a", *, service: Any = None) -> RegisterRequest:
        return RegisterRequest(
            service_id=service or uuid4(),
            idempotency_key=f"ik-kit-{self.n}-{key}",
            domain=domain,
            years=1,
            contact=WHOIS,
            nameservers=("ns1.kit.example", "ns2.kit.example"),
        )

    def call(self, verb: str, *args: Any, faults: Faults | None = None) -> RegistrarOutcome:
        registrar: Registrar[Any] = self.build(faults)
        return calls.call_registrar(lambda: getattr(registrar, verb)(*args), db=DB, plugin=registrar)

    def inspect(self, domain: str) -> RegisteredDomain | None:
        registrar: Registrar[Any] = self.build()
        return calls.ask(
            lambda: registrar.inspect(domain), RegisteredDomain, type(None), db=DB, plugin=registrar
        )


class RegisterLab(Lab[RegisterSpec, RegisterHarness[Any]]):
    """Numbers are asked about here as they are in core.clients."""

    def ask(self, asked: tuple[str, str], faults: Faults | None = None) -> TaxNumberAnswer:
        register: Register[Any] = self.build(faults)
        number = TaxNumber(country=asked[0], number=asked[1])
        return calls.ask_register(lambda: register.ask(number), db=DB, plugin=register)


WHOIS = WhoisContact(
    first_name="Kit",
    last_name="Owner",
    company_name="Kit Inn Ltd",
    email="owner@kit.example",
    phone="+15125550186",
    street_address="1 Congress Avenue",
    address_2="",
    city="Austin",
    state="TX",
    postal_code="78701",
    country="US",
)

__all__ = ["DB", "PASSWORD", "GatewayLab", "Lab", "PluginError", "ProvisionerLab", "RegistrarLab"]
