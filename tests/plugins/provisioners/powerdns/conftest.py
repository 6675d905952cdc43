"""The powerdns provisioner, built as core builds it, in front of a real daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core.kernel.clock import SystemClock
from core.plugin_api.context import SecretStr
from core.plugin_api.provisioner import AccountRef, CreateRequest, ProvisionOutcome, RemoteAccount
from core.plugin_host.building import Builder
from core.plugin_host.calls import call_provisioner
from core.plugin_host.http import Faults, guarded_session
from core.plugin_host.values import ProvisionerEntry
from plugins.provisioners.powerdns.plugin import PowerDns, ZoneOptions, register_provisioners
from tests.fixtures.powerdns import API_KEY, Daemon

PARKING = "198.51.100.1"
PARKING_6 = "2001:db8::1"
TEMPLATE = """\
# the site
@    A     192.0.2.10
@    AAAA  2001:db8::10
www  CNAME @
mail A     192.0.2.20
@    MX    10 mail.{domain}
@    TXT   v=spf1 mx -all
"""


class NoTransaction:
    """What core asks before it calls a plugin."""

    in_transaction = False


def ref(domain: str | None = "ada.example", number: int = 1) -> AccountRef:
    service = UUID(int=number)
    return AccountRef(service_id=service, marker=f"ik:{service}", username="ada", domain=domain)


@dataclass(frozen=True)
class Bench:
    """A provisioner and the daemon behind it."""

    daemon: Daemon

    def panel(self, faults: Faults | None = None, **settings: Any) -> PowerDns:
        values = {
            "url": self.daemon.url,
            "api_key": API_KEY,
            "nameservers": "ns1.host.example ns2.host.example",
            "hostmaster": "host.master@host.example",
            "parking_ipv4": PARKING,
            "parking_ipv6": PARKING_6,
            **settings,
        }
        [spec] = register_provisioners()
        entry = ProvisionerEntry(plugin_id="provisioner.powerdns", spec=spec, defaults={})
        built = Builder(clock=SystemClock(), connect=partial(guarded_session, faults=faults)).provisioner(
            entry, values
        )
        assert isinstance(built, PowerDns)
        return built

    def create(
        self, account: AccountRef, faults: Faults | None = None, template: str = TEMPLATE, **settings: Any
    ) -> ProvisionOutcome:
        request = CreateRequest(
            ref=account,
            idempotency_key="job-1",
            password=SecretStr("not needed"),
            contact_email="ada@ada.example",
            contact_name="Ada Lovelace",
            options=ZoneOptions(records=template),
        )
        panel = self.panel(faults, **settings)
        return called(lambda: panel.create(request))

    def suspend(self, account: AccountRef, faults: Faults | None = None, **settings: Any) -> ProvisionOutcome:
        panel = self.panel(faults, **settings)
        return called(lambda: panel.suspend(account, "not paid"))

    def resume(self, account: AccountRef, faults: Faults | None = None) -> ProvisionOutcome:
        panel = self.panel(faults)
        return called(lambda: panel.resume(account))

    def terminate(self, account: AccountRef, faults: Faults | None = None) -> ProvisionOutcome:
        panel = self.panel(faults)
        return called(lambda: panel.terminate(account))

    def inspect(self, account: AccountRef) -> RemoteAccount | None:
        return self.panel().inspect(account)


def called(act: Callable[[], ProvisionOutcome]) -> ProvisionOutcome:
    """As core calls it: whatever the plugin raises becomes an outcome."""
    return call_provisioner(act, db=NoTransaction())


@pytest.fixture
def bench(powerdns: Daemon) -> Bench:
    return Bench(powerdns)
