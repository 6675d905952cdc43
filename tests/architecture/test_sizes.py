"""Small rooms: the ceilings were set on the first day, so that nobody has to lower them later."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.architecture.source import place, python_files, tree

MODULE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_LINES = 10
OURS = ("core", "plugins", "tests", "bench", "scripts")


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's place and length, decorators not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (
                f"{place(path, node.lineno)} {node.name}",
                (node.end_lineno or node.lineno) - node.lineno + 1,
            )


def test_no_module_is_too_long() -> None:
    lengths = {place(path): len(path.read_text().splitlines()) for path in python_files(*OURS)}
    assert {name: lines for name, lines in lengths.items() if lines >= MODULE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = dict(one for path in python_files(*OURS) for one in functions(path))
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_the_usual_function_is_short() -> None:
    lengths = [lines for path in python_files("core", "plugins") for _, lines in functions(path)]
    assert median(lengths) < MEDIAN_LINES
