"""What a provisioner can do. Every call may be repeated; the second one changes nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from core.plugin_api.context import HealthReport, Mode, NoOptions, PluginConfig, PluginContext, SecretStr
from core.plugin_api.values import Status

ConfigT = TypeVar("ConfigT", bound=PluginConfig)


class RemoteState(StrEnum):
    ABSENT = "absent"  # a state, not an error: it makes terminate() repeatable
    BUILDING = "building"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ProvisionCode(StrEnum):
    """Why a panel said no, the same words for every panel."""

    INVALID_INPUT = "invalid_input"
    NAME_TAKEN = "name_taken"  # by somebody else's account: never adopted, never overwritten
    PACKAGE_MISSING = "package_missing"
    LIMIT_REACHED = "limit_reached"
    PERMISSION_DENIED = "permission_denied"
    NOT_SUPPORTED = "not_supported"
    NOT_FOUND = "not_found"
    FUNDS_SHORT = "funds_short"  # registrar balance
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRef:
    """All that is needed to find an account again. Fixed and committed before the first call."""

    service_id: UUID
    marker: str  # "ik:<service id>"; the plugin stores it on the remote side where it can
    username: str
    domain: str | None
    remote_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """``options`` are the product's settings, already checked against the spec's options model."""

    ref: AccountRef
    idempotency_key: str
    password: SecretStr
    contact_email: str
    contact_name: str
    options: PluginConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionOutcome:
    """``state`` is the remote state after the call; ``changed`` False means it was so already."""

    status: Status
    state: RemoteState = RemoteState.UNKNOWN
    changed: bool = True
    remote_id: str | None = None
    code: ProvisionCode | None = None
    operation: str | None = None  # with PENDING: what poll() asks about
    poll_after: timedelta = timedelta(seconds=30)
    staff_note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)  # hostname, IP, nameservers: for the client

    def __post_init__(self) -> None:
        if (self.code is not None) != (self.status is Status.DECLINED):
            raise ValueError("code is set exactly when the panel said no")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccount:
    """What the panel says of one account."""

    username: str
    domain: str | None
    state: RemoteState
    marker: str | None = None  # None where the panel can not keep one
    remote_id: str | None = None
    plan: str | None = None


class Provisioner(ABC, Generic[ConfigT]):
    """One configured server. ``inspect`` is the primitive: core asks it after every doubt."""

    def __init__(self, ctx: PluginContext[ConfigT]) -> None:
        self.ctx = ctx

    @abstractmethod
    def check(self) -> HealthReport: ...

    @abstractmethod
    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        """What stands there under this name; None when nothing does."""

    @abstractmethod
    def create(self, request: CreateRequest) -> ProvisionOutcome:
        """Build it. Ours already there: SUCCEEDED with changed=False. A stranger's: NAME_TAKEN."""

    @abstractmethod
    def suspend(self, ref: AccountRef, reason: str) -> ProvisionOutcome: ...

    @abstractmethod
    def resume(self, ref: AccountRef) -> ProvisionOutcome: ...

    @abstractmethod
    def terminate(self, ref: AccountRef) -> ProvisionOutcome:
        """Remove it. Absent already is SUCCEEDED with changed=False."""


class Polls(ABC):
    @abstractmethod
    def poll(self, ref: AccountRef, operation: str) -> ProvisionOutcome: ...


class ChangesPlans(ABC):
    @abstractmethod
    def change_plan(self, ref: AccountRef, options: PluginConfig) -> ProvisionOutcome: ...


class ResetsPasswords(ABC):
    @abstractmethod
    def reset_password(self, ref: AccountRef, password: SecretStr) -> ProvisionOutcome: ...


class Lists(ABC):
    @abstractmethod
    def accounts(self) -> Iterable[RemoteAccount]:
        """Everything on the remote side, so that core can list drift."""


class NeedsStaff(ABC):
    """A person does the work: core opens a task and waits until staff say it is done."""

    @abstractmethod
    def task(self, request: CreateRequest) -> str:
        """What to do, in plain sentences for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsernameRules:
    """What a panel accepts as a user name. Core makes names within these."""

    max_length: int = 16
    alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789"
    reserved: frozenset[str] = frozenset({"root", "admin", "test"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerSpec:
    """What a plugin declares. ``config`` holds a server's settings, ``options`` a product's."""

    id: str
    name: str
    config: type[PluginConfig]
    implementation: type[Provisioner[Any]]
    options: type[PluginConfig] = NoOptions
    hosts: frozenset[str] | None = None  # None: the host is itself a setting
    host_settings: tuple[str, ...] = ("url",)
    private_hosts: bool = False  # True: the address may lie in a private range
    usernames: UsernameRules = UsernameRules()
    mode: Mode = Mode.LIVE
    concurrency: int = 2  # calls at once per server
    needs_domain: bool = True
    has_password: bool = True  # False: nobody signs in there with the password of the create request

    def can(self, ability: type) -> bool:
        return issubclass(self.implementation, ability)
