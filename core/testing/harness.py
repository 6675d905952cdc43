"""What an author writes so that the kit can test a plugin: one harness per spec, in ``harness.py``.

A harness opens a fresh pretend provider, gives settings that fit it, and says what the provider's own
books hold, to be compared with what the plugin claims. Methods that raise ``NotImplementedError`` here
are needed as soon as the plugin has the ability they belong to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from requests.adapters import BaseAdapter

from core.kernel.clock import Clock, SystemClock
from core.kernel.money import Money
from core.plugin_api.provisioner import AccountRef
from core.plugin_api.values import DeclineCode, Notification, RedirectInstruction

WorldT = TypeVar("WorldT")


class Harness(ABC, Generic[WorldT]):
    """``WorldT`` is whatever the author likes: it is only handed back to the harness."""

    spec_id: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()  # beside those of the settings: must not be written anywhere
    exempt: ClassVar[Mapping[str, str]] = {}  # test -> reason; printed in the summary of each run

    @abstractmethod
    def open(self, folder: Path) -> WorldT:
        """A fresh pretend provider with empty books. ``folder`` is the test's own."""

    def close(self, world: WorldT) -> None:
        """End what ``open`` began."""

    @abstractmethod
    def settings(self, world: WorldT) -> Mapping[str, Any]:
        """As they would stand in the plugin's table of config/innkeeper.toml."""

    def wrong_settings(self, world: WorldT) -> Mapping[str, Any]:
        """The same with credentials that the provider refuses. [a setting that is a secret]"""
        raise NotImplementedError

    def transport(self, world: WorldT) -> BaseAdapter | None:
        """How requests reach the provider; None is by real sockets."""
        return None

    def clock(self, world: WorldT) -> Clock:
        """The time that plugin and provider agree on."""
        return SystemClock()


class GatewayHarness(Harness[WorldT]):
    """For a gateway. Amounts are what the provider has taken or was surely told to take."""

    amount: ClassVar[Money] = Money(1037, "USD")  # an odd one: the kit looks for it in answers

    def taken(self, world: WorldT) -> Money:
        """All charges, payments and debits in the books, whatever was given back. [Charges, Redirects]"""
        raise NotImplementedError

    def given_back(self, world: WorldT) -> Money:
        """All refunds in the books. [Refunds]"""
        raise NotImplementedError

    def form(self, world: WorldT) -> Mapping[str, str]:
        """What a buyer posts who will be charged without trouble, a fresh token included. [Collects]"""
        raise NotImplementedError

    def declined_forms(self, world: WorldT) -> Mapping[DeclineCode, Mapping[str, str]]:
        """Forms that pass ``collect`` and are declined, by the code that is expected. [Charges]"""
        raise NotImplementedError

    def bad_forms(self, world: WorldT) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        """Forms with one wrong field, by the name of that field. [Collects]"""
        raise NotImplementedError

    def approve(self, world: WorldT, instruction: RedirectInstruction) -> None:
        """Do as a buyer who approves on the provider's page. [Redirects]"""
        raise NotImplementedError

    def cancel(self, world: WorldT, instruction: RedirectInstruction) -> None:
        """Do as a buyer who cancels on the provider's page. [Redirects]"""
        raise NotImplementedError

    def notification(self, world: WorldT, key: str) -> Notification:
        """The provider's true notice that the payment under ``key`` succeeded. [Notifies]"""
        raise NotImplementedError

    def sign(self, world: WorldT, body: bytes) -> Notification:
        """Any body, signed as the provider would sign it now. [Notifies]"""
        raise NotImplementedError

    def settle(self, world: WorldT) -> None:
        """Let the time pass until what is pending has settled. [Settles]"""
        raise NotImplementedError

    def bounce(self, world: WorldT, reference: str) -> None:
        """Let a settled payment come back. [Settles]"""
        raise NotImplementedError


class ProvisionerHarness(Harness[WorldT]):
    """For a panel, a DNS server, anything where accounts stand."""

    domain: ClassVar[str] = "inn{n}.example"  # {n} makes each test's own

    def options(self, world: WorldT) -> Mapping[str, Any]:
        """A product's settings that the panel can build."""
        return {}

    def other_options(self, world: WorldT) -> Mapping[str, Any]:
        """Another product's settings that it can build. [ChangesPlans]"""
        raise NotImplementedError

    def impossible_options(self, world: WorldT) -> Mapping[str, Any] | None:
        """A product's settings that the panel does not know: PACKAGE_MISSING. None: there are none."""
        return None

    def count(self, world: WorldT) -> int:
        """How many accounts stand in the panel's own books."""
        raise NotImplementedError

    def stranger(self, world: WorldT, ref: AccountRef) -> None:
        """Build an account under this name that is somebody else's."""
        raise NotImplementedError


class RegistrarHarness(Harness[WorldT]):
    """For a registrar."""

    taken: ClassVar[str] = "taken.example"  # registered by somebody else
    unsupported: ClassVar[str] = "inn.invalid"  # not one of its endings
    free: ClassVar[str] = "inn{n}.example"  # {n} makes each test's own

    def count(self, world: WorldT) -> int:
        """How many names the registrar's own books hold for us."""
        raise NotImplementedError


class RegisterHarness(Harness[WorldT]):
    """For a register of tax numbers."""

    registered: ClassVar[tuple[str, str]]  # (country, number) that its books hold
    unregistered: ClassVar[tuple[str, str]]  # one that is well formed and in nobody's books

    def close_office(self, world: WorldT) -> None:
        """Let the register say, in its own way, that it can not tell at the moment."""
        raise NotImplementedError


class ThemeHarness(Harness[None]):
    """For a theme: there is no provider to open."""

    def open(self, folder: Path) -> None:
        return None

    def settings(self, world: None) -> Mapping[str, Any]:
        return {}
