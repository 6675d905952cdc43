"""What the conformance kit needs to test this plugin: a pretend PowerDNS and its books."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.plugin_api.provisioner import AccountRef
from core.testing.harness import ProvisionerHarness
from core.testing.transport import WsgiTransport
from plugins.provisioners.powerdns.pretend import PretendPowerDns

KEY = "pretend-powerdns-key"


class PowerDnsHarness(ProvisionerHarness[PretendPowerDns]):
    spec_id = "powerdns"

    def open(self, folder: Path) -> PretendPowerDns:
        return PretendPowerDns(KEY)

    def settings(self, world: PretendPowerDns) -> Mapping[str, Any]:
        return {
            "url": "http://127.0.0.1:8081",
            "api_key": KEY,
            "nameservers": "ns1.kit.example ns2.kit.example",
            "hostmaster": "hostmaster@kit.example",
            "parking_ipv4": "198.51.100.1",
        }

    def wrong_settings(self, world: PretendPowerDns) -> Mapping[str, Any]:
        return {**self.settings(world), "api_key": "another-powerdns-key"}

    def transport(self, world: PretendPowerDns) -> WsgiTransport:
        return WsgiTransport(world)

    def options(self, world: PretendPowerDns) -> Mapping[str, Any]:
        return {"records": "@ A 192.0.2.10\nwww CNAME @\n@ MX 10 mail.{domain}"}

    def count(self, world: PretendPowerDns) -> int:
        return len(world.zones)

    def stranger(self, world: PretendPowerDns, ref: AccountRef) -> None:
        world.stranger(f"{ref.domain}.")
