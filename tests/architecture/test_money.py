"""No float comes near money."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, place, python_files, tree

MONEY = ("billing", "catalog", "orders", "payments", "services", "tax")
KERNEL = ("money.py", "calendar.py", "numbers.py")


def money_modules() -> list[Path]:
    rooms = python_files(*(f"core/{room}" for room in MONEY))
    kernel = (ROOT / "core" / "kernel" / name for name in KERNEL)
    return sorted({*rooms, *(path for path in kernel if path.exists())})


def floats(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a float is written or made: a literal, the type's name, or round(). Refusing one is fine."""
    refused = {id(name) for call in ast.walk(module) if _asks(call) for name in ast.walk(call)}
    for node in ast.walk(module):
        if id(node) in refused:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the literal {node.value}"
        elif isinstance(node, ast.Name) and node.id in ("float", "round", "Float"):
            yield node.lineno, node.id


def _asks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"


def test_money_modules_hold_no_float() -> None:
    found = [f"{place(path, line)} {what}" for path in money_modules() for line, what in floats(tree(path))]
    assert found == []


@pytest.mark.parametrize("guilty", ["rate = 0.0825", "x = float(y)", "x = round(y)", "Mapped[Float]"])
def test_the_check_sees_a_float(guilty: str) -> None:
    assert list(floats(ast.parse(guilty)))


def test_the_check_lets_a_float_be_refused() -> None:
    assert not list(floats(ast.parse("if isinstance(value, float): raise TypeError")))


def test_the_check_looks_at_the_money() -> None:
    assert ROOT / "core" / "kernel" / "money.py" in money_modules()
