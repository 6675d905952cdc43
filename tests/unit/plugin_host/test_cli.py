"""``innkeeper plugins`` and ``innkeeper new`` as a person at the terminal meets them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from core.plugin_host.cli import new_command, plugins_group
from core.plugin_host.generator import write_plugin as write_plugin_of
from core.plugin_host.manifest import Kind
from core.plugin_host.values import PluginSettings
from tests.fixtures.plugins import GATEWAY, WritePlugin


def run(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, words)


def group(outside: Path, tmp_path: Path, *enabled: str) -> click.Group:
    (tmp_path / "none").mkdir(exist_ok=True)
    settings = PluginSettings(
        enabled=enabled,
        configs={"gateways.acme": {"payee": "Acme Ltd", "api_key": "canary-key"}} if enabled else {},
        plugin_path=(outside,),
        config_file="innkeeper.toml",
        bundled=tmp_path / "none",
    )
    return plugins_group(lambda: settings)


def test_list_shows_what_is_found(write_plugin: WritePlugin, outside: Path, tmp_path: Path) -> None:
    write_plugin()
    write_plugin("1/0", folder="other")
    result = run(group(outside, tmp_path, "gateway.acme"), "list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].split() == ["enabled", "gateway.acme", "gateway", "Acme"]
    assert lines[1].split() == ["available", "gateway.other", "gateway", "Acme"]


def test_check_passes_when_all_is_well(write_plugin: WritePlugin, outside: Path, tmp_path: Path) -> None:
    write_plugin()
    result = run(group(outside, tmp_path, "gateway.acme"), "check")
    assert (result.exit_code, result.output) == (
        0,
        "ok      acme: Acme Ltd\n1 enabled plugins are in order.\n",
    )


def test_check_names_what_is_broken(write_plugin: WritePlugin, outside: Path, tmp_path: Path) -> None:
    write_plugin("raise RuntimeError('no licence')")
    result = run(group(outside, tmp_path, "gateway.acme"), "check")
    assert result.exit_code == 1
    assert result.output.startswith("FAILED  gateway.acme: RuntimeError while it was loaded: no licence")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("words", "code"), [(["check"], 1), (["check", "--offline"], 0)])
def test_check_asks_the_provider(
    write_plugin: WritePlugin, outside: Path, tmp_path: Path, words: list[str], code: int
) -> None:
    write_plugin(GATEWAY.replace("ok=True", "ok=False"))
    result = run(group(outside, tmp_path, "gateway.acme"), *words)
    assert result.exit_code == code
    assert ("FAILED  acme: Acme Ltd" in result.output) == (code == 1)


def test_check_asks_registers_too(tmp_path: Path) -> None:
    write_plugin_of(Kind.REGISTER, "acme_tax", tmp_path)
    settings = PluginSettings(
        enabled=("register.acme_tax",), configs={"registers.acme_tax": {"api_key": "a-key"}},
        plugin_path=(tmp_path,),
    )  # fmt: skip
    result = run(plugins_group(lambda: settings), "check")
    assert result.exit_code == 1
    assert "FAILED  acme_tax: This plugin is not written yet." in result.output


def test_show_tells_abilities_and_settings_but_no_secret(
    write_plugin: WritePlugin, outside: Path, tmp_path: Path
) -> None:
    write_plugin()
    result = run(group(outside, tmp_path, "gateway.acme"), "show", "gateway.acme")
    assert result.exit_code == 0
    assert "can     TakesManualPayments" in result.output
    assert "payee                required, Payee: Acme Ltd" in result.output
    assert "api_key              optional, Key: set, not shown" in result.output
    assert "canary" not in result.output


def test_show_of_an_unknown_plugin_lists_the_known(
    write_plugin: WritePlugin, outside: Path, tmp_path: Path
) -> None:
    write_plugin()
    result = run(group(outside, tmp_path), "show", "gateway.nobody")
    assert result.exit_code == 1
    assert "no plugin is called gateway.nobody. Found: gateway.acme" in result.output


def test_new_writes_a_plugin_and_says_what_next(tmp_path: Path) -> None:
    result = run(new_command(), "provisioner", "acme", "--into", str(tmp_path))
    assert result.exit_code == 0
    assert f"wrote {tmp_path}/acme/plugin.py" in result.output
    assert f'[plugins] enabled = [..., "provisioner.acme"], path = ["{tmp_path}"]' in result.output


def test_new_says_what_is_wrong(tmp_path: Path) -> None:
    result = run(new_command(), "gateway", "Acme", "--into", str(tmp_path))
    assert (result.exit_code, "Error: 'Acme': a name is" in result.output) == (1, True)
    assert run(new_command(), "extension", "acme").exit_code == 2
