"""The sandbox plugins against the sandbox process itself: real sockets, and faults that really hang up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.kernel.clock import SystemClock
from core.kernel.money import Money
from core.plugin_api.context import SecretStr
from core.plugin_api.provisioner import AccountRef, CreateRequest
from core.plugin_api.values import ChargeRequest, LookupRequest, PaymentOutcome, Status, StoredMethod
from core.plugin_host import http
from core.plugin_host.calls import call_gateway, call_provisioner
from core.plugin_host.configs import tables
from core.plugin_host.registry import Registry, load_plugins
from core.plugin_host.values import PluginSettings
from core.testing.sandbox.client import SandboxProcess

TEN = Money(1000, "USD")
ENABLED = (
    "gateway.sandbox_card", "gateway.sandbox_echeck", "gateway.sandbox_wallet", "gateway.manual",
    "provisioner.sandbox_panel", "provisioner.sandbox_registrar", "provisioner.manual",
)  # fmt: skip


class Free:
    in_transaction = False


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess.start(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def plugins(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setattr(http, "READ_SECONDS", 0.7)
    sandbox.empty()
    yield registry(sandbox.url)
    sandbox.clear_faults()


def registry(url: str, key: str = "sandbox-secret") -> Registry:
    common = {"url": url, "secret_key": key}
    settings = PluginSettings(
        enabled=ENABLED,
        configs=tables(
            gateways={
                "sandbox_card": {**common, "public_key": "sandbox-public"},
                "sandbox_echeck": common,
                "sandbox_wallet": common,
                "manual": {"payable_to": "Acme Ltd"},
            }
        ),
    )
    return load_plugins(settings, SystemClock(), strict=True)


def charge(plugins: Registry, sandbox: SandboxProcess, key: str = "ik-1") -> PaymentOutcome:
    card = plugins.build_gateway("sandbox_card")
    request = ChargeRequest(
        attempt_id=uuid4(),
        idempotency_key=key,
        amount=TEN,
        source=StoredMethod(token=sandbox.token(), brand="Visa", last4="4242"),
        invoice_number="WH-1",
        customer_present=True,
    )
    return call_gateway(lambda: card.charge(request), db=Free(), plugin=card)  # type: ignore[attr-defined]


def lookup(plugins: Registry, key: str = "ik-1") -> PaymentOutcome:
    card = plugins.build_gateway("sandbox_card")
    request = LookupRequest(idempotency_key=key, reference=None, amount=TEN)
    return call_gateway(lambda: card.lookup(request), db=Free(), plugin=card)  # type: ignore[attr-defined]


@pytest.mark.parametrize("gateway", ["sandbox_card", "sandbox_echeck", "sandbox_wallet", "manual"])
def test_gateways_are_healthy(plugins: Registry, gateway: str) -> None:
    assert plugins.build_gateway(gateway).check().ok


def test_all_but_the_manual_ones_are_marked_as_tests(plugins: Registry) -> None:
    marked = {state.id for state in plugins.plugins if state.mode == "test"}
    assert marked == {plugin for plugin in ENABLED if "sandbox" in plugin}


@pytest.mark.parametrize(
    ("fault", "told", "found", "charges"),
    [
        ("refuse", Status.NOT_SENT, Status.NOT_SENT, 0),
        ("stall", Status.UNKNOWN, Status.NOT_SENT, 0),
        ("garbage", Status.UNKNOWN, Status.NOT_SENT, 0),
        ("lose_answer", Status.UNKNOWN, Status.SUCCEEDED, 1),
        ("late", Status.UNKNOWN, Status.SUCCEEDED, 1),
        ("server_error", Status.UNKNOWN, Status.SUCCEEDED, 1),
        ("decline", Status.DECLINED, Status.DECLINED, 1),
        ("wrong_amount", Status.UNKNOWN, Status.SUCCEEDED, 1),
    ],
)
def test_each_fault_is_told_as_what_it_is_and_then_looked_up(
    plugins: Registry, sandbox: SandboxProcess, fault: str, told: Status, found: Status, charges: int
) -> None:
    sandbox.fault("charges", fault, seconds=1.5)
    outcome = charge(plugins, sandbox)
    assert outcome.status is told, outcome.staff_note
    assert lookup(plugins).status is found
    assert len(sandbox.books("charges")) == charges


def test_a_wrong_amount_is_told_when_it_is_looked_up(plugins: Registry, sandbox: SandboxProcess) -> None:
    sandbox.fault("charges", "wrong_amount")
    charge(plugins, sandbox)
    assert lookup(plugins).amount == Money(999, "USD")


def test_nothing_listens_is_not_sent(sandbox: SandboxProcess) -> None:
    outcome = charge(registry("http://127.0.0.1:9"), sandbox)
    assert outcome.status is Status.NOT_SENT


def test_a_wrong_key_is_a_wrong_setting(sandbox: SandboxProcess) -> None:
    outcome = charge(registry(sandbox.url, "not-the-key"), sandbox)
    assert (outcome.status, outcome.staff_note) == (
        Status.NOT_SENT,
        "misconfigured: the sandbox refuses the secret key",
    )


@pytest.mark.parametrize(
    ("fault", "told", "accounts"),
    [
        ("refuse", Status.NOT_SENT, 0),
        ("garbage", Status.UNKNOWN, 0),
        ("lose_answer", Status.UNKNOWN, 1),
        ("server_error", Status.UNKNOWN, 1),
        ("decline", Status.DECLINED, 0),
    ],
)
def test_the_panel_ends_with_one_account(
    plugins: Registry, sandbox: SandboxProcess, fault: str, told: Status, accounts: int
) -> None:
    panel = plugins.build_provisioner("sandbox_panel", {"url": sandbox.url, "secret_key": "sandbox-secret"})
    service = uuid4()
    ref = AccountRef(service_id=service, marker=f"ik:{service}", username="inn1", domain="inn1.example")
    request = CreateRequest(
        ref=ref,
        idempotency_key=f"job-{service}",
        password=SecretStr("long-enough-1"),
        contact_email="a@b.example",
        contact_name="A B",
        options=plugins.provisioner_spec("sandbox_panel").options(),
    )
    sandbox.fault("panel", fault)
    outcome = call_provisioner(lambda: panel.create(request), db=Free(), plugin=panel)
    assert outcome.status is told, outcome.staff_note
    assert len(sandbox.books("accounts")) == accounts
    again: Any = call_provisioner(lambda: panel.create(request), db=Free(), plugin=panel)
    assert again.status is Status.SUCCEEDED
    assert len(sandbox.books("accounts")) == 1


def test_the_folder_of_the_card_script_is_served(plugins: Registry) -> None:
    folder = plugins.static_folder("gateway.sandbox_card")
    assert isinstance(folder, Path)
    assert (folder / "sandbox_card.js").is_file()
