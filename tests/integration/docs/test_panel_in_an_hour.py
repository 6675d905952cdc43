"""The plugin of docs/plugins/panel-in-an-hour.md is what it says: it loads, and it works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.kernel.clock import FixedClock
from core.plugin_api.context import Mode, SecretStr
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    Lists,
    ProvisionCode,
    Provisioner,
    ProvisionOutcome,
    RemoteState,
)
from core.plugin_api.values import Status
from core.plugin_host.registry import Registry, load_plugins
from core.plugin_host.values import PluginSettings
from core.testing.sandbox.client import SandboxProcess

PAGE = Path(__file__).resolve().parents[3] / "docs" / "plugins" / "panel-in-an-hour.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def panel_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess.start(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The page's files in a folder outside, loaded as an owner would."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "plugin.toml").write_text(blocks("toml")[0])
    (folder / "plugin.py").write_text("\n".join(blocks("python")))
    settings = PluginSettings(
        enabled=("provisioner.acme",), plugin_path=(tmp_path,), mode=Mode.TEST, config_file="innkeeper.toml"
    )
    return load_plugins(settings, FixedClock(datetime(2026, 5, 13, tzinfo=UTC)), strict=True)


@pytest.fixture
def panel(registry: Registry, panel_process: SandboxProcess) -> Provisioner[Any]:
    return registry.build_provisioner("acme", {"url": panel_process.url, "key": panel_process.key})


def request(registry: Registry, ref: AccountRef, plan: str = "starter") -> CreateRequest:
    options = registry.provisioner_spec("acme").options.model_validate({"plan": plan})
    return CreateRequest(
        ref=ref,
        idempotency_key=f"create:{ref.service_id}:{plan}",
        password=SecretStr("correct-horse-battery"),
        contact_email="ada@client.example",
        contact_name="Ada Client",
        options=options,
    )


def new_ref(**changes: str) -> AccountRef:
    service = uuid4()
    name = f"a{service.hex[:10]}"
    values = {"username": name, "domain": f"{name}.example", "marker": f"ik:{service}"} | changes
    return AccountRef(
        service_id=service, username=values["username"], domain=values["domain"], marker=values["marker"]
    )


def told(outcome: ProvisionOutcome) -> tuple[Status, RemoteState, bool]:
    return outcome.status, outcome.state, outcome.changed


def test_it_answers(panel: Provisioner[Any]) -> None:
    assert panel.check().ok


def test_an_account_lives_and_every_call_may_be_repeated(panel: Provisioner[Any], registry: Registry) -> None:
    ref = new_ref()
    assert told(panel.create(request(registry, ref)))[:2] == (Status.SUCCEEDED, RemoteState.ACTIVE)
    assert panel.create(request(registry, ref)).status is Status.SUCCEEDED
    for _ in range(2):
        suspended = panel.suspend(ref, "not paid")
        assert suspended.state is RemoteState.SUSPENDED
    assert suspended.changed is False
    assert told(panel.resume(ref)) == (Status.SUCCEEDED, RemoteState.ACTIVE, True)
    assert isinstance(panel, Lists)
    assert ref.username in {account.username for account in panel.accounts()}
    assert told(panel.terminate(ref)) == (Status.SUCCEEDED, RemoteState.ABSENT, True)
    assert told(panel.terminate(ref)) == (Status.SUCCEEDED, RemoteState.ABSENT, False)
    assert panel.inspect(ref) is None


def test_our_own_account_under_another_key_is_found_again(
    panel: Provisioner[Any], registry: Registry
) -> None:
    ref = new_ref()
    panel.create(request(registry, ref))
    again = panel.create(request(registry, ref, plan="business"))
    assert told(again) == (Status.SUCCEEDED, RemoteState.ACTIVE, False)


def test_a_strangers_account_is_left_alone(panel: Provisioner[Any], registry: Registry) -> None:
    theirs = new_ref()
    panel.create(request(registry, theirs))
    ours = new_ref(username=theirs.username)
    assert panel.create(request(registry, ours)).code is ProvisionCode.NAME_TAKEN
    assert panel.terminate(ours).code is ProvisionCode.PERMISSION_DENIED
    assert panel.suspend(ours, "not paid").code is ProvisionCode.PERMISSION_DENIED
    assert panel.inspect(theirs) is not None


def test_a_plan_the_panel_does_not_have(panel: Provisioner[Any], registry: Registry) -> None:
    outcome = panel.create(request(registry, new_ref(), plan="gold"))
    assert outcome.code is ProvisionCode.PACKAGE_MISSING
