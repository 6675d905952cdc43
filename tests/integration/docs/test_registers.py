"""The register of docs/plugins/registers.md keeps the contract, in its own words: plugin, harness and all."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from core.testing.suite import contract_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "plugins" / "registers.md"
MANIFEST = 'id = "register.acme"\nkind = "register"\napi = 1\nmodule = "plugin"\nname = "Acme"\n'


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found, f"the page has no block of {language}"
    return found[1]


with tempfile.TemporaryDirectory() as _folder:  # imported at once; nothing is read later
    for _name, _text in (
        ("plugin.toml", MANIFEST),
        ("plugin.py", block("python")),
        ("harness.py", block("py")),
    ):
        (Path(_folder) / _name).write_text(_text)
    TestAcme = contract_of(_folder)
