"""What an import is made of: fields, the mapping of columns to them, what became of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.kernel import cards
from core.kernel.work import House
from core.settings import Settings

DATE_ORDERS: tuple[tuple[str, str], ...] = (
    ("iso", "2026-11-20 (year, month, day)"),
    ("mdy", "11/20/2026 (month, day, year)"),
    ("dmy", "20.11.2026 (day, month, year)"),
)
DECIMAL_SIGNS: tuple[tuple[str, str], ...] = (("point", "1,234.50"), ("comma", "1.234,50"))
Texts = Mapping[str, str]  # field -> what stands in the row, "" for nothing


class DataHouse(House, Protocol):
    """A house that has a folder for data."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a column can be laid on. ``also`` are names that other programs give it."""

    name: str
    label: str
    is_required: bool = False
    help: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written: found out when it came, or said by a person."""

    encoding: str  # utf-8-sig, utf-16, cp1252
    separator: str
    head: tuple[str, ...]
    skips: int = 0  # lines before the head ("sep=;")

    def stored(self) -> dict[str, Any]:
        return {
            "encoding": self.encoding, "separator": self.separator, "head": list(self.head),
            "skips": self.skips,
        }  # fmt: skip

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Layout:
        return cls(
            encoding=stored["encoding"], separator=stored["separator"], head=tuple(stored["head"]),
            skips=stored["skips"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Which column is which field. ``fixed`` is what a field holds where its cell is empty or it has no
    column. ``dates`` and ``decimals`` say how the file writes days and amounts."""

    columns: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    dates: str = "iso"
    decimals: str = "point"

    def stored(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns), "fixed": dict(self.fixed), "dates": self.dates,
            "decimals": self.decimals,
        }  # fmt: skip

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Mapped:
        return cls(
            columns=stored.get("columns", {}), fixed=stored.get("fixed", {}),
            dates=stored.get("dates", "iso"), decimals=stored.get("decimals", "point"),
        )  # fmt: skip

    def texts(self, row: Sequence[str]) -> dict[str, str]:
        """The row by field. A row may end early: what is missing is empty."""
        found = {
            name: row[column].strip() if column < len(row) else "" for name, column in self.columns.items()
        }
        return {name: value for name, value in self.fixed.items() if not found.get(name)} | {
            name: value for name, value in found.items() if value
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one row, or would: made, known (left as it is) or refused."""

    line: int
    state: str
    text: str
    messages: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """For the sample: without characters that no screen shows, and without card numbers."""
        shown = "".join(letter for letter in self.text if letter.isprintable())
        text = cards.masked(shown)[:160]
        return {"line": self.line, "state": self.state, "text": text, "messages": dict(self.messages)}
