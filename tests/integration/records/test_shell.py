"""``innkeeper import``: the same imports from the shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from core.clients.models import Client
from core.records.importing import running, service
from core.records.importing.cli import import_group
from tests.integration.records.conftest import Library, people, table


def said(library: Library, *arguments: str) -> Result:
    @contextmanager
    def house() -> Iterator[object]:
        yield library.house

    return CliRunner().invoke(import_group(house), list(arguments))  # type: ignore[arg-type]


def test_checked_only_then_read_in_then_mended(library: Library, tmp_path: Path) -> None:
    rows = people(3)
    rows[1]["email"] = "no"
    file, errors = tmp_path / "file.csv", tmp_path / "errors.csv"
    file.write_bytes(table(rows))

    result = said(library, "clients", str(file), "--dry-run")
    assert (result.exit_code, library.count(Client)) == (1, 0)
    assert "2 would be new, 0 known and left as they are, 1 refused." in result.output
    assert "row 2: Enter an email address" in result.output

    result = said(library, "clients", str(file), "--errors", str(errors))
    assert (result.exit_code, library.count(Client)) == (1, 2)
    errors.write_text(
        errors.read_text(encoding="utf-8").replace(",no,", ",bea@pinewood.example,"), encoding="utf-8"
    )
    result = said(library, "clients", str(errors), "--brand", "main")
    assert (result.exit_code, library.count(Client)) == (0, 3), result.output
    assert said(library, "clients", str(file)).exit_code == 1
    assert library.count(Client) == 3


def test_columns_and_values_that_are_said(library: Library, tmp_path: Path) -> None:
    rows = [{"Kundennr": row.pop("reference"), **row} for row in people(1)]
    rows[0].pop("country")
    file = tmp_path / "file.csv"
    file.write_bytes(table(rows, separator=";"))
    result = said(library, "clients", str(file), "--map", "reference=Kundennr", "--set", "country=US")
    assert result.exit_code == 0, result.output
    assert library.all(Client)[0].external_reference == "R1"


def test_what_can_be_mended_is_said_without_a_trace(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(table(people(1)))
    for arguments, words in (
        (("--map", "reference=Nummer"), "no column 'Nummer'"), (("--map", "colour=email"), "no such field"),
        (("--set", "country"), "FIELD=SOMETHING"),
    ):  # fmt: skip
        result = said(library, "clients", str(file), *arguments)
        assert (result.exit_code != 0, words in result.output) == (True, True), result.output
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert "file: This file is empty." in said(library, "clients", str(empty)).output
    assert library.count(Client) == 0


def test_what_was_stopped_is_resumed(library: Library) -> None:
    import_id = library.checked("clients", table(people(3)))
    service.read_in(library.house, import_id, actor="system", here=True)
    running._begin(library.house, import_id)  # a process that died right after
    result = said(library, "resume", "1")
    assert result.exit_code == 0, result.output
    assert "3 new, 0 known and left as they are, 0 refused." in result.output
    again = said(library, "resume", "1")
    assert again.exit_code != 0
    assert library.count(Client) == 3
