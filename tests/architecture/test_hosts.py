"""The repository names no package registry and no place on anybody's machine."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source import kept_files, place

# Written apart, or this file would be the first one found.
FORBIDDEN = {
    "a package registry": "|".join(
        rf"{name}\.{ending}"
        for name, ending in [
            ("registry", "npmjs"), ("registry", "yarnpkg"), ("pypi", "org"), ("pypi", "python"),
            ("pythonhosted", "org"), ("deb", "debian"), ("archive", "ubuntu"), ("crates", "io"),
        ]
    ),
    "an index or a folder of wheels": r"--(extra-)?index-" + r"url|--find-" + "links|--trusted-" + "host",
    "a place on one machine": r"(?<![\w.])/(?:" + "work/(?:main|plan|shared)|root/|home/[a-z])",
    "the workplace": r"\.\./" + "shared/",
}  # fmt: skip
BINARY = {".png", ".jpg", ".ico", ".woff2", ".pdf", ".gz"}


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{place(path, line)} names {what}"
        for path in kept_files()
        if path.suffix not in BINARY
        for line, what in offences(path)
    ]
    assert found == []


def offences(path: Path) -> list[tuple[int, str]]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        (number, what)
        for number, line in enumerate(lines, start=1)
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, line)
    ]


def test_the_check_sees_what_it_is_for(tmp_path: Path) -> None:
    guilty = tmp_path / "lock.json"
    guilty.write_text('"resolved": "https://registry.' + 'npmjs.example/x"\n--extra-index-' + "url x\n")
    assert [line for line, _ in offences(guilty)] == [1, 2]
