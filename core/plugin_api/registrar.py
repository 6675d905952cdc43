"""What a registrar can do. Names are lower-case ASCII (IDNA 2008) at this border."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from core.plugin_api.context import HealthReport, Mode, PluginConfig, PluginContext
from core.plugin_api.provisioner import ProvisionCode
from core.plugin_api.values import Status

ConfigT = TypeVar("ConfigT", bound=PluginConfig)


class Availability(StrEnum):
    AVAILABLE = "available"
    TAKEN = "taken"
    UNSUPPORTED = "unsupported"  # not an ending of this registrar
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoisContact:
    first_name: str
    last_name: str
    company_name: str
    email: str
    phone: str  # E.164
    street_address: str
    address_2: str
    city: str
    state: str
    postal_code: str
    country: str  # ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRequest:
    service_id: UUID
    idempotency_key: str
    domain: str
    years: int
    contact: WhoisContact
    nameservers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarOutcome:
    """As ProvisionOutcome, for names. ``expires_on`` is the registry's word."""

    status: Status
    changed: bool = True
    expires_on: date | None = None
    code: ProvisionCode | None = None
    operation: str | None = None
    poll_after: timedelta = timedelta(minutes=5)
    staff_note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.code is not None) != (self.status is Status.DECLINED):
            raise ValueError("code is set exactly when the registrar said no")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDomain:
    domain: str
    expires_on: date
    nameservers: tuple[str, ...]
    marker: str | None = None


class Registrar(ABC, Generic[ConfigT]):
    def __init__(self, ctx: PluginContext[ConfigT]) -> None:
        self.ctx = ctx

    @abstractmethod
    def check(self) -> HealthReport: ...

    @abstractmethod
    def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]: ...

    @abstractmethod
    def inspect(self, domain: str) -> RegisteredDomain | None:
        """The name in our own account there; None when it is not ours."""

    @abstractmethod
    def register(self, request: RegisterRequest) -> RegistrarOutcome:
        """Register. Ours already: SUCCEEDED, changed=False. Somebody else's: NAME_TAKEN."""

    @abstractmethod
    def renew(self, domain: str, years: int, expires_on: date, idempotency_key: str) -> RegistrarOutcome:
        """Renew from ``expires_on``. When the registry has moved on already: changed=False."""

    @abstractmethod
    def set_nameservers(self, domain: str, nameservers: Sequence[str]) -> RegistrarOutcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarSpec:
    id: str
    name: str
    config: type[PluginConfig]
    implementation: type[Registrar[Any]]
    endings: frozenset[str]  # {"com", "example"}
    hosts: frozenset[str] | None = None
    host_settings: tuple[str, ...] = ("url",)
    mode: Mode = Mode.LIVE
    concurrency: int = 2

    def can(self, ability: type) -> bool:
        return issubclass(self.implementation, ability)
