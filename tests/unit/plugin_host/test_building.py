"""A built plugin gets its settings, and a session that goes where they say and nowhere else."""

from __future__ import annotations

import dataclasses
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from core.kernel.clock import FixedClock
from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, SecretStr
from core.plugin_api.errors import Misconfigured
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    Provisioner,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
)
from core.plugin_host.building import Builder, settings_for
from core.plugin_host.hosts import HostPolicy
from core.plugin_host.http import guarded_session
from core.plugin_host.values import ProvisionerEntry


class Config(PluginConfig):
    url: str = Field(title="Address")
    api_key: SecretStr = Field(title="Key")
    allow_private_hosts: bool = Field(default=False, title="In our own network")


class Panel(Provisioner[Config]):
    def check(self) -> HealthReport:
        self.ctx.log.warning("the key is %s", self.ctx.config.api_key.get_secret_value())
        return HealthReport(ok=True)

    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        return None

    def create(self, request: CreateRequest) -> ProvisionOutcome:
        raise NotImplementedError

    def suspend(self, ref: AccountRef, reason: str) -> ProvisionOutcome:
        raise NotImplementedError

    def resume(self, ref: AccountRef) -> ProvisionOutcome:
        raise NotImplementedError

    def terminate(self, ref: AccountRef) -> ProvisionOutcome:
        raise NotImplementedError


SPEC = ProvisionerSpec(id="panel", name="Panel", config=Config, implementation=Panel)
ENTRY = ProvisionerEntry(
    plugin_id="provisioner.panel", spec=SPEC, defaults={"url": "https://default.example"}
)
CLOCK = FixedClock(datetime(2026, 1, 5, tzinfo=UTC))


def policies(*, spec: ProvisionerSpec = SPEC, mode: Mode = Mode.LIVE, **config: Any) -> HostPolicy:
    seen: list[HostPolicy] = []

    def connect(policy: HostPolicy) -> Any:
        seen.append(policy)
        return guarded_session(policy)

    entry = dataclasses.replace(ENTRY, spec=spec)
    Builder(CLOCK, mode, connect).provisioner(entry, {"api_key": "canary-1", **config})
    return seen[0]


def test_the_host_comes_from_the_settings() -> None:
    assert policies(url="https://cedar.example:8443/api").hosts == {"cedar.example"}


def test_defaults_fill_what_a_server_leaves_out() -> None:
    assert policies().hosts == {"default.example"}


def test_a_fixed_list_of_hosts_wins() -> None:
    spec = dataclasses.replace(SPEC, hosts=frozenset({"API.example"}))
    assert policies(spec=spec, url="https://evil.example").hosts == {"api.example"}


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(Misconfigured, match="url: cedar is not an address"):
        policies(url="cedar")


def test_doors_are_closed_unless_opened() -> None:
    closed = policies()
    assert (closed.allow_loopback, closed.allow_private) == (False, False)
    test_mode = policies(spec=dataclasses.replace(SPEC, mode=Mode.TEST))
    assert (test_mode.allow_loopback, test_mode.allow_private) == (True, False)
    demo = policies(mode=Mode.TEST)
    assert (demo.allow_loopback, demo.allow_private) == (True, False)
    by_spec = policies(spec=dataclasses.replace(SPEC, private_hosts=True))
    assert (by_spec.allow_loopback, by_spec.allow_private) == (True, True)
    by_setting = policies(allow_private_hosts=True)
    assert (by_setting.allow_loopback, by_setting.allow_private) == (True, True)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "the settings of a panel server: api_key: the setting is missing (Key)"),
        (
            {"api_key": "env:NOT_THERE"},
            "api_key: the environment variable NOT_THERE is not set",
        ),
        ({"api_key": "x", "ulr": "y"}, "ulr: unknown setting; did you mean url?"),
    ],
)
def test_a_servers_wrong_setting_is_one_line(config: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        settings_for(ENTRY, config)
    assert said in str(raised.value)


def test_a_plugins_own_log_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    panel = Builder(CLOCK).provisioner(ENTRY, {"api_key": "canary-1"})
    with caplog.at_level(logging.DEBUG):
        panel.check()
    assert "the key is [hidden]" in caplog.text
    assert "canary-1" not in caplog.text
