"""Who may know whom. The contracts stand in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.architecture.source import ROOT, imported, place, python_files

# Modules that hold no rule of their own: the contract for plugins does not concern them.
OPEN_TO_PLUGINS = {"core.plugin_api"}
DIALECT_ROOMS = ("core/kernel/among.py", "core/kernel/db.py", "core/kernel/search.py", "core/migrations/")
IMPURE = (
    "sqlalchemy",
    "flask",
    "requests",
    "random",
    "time",
    "os",
    "secrets",
    "core.kernel.db",
    "core.kernel.ids",
)


def contract(identity: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return next(one for one in settings["contracts"] if one["id"] == identity)


def test_every_import_contract_holds() -> None:
    """In a process of its own: the linter sets up logging anew and silences every logger it finds."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", lint, "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_room_of_core_is_forgotten_in_the_contract_for_plugins() -> None:
    rooms = {f"core.{path.stem}" for path in (ROOT / "core").glob("*.py") if path.stem != "__init__"}
    rooms |= {f"core.{path.parent.name}" for path in (ROOT / "core").glob("*/__init__.py")}
    forbidden = {name for name in contract("plugins-see-the-contract")["forbidden_modules"] if "." in name}
    assert forbidden == rooms - OPEN_TO_PLUGINS


def test_the_contracts_see_every_bundled_plugin() -> None:
    folders = [path.parent for path in (ROOT / "plugins").glob("*/*/plugin.toml")]
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []


def test_only_the_database_and_models_know_the_dialect() -> None:
    guilty = [
        place(path, line)
        for path in python_files("core", "plugins")
        for name, line in imported(path)
        if name.startswith("sqlalchemy.dialects") and path.name != "models.py"
        and not place(path).startswith(DIALECT_ROOMS)
    ]  # fmt: skip
    assert guilty == []


@pytest.mark.parametrize("name", ["rules.py", "values.py"])
def test_rules_and_values_are_pure(name: str) -> None:
    guilty = [
        f"{place(path, line)} imports {module}"
        for path in python_files("core")
        for module, line in imported(path)
        if path.name == name and any(module == one or module.startswith(f"{one}.") for one in IMPURE)
    ]
    assert guilty == []
