"""Make the kit's test classes: one per spec of each plugin, with the tests its abilities call for.

Bundled and installed plugins: ``globals().update(contracts())`` in a test module. A plugin of one's own:
``TestContract = contract_of(__file__)`` in a test module beside its plugin.toml.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

# Before the contracts are imported: their assertions then show the values that differ.
pytest.register_assert_rewrite(
    "core.testing.common", "core.testing.gateways", "core.testing.gateway_forms", "core.testing.gateway_news",
    "core.testing.provisioners", "core.testing.registrars", "core.testing.registers",
    "core.testing.themes",
)  # fmt: skip

from core.plugin_host.discovery import discover  # noqa: E402
from core.plugin_host.errors import PluginLoadError  # noqa: E402
from core.plugin_host.importing import import_sibling  # noqa: E402
from core.plugin_host.loading import load_specs, new_manager  # noqa: E402
from core.plugin_host.manifest import FILE_NAME, Manifest  # noqa: E402
from core.testing.gateways import GatewayContract  # noqa: E402
from core.testing.harness import (  # noqa: E402
    GatewayHarness,
    Harness,
    ProvisionerHarness,
    RegisterHarness,
    RegistrarHarness,
    ThemeHarness,
)
from core.testing.marks import needs_of  # noqa: E402
from core.testing.provisioners import ProvisionerContract  # noqa: E402
from core.testing.registers import RegisterContract  # noqa: E402
from core.testing.registrars import RegistrarContract  # noqa: E402
from core.testing.themes import ThemeContract  # noqa: E402

HARNESS = "harness"
CONTRACTS: Mapping[type[Harness[Any]], type] = {
    GatewayHarness: GatewayContract,
    ProvisionerHarness: ProvisionerContract,
    RegistrarHarness: RegistrarContract,
    RegisterHarness: RegisterContract,
    ThemeHarness: ThemeContract,
}
KINDS: Mapping[str, type[Harness[Any]]] = {
    "GatewaySpec": GatewayHarness,
    "ProvisionerSpec": ProvisionerHarness,
    "RegistrarSpec": RegistrarHarness,
    "RegisterSpec": RegisterHarness,
    "ThemeSpec": ThemeHarness,
}


def contracts(plugin_path: Sequence[Path] = ()) -> dict[str, type]:
    """Test classes for every plugin that is found, by class name.

    A plugin that can not be described or loaded, or has no harness, is a class with one failing test.
    """
    found = discover(plugin_path)
    classes = [_failing(broken.id, broken.error) for broken in found.broken]
    for manifest in found.manifests.values():
        classes += _classes(manifest)
    return {cls.__name__: cls for cls in classes}


def contract_of(place: str | Path) -> type:
    """The test class of the one plugin whose plugin.toml lies beside ``place`` (a test's ``__file__``)."""
    folder = Path(place).resolve()
    manifest = Manifest.read((folder if folder.is_dir() else folder.parent) / FILE_NAME)
    classes = list(_classes(manifest))
    if len(classes) == 1:
        return classes[0]
    return type(_class_name(manifest.id), (), {cls.__name__: cls for cls in classes})


def _classes(manifest: Manifest) -> Iterator[type]:
    try:
        specs = load_specs(new_manager(), manifest)
        harnesses = _harnesses(manifest) if specs else {}
    except PluginLoadError as error:
        yield _failing(manifest.id, str(error))
        return
    for spec in specs:
        try:
            yield _class(manifest, spec, harnesses.get(spec.id))
        except PluginLoadError as error:
            yield _failing(f"{manifest.id}.{spec.id}", str(error))


def _harnesses(manifest: Manifest) -> dict[str, type[Harness[Any]]]:
    """The harness classes that the plugin's own harness.py defines, by spec id."""
    try:
        module = import_sibling(manifest, HARNESS)
    except PluginLoadError:
        raise
    except Exception as error:
        raise PluginLoadError(f"{manifest.id}: harness.py: {type(error).__name__}: {error}") from error
    own = [item for item in vars(module).values() if getattr(item, "__module__", "") == module.__name__]
    classes = [item for item in own if inspect.isclass(item) and issubclass(item, Harness)]
    return {getattr(one, "spec_id", ""): one for one in classes if not inspect.isabstract(one)}


def _class(manifest: Manifest, spec: Any, harness: type[Harness[Any]] | None) -> type:
    wanted = KINDS[type(spec).__name__]
    if harness is None or not issubclass(harness, wanted):
        raise PluginLoadError(f"{manifest.id}: harness.py has no {wanted.__name__} for {spec.id}")
    contract = CONTRACTS[wanted]
    members: dict[str, Any] = {"manifest": manifest, "spec": spec, "harness": harness}
    tests = _tests(contract)
    left_out = {name for name, test in tests.items() if not needs_of(test).fit(spec)}
    members |= dict.fromkeys(left_out)  # pytest collects no None
    _check_exemptions(manifest, harness, set(tests) - left_out)
    members |= {name: _exempted(tests[name], reason) for name, reason in harness.exempt.items()}
    return type(_class_name(f"{manifest.id}.{spec.id}"), (contract,), members)


def _tests(contract: type) -> dict[str, Any]:
    return {name: getattr(contract, name) for name in dir(contract) if name.startswith("test_")}


def _check_exemptions(manifest: Manifest, harness: type[Harness[Any]], tests: set[str]) -> None:
    for name, reason in harness.exempt.items():
        if name not in tests:
            raise PluginLoadError(f"{manifest.id}: exempt: {name} is no test of this plugin")
        if len(reason.split()) < 3:
            raise PluginLoadError(f"{manifest.id}: exempt: {name} needs a reason in words")


def _exempted(test: Any, reason: str) -> Any:
    """Collected and named in the summary with its reason, but not run."""

    def exempted(self: object) -> None:
        raise AssertionError(reason)

    exempted.__doc__ = test.__doc__
    return pytest.mark.xfail(reason=f"exempt: {reason}", run=False)(exempted)


def _failing(name: str, error: str) -> type:
    def test_can_be_tested(self: object) -> None:
        pytest.fail(error, pytrace=False)

    return type(_class_name(name), (), {"test_can_be_tested": test_can_be_tested})


def _class_name(name: str) -> str:
    return "Test" + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name) if part)


__all__ = ["contract_of", "contracts"]
