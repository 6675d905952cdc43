"""Cells that programs of tables would take for formulas, and files that say when they are not whole."""

from __future__ import annotations

import pytest

from core.web.admin.listing.exporting import MARK, limited, lines, safe
from core.web.admin.listing.spec import Column


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1+1", "'-1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("\n=1", "'\n=1"), ("\uff1d1+1", "'\uff1d1+1"), ("-", "'-"), ("--", "'--"),
        ("-5.00", "-5.00"), ("-5", "-5"), ("-5.00x", "'-5.00x"), ("+15125550100", "'+15125550100"),
        ("a=1", "a=1"), ("", ""), (" =1", " =1"), ("'=1", "'=1"), ("Müller", "Müller"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert safe(text) == cell


def test_a_file_is_marked_quoted_and_ends_with_a_word_when_it_is_cut() -> None:
    columns = [
        Column(key="a", label="A", text=lambda row, _: row),
        Column(key="b", label="B, C", text=_beside),
    ]
    whole = list(lines(columns, [("x", {"b": 'say "y"'}), ("two\nlines", {"b": ""})]))
    assert whole == [f'{MARK}A,"B, C"\r\n', 'x,"say ""y"""\r\n', '"two\nlines",\r\n']
    assert list(limited(iter(whole), 2)) == whole
    cut = list(limited(iter(whole), 1))
    assert len(cut) == 3
    assert "first 1 lines" in cut[2]


def _beside(_row: str, beside: object) -> str:
    return str(beside["b"])  # type: ignore[index]
