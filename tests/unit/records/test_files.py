"""Awkward files: encodings, separators, quotes, line breaks in cells, what is no table at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core.kernel.problems import InvalidFields
from core.records.importing import files
from core.records.importing.files import KeptFile

HEAD = ["Name", "City"]
BREAD = [["Müller", "Köln"], ["Ana", "León"]]


def kept(folder: Path, content: bytes, **said: str) -> KeptFile:
    return files.take(folder, io.BytesIO(content), **said)


def rows_of(folder: Path, file: KeptFile) -> list[list[str]]:
    return list(files.read(files.folder(folder) / file.stored_as, file.layout))


def refused(folder: Path, content: bytes, **said: str) -> str:
    with pytest.raises(InvalidFields) as problem:
        kept(folder, content, **said)
    assert not any(files.folder(folder).iterdir()), "what cannot be read is not kept"
    return problem.value.messages["file"]


TEXT = "Name;City\r\nMüller;Köln\r\nAna;León\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8-sig"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_encodings_are_found_out(tmp_path: Path, content: bytes, encoding: str) -> None:
    file = kept(tmp_path, content)
    assert file.layout.encoding == encoding
    assert list(file.layout.head) == HEAD, "a mark at the beginning is no part of a name"
    assert rows_of(tmp_path, file) == BREAD
    assert file.rows == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, end: str) -> None:
    lines = [
        separator.join(row) for row in (["a", "b", "c"], ["1", "x; y, z" if separator == "\t" else "x", "3"])
    ]
    file = kept(tmp_path, (end.join(lines) + end).encode())
    assert file.layout.separator == separator
    assert len(rows_of(tmp_path, file)[0]) == 3


def test_quotes_hold_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = 'name,note\n"Okonkwo, Ada","first line\nsecond ""line"""\n"",x\n'
    file = kept(tmp_path, content.encode())
    assert rows_of(tmp_path, file) == [["Okonkwo, Ada", 'first line\nsecond "line"'], ["", "x"]]


def test_excel_says_its_separator(tmp_path: Path) -> None:
    file = kept(tmp_path, "sep=;\r\nname;city\r\nAna, jr;León\r\n".encode())
    assert (file.layout.head, file.layout.separator) == (("name", "city"), ";")
    assert rows_of(tmp_path, file) == [["Ana, jr", "León"]]


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    file = kept(tmp_path, b"email\na@example.com\nb@example.com\n")
    assert rows_of(tmp_path, file) == [["a@example.com"], ["b@example.com"]]


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    file = kept(tmp_path, b"\n\na,b\n\n1,2\n,\n\n3,4\n\n")
    assert rows_of(tmp_path, file) == [["1", "2"], ["3", "4"]]
    assert file.rows == 2


def test_formulas_are_data(tmp_path: Path) -> None:
    file = kept(tmp_path, b"a,b\n=1+1,@SUM(A1)\n+1,-1\n")
    assert rows_of(tmp_path, file) == [["=1+1", "@SUM(A1)"], ["+1", "-1"]]


def test_names_of_columns_are_put_in_order(tmp_path: Path) -> None:
    file = kept(tmp_path, b'"First\n name",,a\n1,2,3\n')
    assert file.layout.head == ("First name", "Column 2", "a")


def test_what_was_said_counts(tmp_path: Path) -> None:
    file = kept(tmp_path, b"a;b,c\n1;2,3\n", separator=",", encoding="cp1252")
    assert file.layout.head == ("a;b", "c")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf", "empty"), (b"\n\n\n", "empty"), (b"a,b\n", "no rows"),
        (b'a,b\n"never closed,1\n' + b"x,y\n" * 60_000, "quotation mark"),
        (b"a," * 201 + b"\n1\n", "columns"), (b"PK\x03\x04\x14\0" + b"a,b\n1,2\n", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as CSV"), (b"%PDF-1.7\na,b\n1,2\n", "save it as CSV"),
    ],
)  # fmt: skip
def test_what_is_no_table(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refused(tmp_path, content)


def test_card_numbers_are_not_shown(tmp_path: Path) -> None:
    file = kept(tmp_path, b"Ada,4242424242424242\nBo,card 4242 4242 4242 4242 12/31\nCy,1234567890123456\n")
    assert file.layout.head == (
        "Ada",
        "\u2022\u2022\u2022\u2022 4242",
    )  # no head: its first row was taken for one
    shown = files.samples(tmp_path / "imports" / file.stored_as, file.layout)
    assert shown[1] == ("card \u2022\u2022\u2022\u2022 4242 12/31", "1234567890123456")


def test_a_wrong_encoding_is_told(tmp_path: Path) -> None:
    assert "UTF-8" in refused(tmp_path, TEXT.encode("cp1252"), encoding="utf-8-sig")
    assert "UTF-16" in refused(tmp_path, b"a,b\n1,2\n3", encoding="utf-16")
    assert "another encoding" in refused(tmp_path, b"a,b\n\x81,2\n"), "no letter of Windows-1252"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    assert "larger" in refused(tmp_path, b"a,b\n1,2\n3,4\n")
    monkeypatch.setattr(files, "LARGEST", 1000)
    monkeypatch.setattr(files, "MOST_ROWS", 1)
    assert "rows" in refused(tmp_path, b"a,b\n1,2\n3,4\n")


def test_a_file_is_kept_for_its_owner_alone_under_a_random_name(tmp_path: Path) -> None:
    file = kept(tmp_path, b"a,b\n1,2\n")
    path = files.folder(tmp_path) / file.stored_as
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(file.stored_as) > 40
    files.remove(tmp_path, file.stored_as)
    files.remove(tmp_path, file.stored_as)
    assert not path.exists()


def test_lines_come_by_their_numbers(tmp_path: Path) -> None:
    file = kept(tmp_path, b"a\n1\n2\n\n3\n")
    path = files.folder(tmp_path) / file.stored_as
    assert list(files.lines(path, file.layout, [1, 3, 9])) == [(1, ["1"]), (3, ["3"])]


def test_samples_show_the_first_cells_of_each_column(tmp_path: Path) -> None:
    file = kept(tmp_path, b"a,b\n1,\n2,y\n3,z\n4,w\n")
    path = files.folder(tmp_path) / file.stored_as
    assert files.samples(path, file.layout) == (("1", "2", "3"), ("y", "z"))
