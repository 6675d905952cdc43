"""Every command, and every option of it, stands in the page that operators read."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from core.cli import innkeeper
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "operations" / "commands.md"


def commands(group: click.Group, before: str = "innkeeper") -> Iterator[tuple[str, click.Command]]:
    """(``innkeeper work dead``, command) of everything that does something."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def entries() -> dict[str, str]:
    """Name of a command -> its heading in the page, with options: lines that begin with a backtick."""
    headings = [line.strip("`\n") for line in PAGE.read_text().splitlines() if line.startswith("`innkeeper ")]
    names = [
        " ".join(word for word in line.split() if word.islower() and word.replace("-", "").isalpha())
        for line in headings
    ]
    return dict(zip(names, headings, strict=True))


@pytest.mark.parametrize(("name", "command"), [*commands(innkeeper)])
def test_each_command_is_documented_with_its_options(name: str, command: click.Command) -> None:
    assert name in entries()
    options = [one.opts[0] for one in command.params if isinstance(one, click.Option)]
    assert [option for option in options if option not in entries()[name]] == []


def test_the_page_names_no_command_that_is_not_there() -> None:
    assert sorted(entries()) == sorted(name for name, _ in commands(innkeeper))
