"""Core stands without the folder plugins/: copied away from it, each module is imported and it answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# In the copy, an editable installation would still lead to plugins/: nobody may find it.
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.modules["plugins"] = None
import core
names = [found.name for found in pkgutil.walk_packages(core.__path__, "core.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
assert core.__file__.startswith(sys.argv[1]), core.__file__
print(len(names))
"""

ANSWER = """
import sys
from pathlib import Path
sys.modules["plugins"] = None
from core.app import build, create_app
from core.settings import load
from core.work.inline import InlineEngine
Path("innkeeper.toml").write_text('mode = "demo"\\n')
settings = load(Path("innkeeper.toml"), {"INNKEEPER_DATA": str(Path("var").resolve())})
app = create_app(build(settings, lambda db, plugins, settings: InlineEngine()))
print(app.test_client().get("/healthz").status_code)
"""


@pytest.fixture
def house_without_plugins(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("node_modules", "vendor", "__pycache__")
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=ignored)
    return tmp_path


def run(folder: Path, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(folder)],
        cwd=folder, check=False, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_of_core_can_be_imported(house_without_plugins: Path) -> None:
    assert int(run(house_without_plugins, IMPORT_ALL)) > 50


def test_core_answers_with_no_plugin_at_all(house_without_plugins: Path) -> None:
    assert run(house_without_plugins, ANSWER).strip() == "200"
