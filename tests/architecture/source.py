"""Reading our own source: which files there are and what stands in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "core" / "migrations" / "versions"  # written by a tool, never changed again


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that is committed or about to be, by git's own rules of what to ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted({path for path in paths if path.is_file()}))


def python_files(*folders: str) -> Iterator[Path]:
    """Our own modules below the folders, without the history of the database."""
    roots = [ROOT / folder for folder in folders]
    for path in kept_files():
        if path.suffix == ".py" and HISTORY not in path.parents and any(r in path.parents for r in roots):
            yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, line: int | None = None) -> str:
    """``core/kernel/db.py:12``, as an editor opens it."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Each module that a file imports, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
