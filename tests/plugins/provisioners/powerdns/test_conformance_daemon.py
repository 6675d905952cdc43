"""The whole conformance kit once more, this time against a real PowerDNS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.plugin_api.provisioner import AccountRef
from core.plugin_host.manifest import FILE_NAME, Manifest
from core.testing.harness import ProvisionerHarness
from core.testing.suite import _class
from plugins.provisioners.powerdns import plugin
from tests.fixtures.powerdns import API_KEY, Daemon


class DaemonHarness(ProvisionerHarness[Daemon]):
    spec_id = "powerdns"
    server: ClassVar[Daemon]

    def open(self, folder: Path) -> Daemon:
        self.server.forget_everything()
        return self.server

    def settings(self, world: Daemon) -> Mapping[str, Any]:
        return {
            "url": world.url,
            "api_key": API_KEY,
            "nameservers": "ns1.kit.example ns2.kit.example",
            "hostmaster": "hostmaster@kit.example",
            "parking_ipv4": "198.51.100.1",
        }

    def wrong_settings(self, world: Daemon) -> Mapping[str, Any]:
        return {**self.settings(world), "api_key": "another-powerdns-key"}

    def options(self, world: Daemon) -> Mapping[str, Any]:
        return {"records": "@ A 192.0.2.10\nwww CNAME @\n@ MX 10 mail.{domain}"}

    def count(self, world: Daemon) -> int:
        return len(world.zones())

    def stranger(self, world: Daemon, ref: AccountRef) -> None:
        zone = {"name": f"{ref.domain}.", "kind": "Native", "account": "somebody", "nameservers": []}
        world.api("POST", "zones", zone)


@pytest.fixture(scope="module", autouse=True)
def _server(powerdns_server: Daemon) -> None:
    DaemonHarness.server = powerdns_server


[SPEC] = plugin.register_provisioners()
MANIFEST = Manifest.read(Path(plugin.__file__).with_name(FILE_NAME))
TestPowerdnsOnItsDaemon = pytest.mark.peer(_class(MANIFEST, SPEC, DaemonHarness))
