"""What ``innkeeper new`` writes loads at once, is tidy, and is red until somebody writes it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.kernel.clock import SystemClock
from core.plugin_host.configs import tables
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.generator import KINDS, write_plugin
from core.plugin_host.manifest import Kind
from core.plugin_host.registry import Registry, load_plugins
from core.plugin_host.values import PluginSettings
from tests.fixtures.kit import run_kit

CONFIG = str(Path(__file__).parents[3] / "pyproject.toml")


def load_generated(kind: Kind, folder: Path) -> Registry:
    """Enabled with the lines that its own README gives."""
    readme = (folder / "acme_inn" / "README.md").read_text()
    written = re.search(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert written
    config = tomllib.loads(written[1])
    assert config["plugins"]["path"] == [str(folder)]
    settings = PluginSettings(
        enabled=(*config["plugins"]["enabled"], "theme.lobby"),  # its parent, if it is a theme
        configs=tables(**{kind: group for kind, group in config.items() if kind != "plugins"}),
        plugin_path=(folder,),
    )
    return load_plugins(settings, SystemClock(), strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_and_is_listed(kind: Kind, tmp_path: Path) -> None:
    write_plugin(kind, "acme_inn", tmp_path)
    state = load_generated(kind, tmp_path).state(f"{kind}.acme_inn")
    assert state is not None
    assert (state.state, state.name, state.kind, state.offers) == ("enabled", "Acme Inn", kind, ("acme_inn",))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_tidy(kind: Kind, tmp_path: Path) -> None:
    written = write_plugin(kind, "acme_inn", tmp_path)
    python = [str(path) for path in written if path.suffix == ".py"]
    assert len(python) == 3
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "--config", CONFIG, *python],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_its_contract_is_red(kind: Kind, tmp_path: Path) -> None:
    write_plugin(kind, "acme_inn", tmp_path)
    result = run_kit(tmp_path / "acme_inn")
    assert result.failed, result.output
    assert not result.errors, "a skeleton fails in its tests, not while they are collected or set up"


@pytest.mark.parametrize("name", ["", "A", "Acme", "1acme", "acme-card", "../acme", "class", "x" * 40, "a b"])
def test_a_bad_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginLoadError, match="a name is 2 to 31 small letters"):
        write_plugin(Kind.GATEWAY, name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    with pytest.raises(PluginLoadError, match="exists already"):
        write_plugin(Kind.GATEWAY, "acme", tmp_path)
    assert list((tmp_path / "acme").iterdir()) == []


@pytest.mark.parametrize("make", [lambda p: p, lambda p: p / "deep" / "er"])
def test_the_folder_is_made(make: Callable[[Path], Path], tmp_path: Path) -> None:
    written = write_plugin(Kind.THEME, "velvet", make(tmp_path))
    names = {str(path.relative_to(make(tmp_path))) for path in written}
    assert names == {
        "velvet/README.md",
        "velvet/harness.py",
        "velvet/plugin.py",
        "velvet/plugin.toml",
        "velvet/static/velvet.css",
        "velvet/test_contract.py",
    }
