"""What a register of tax numbers can tell: whether a number is registered, and whose it is.

Only what a register says in so many words is an answer. Everything else, a time-out, an office that is
closed, an answer of another shape, is UNKNOWN: a number is never valid for want of a no.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from core.plugin_api.context import HealthReport, Mode, PluginConfig, PluginContext

ConfigT = TypeVar("ConfigT", bound=PluginConfig)


class Verdict(StrEnum):
    VALID = "valid"  # registered on the day it was asked
    INVALID = "invalid"  # the register says that it is not
    UNKNOWN = "unknown"  # nobody can tell at the moment: ask again later


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxNumber:
    """A number as it is kept: with its country's prefix inside the EU ("DE136695976")."""

    country: str  # ISO 3166-1 alpha-2
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxNumberAnswer:
    """Name and address are the register's word, "" where it does not tell them. The consultation number
    proves the enquiry to a tax office. ``note`` is one sentence for staff."""

    verdict: Verdict
    name: str = ""
    address: str = ""
    consultation_number: str = ""
    note: str = ""


class Register(ABC, Generic[ConfigT]):
    def __init__(self, ctx: PluginContext[ConfigT]) -> None:
        self.ctx = ctx

    @abstractmethod
    def check(self) -> HealthReport:
        """Whether the register answers. Asks about nobody."""

    @abstractmethod
    def ask(self, number: TaxNumber) -> TaxNumberAnswer:
        """Ask about one number. May raise NotSent, NoAnswer or Misconfigured: core keeps UNKNOWN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSpec:
    """``countries`` are those whose numbers it knows."""

    id: str
    name: str
    config: type[PluginConfig]
    implementation: type[Register[Any]]
    countries: frozenset[str]
    hosts: frozenset[str] | None = None
    host_settings: tuple[str, ...] = ("url",)
    mode: Mode = Mode.LIVE

    def can(self, ability: type) -> bool:
        return issubclass(self.implementation, ability)
