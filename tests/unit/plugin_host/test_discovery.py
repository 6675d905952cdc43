"""Plugins are found in three places, and finding one never runs it."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from core.plugin_host import discovery
from core.plugin_host.discovery import bundled_folder, discover
from tests.fixtures.plugins import WritePlugin

EXPLODES = "raise RuntimeError('imported')"


@pytest.fixture
def nothing_bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    return folder


def test_the_bundled_plugins_lie_beside_core() -> None:
    folder = bundled_folder()
    assert folder is not None
    assert (folder / "gateways" / "manual" / "plugin.toml").is_file()


def test_core_finds_nothing_when_plugins_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "bundled_folder", lambda: None)
    assert discover().manifests == {}


def test_a_plugin_folder_is_found_and_not_run(
    write_plugin: WritePlugin, outside: Path, nothing_bundled: Path
) -> None:
    write_plugin(EXPLODES)
    before = set(sys.modules)
    found = discover([outside], bundled=nothing_bundled)
    assert list(found.manifests) == ["gateway.acme"]
    assert sys.modules.keys() == before


def test_plugin_path_may_name_the_plugin_itself(write_plugin: WritePlugin, nothing_bundled: Path) -> None:
    place = write_plugin(EXPLODES)
    assert list(discover([place], bundled=nothing_bundled).manifests) == ["gateway.acme"]


def test_plugin_path_may_be_laid_out_by_kind(
    write_plugin: WritePlugin, outside: Path, tmp_path: Path, nothing_bundled: Path
) -> None:
    write_plugin(EXPLODES)
    assert list(discover([tmp_path], bundled=nothing_bundled).manifests) == ["gateway.acme"]


def test_a_missing_folder_is_reported(tmp_path: Path, nothing_bundled: Path) -> None:
    broken = discover([tmp_path / "nowhere"], bundled=nothing_bundled).broken
    assert [item.error for item in broken] == [f"plugin_path: {tmp_path / 'nowhere'} is not a folder"]


def test_two_plugins_with_one_id_are_both_refused(
    write_plugin: WritePlugin, outside: Path, nothing_bundled: Path
) -> None:
    write_plugin()
    write_plugin(folder="other", id="gateway.acme")
    found = discover([outside], bundled=nothing_bundled)
    assert found.manifests == {}
    assert "gateway.acme is offered twice" in found.broken[0].error
    assert "acme/plugin.toml" in found.broken[0].error
    assert "other/plugin.toml" in found.broken[0].error


def test_one_folder_named_twice_is_one_plugin(
    write_plugin: WritePlugin, outside: Path, nothing_bundled: Path
) -> None:
    place = write_plugin()
    assert discover([outside, place, outside], bundled=nothing_bundled).broken == ()


def test_an_installed_plugin_is_found_by_its_entry_point(
    tmp_path: Path, nothing_bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "hosting_acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(EXPLODES)
    (package / "plugin.toml").write_text(
        'id = "gateway.acme"\napi = 1\nmodule = "hosting_acme.plugin"\nname = "Acme"\nkind = "gateway"\n'
    )
    monkeypatch.syspath_prepend(package.parent)
    entry = EntryPoint("acme", "hosting_acme", discovery.ENTRY_POINT_GROUP)
    monkeypatch.setattr(discovery, "entry_points", lambda group: [entry])
    assert discover(bundled=nothing_bundled).manifests["gateway.acme"].folder == package
    assert "hosting_acme" not in sys.modules


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"id": "acme"}, "id: 'acme' is not <kind>.<name>"),
        ({"id": None}, "the key 'id' is missing"),
        ({"kind": "gatway"}, "kind: 'gatway' is not one of gateway, provisioner"),
        ({"api": "1"}, "api: must be a whole number"),
        ({"name": " "}, "name: must be a text"),
        ({"module": "../evil"}, "module: '../evil' is not the name of a Python module"),
        ({"modul": "plugin"}, "unknown key 'modul'"),
    ],
)
def test_a_bad_manifest_names_file_and_key(
    write_plugin: WritePlugin, outside: Path, nothing_bundled: Path, keys: dict[str, object], said: str
) -> None:
    place = write_plugin(**keys)
    (broken,) = discover([outside], bundled=nothing_bundled).broken
    assert broken.error.startswith(f"{place / 'plugin.toml'}: ")
    assert said in broken.error
    assert "\n" not in broken.error


def test_a_manifest_that_is_not_toml_is_reported(
    write_plugin: WritePlugin, outside: Path, nothing_bundled: Path
) -> None:
    (write_plugin() / "plugin.toml").write_text("id = ")
    assert "can not be read" in discover([outside], bundled=nothing_bundled).broken[0].error
