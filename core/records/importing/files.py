"""The files themselves: kept under a random name, their encoding and separator found out, rows read.

Cells are data: what looks like a formula is kept as it was typed.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.kernel import cards
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_token
from core.kernel.problems import InvalidFields
from core.records.importing.values import Layout

FOLDER = "imports"
LARGEST = 50 * 1024 * 1024  # bytes
MOST_ROWS = 250_000
MOST_COLUMNS = 200
LONGEST_CELL = csv.field_size_limit()  # characters; a quote never closed swallows all that follows
BLOCK = 256 * 1024
LOOKED_AT = 64 * 1024  # characters, to find the separator
SAMPLES = 3
ENCODINGS: tuple[tuple[str, str], ...] = (
    ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252 (Western European)"),
)  # fmt: skip
SEPARATORS: tuple[tuple[str, str], ...] = ((",", "Comma"), (";", "Semicolon"), ("\t", "Tab"))
_OTHERS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-")  # workbooks new and old, and what is printed
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # Excel's own first line


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file as it was taken in. ``rows`` counts the data, without head and empty lines."""

    stored_as: str
    digest: str
    layout: Layout
    rows: int


def folder(data: Path) -> Path:
    return data / FOLDER


def take(data: Path, source: BinaryIO, *, encoding: str = "", separator: str = "") -> KeptFile:
    """Keep a copy of ``source`` and read through it once. Nothing is kept when it cannot be read.

    Raises InvalidFields (``file``): too large, empty, no text, a head without names, a quote left open.
    """
    where = folder(data)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = where / f"{new_token()}.csv"
    try:
        digest = _copy(source, path)
        layout = find_layout(path, encoding=encoding, separator=separator)
        rows = _count(path, layout)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return KeptFile(stored_as=path.name, digest=digest, layout=layout, rows=rows)


def _copy(source: BinaryIO, path: Path) -> str:
    """Raises InvalidFields when it is too large."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        while block := source.read(BLOCK):
            size += len(block)
            if size > LARGEST:
                most = LARGEST // (1024 * 1024)
                raise _wrong(_("This file is larger than {most} MB. Split it in two.").format(most=most))
            digest.update(block)
            kept.write(block)
        kept.flush()
        os.fsync(kept.fileno())
    return digest.hexdigest()


def _wrong(sentence: str) -> InvalidFields:
    return InvalidFields({"file": sentence})


# --- how it is written ---------------------------------------------------------------------------


def find_layout(path: Path, *, encoding: str = "", separator: str = "") -> Layout:
    """What was not said is found out. Raises InvalidFields."""
    _refuse_others(path)
    encoding = encoding or find_encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            beginning = file.read(LOOKED_AT)
    except UnicodeError:
        raise _wrong(_not_written_so(encoding)) from None
    said = _SEPARATOR_LINE.match(beginning)
    if said:
        beginning = beginning[said.end() :]
    separator = separator or (said.group(1) if said else find_separator(beginning))
    head = _head(beginning, separator)
    return Layout(encoding=encoding, separator=separator, head=head, skips=1 if said else 0)


def _refuse_others(path: Path) -> None:
    """Files that people take for CSV, by how they begin: some would pass as text in an old encoding."""
    with path.open("rb") as file:
        if file.read(8).startswith(_OTHERS):
            raise _wrong(_("This is not a CSV file. Open it where it was made and save it as CSV."))


def _not_written_so(encoding: str) -> str:
    name = dict(ENCODINGS).get(encoding, encoding)
    return _("This file is not written in {name}. Choose another encoding.").format(name=name)


def find_encoding(path: Path) -> str:
    """UTF-8 if every byte of the file fits, UTF-16 by its mark or its zero bytes, else Windows-1252."""
    with path.open("rb") as file:
        first = file.read(4096)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if guessed := _utf_16_without_a_mark(first):
            return guessed
        file.seek(0)
        return "utf-8-sig" if _is_utf_8(file) else "cp1252"


def _utf_16_without_a_mark(first: bytes) -> str:
    half = len(first) // 2
    if half < 2 or first.count(0) < half // 2:
        return ""
    zeros_after = first[1::2].count(0)
    return "utf-16-le" if zeros_after > first[0::2].count(0) else "utf-16-be"


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def find_separator(beginning: str) -> str:
    """The one that parts most lines into equally many cells; the comma when there is one column only."""
    best, most = ",", (0, 0)
    for separator, _label in SEPARATORS:
        widths = Counter(len(row) for row in _some_rows(beginning, separator) if len(row) > 1)
        width, often = widths.most_common(1)[0] if widths else (0, 0)
        if (often, width) > most:
            best, most = separator, (often, width)
    return best


def _some_rows(beginning: str, separator: str, limit: int = 30) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(beginning, newline=""), delimiter=separator)
    try:
        for _count, row in zip(range(limit), reader, strict=False):
            yield row
    except csv.Error:
        return


def _head(beginning: str, separator: str) -> tuple[str, ...]:
    first = next((row for row in _some_rows(beginning, separator) if any(map(str.strip, row))), [])
    if not first:
        raise _wrong(_("This file is empty. Its first line names the columns."))
    if len(first) > MOST_COLUMNS:
        raise _wrong(_("This file has more than {most} columns.").format(most=MOST_COLUMNS))
    names = (cards.masked(" ".join(name.split()))[:100] for name in first)  # a file without a head
    return tuple(name or _("Column {number}").format(number=n) for n, name in enumerate(names, start=1))


def _count(path: Path, layout: Layout) -> int:
    try:
        count = sum(1 for _row in read(path, layout))
    except UnicodeError:
        raise _wrong(_not_written_so(layout.encoding)) from None
    except csv.Error:
        raise _wrong(
            _("This file cannot be read to its end: a quotation mark is opened and never closed, or a cell "
              "is longer than {most} characters.").format(most=LONGEST_CELL)
        ) from None  # fmt: skip
    if count == 0:
        raise _wrong(_("This file has a head and no rows."))
    if count > MOST_ROWS:
        raise _wrong(_("This file has more than {most} rows. Split it in two.").format(most=MOST_ROWS))
    return count


# --- its rows --------------------------------------------------------------------------------------


def read(path: Path, layout: Layout) -> Iterator[list[str]]:
    """The rows of data in order, without empty ones. One row at a time: memory does not grow.

    Raises UnicodeError and csv.Error for what ``take`` has refused before, FileNotFoundError.
    """
    with path.open(encoding=layout.encoding, newline="") as file:
        for _skipped in range(layout.skips):
            file.readline()
        reader = csv.reader(file, delimiter=layout.separator)
        filled = (row for row in reader if any(map(str.strip, row)))
        next(filled, None)
        yield from filled


def lines(path: Path, layout: Layout, wanted: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
    """Some rows with their numbers. ``wanted`` is in ascending order."""
    rows = enumerate(read(path, layout), start=1)
    for line in wanted:
        found = next((row for number, row in rows if number == line), None)
        if found is None:
            return
        yield line, found


def samples(path: Path, layout: Layout, count: int = SAMPLES) -> tuple[tuple[str, ...], ...]:
    """For each column, what stands in its first cells, shortened and without card numbers."""
    first = [row for _number, row in zip(range(count), read(path, layout), strict=False)]
    return tuple(
        tuple(_shown(row[column]) for row in first if column < len(row) and row[column].strip())
        for column in range(len(layout.head))
    )


def _shown(cell: str) -> str:
    return cards.masked(cell.strip())[:60]


def remove(data: Path, stored_as: str) -> None:
    """Harmless to repeat."""
    if stored_as:
        (folder(data) / Path(stored_as).name).unlink(missing_ok=True)
