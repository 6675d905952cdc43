"""What pages read of imports. Nothing here changes anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.brands.models import Brand
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page
from core.records.importing import files
from core.records.importing.guessing import REASONS
from core.records.importing.values import Layout, Mapped
from core.records.models import Import, ImportRow

STATES = ("mapping", "queued", "running", "done", "stopped", "failed")
SHOWN = 100  # refused rows on the page; the file holds all


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """An import as pages show it. ``done`` rows are behind it, whatever became of them."""

    id: UUID
    number: int
    kind: str
    brand: str
    file_name: str
    has_file: bool
    state: str
    is_dry: bool
    rows: int
    done: int
    made: int
    known: int
    refused: int
    note: str
    actor: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def percent(self) -> int:
        return self.done * 100 // self.rows if self.rows else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """What became of one of the first rows, or would."""

    line: int
    state: str
    text: str
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    line: int
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """One import with its mapping, a sample and the first refused rows."""

    view: ImportView
    layout: Layout
    mapped: Mapped
    sample: tuple[SampleRow, ...]
    refused: tuple[RefusedRow, ...]


def _imports() -> AnySelect:
    table = Import
    return select(
        table.id, table.number, table.kind, table.file_name, table.stored_as, table.state, table.is_dry,
        table.rows, table.next_line, table.made, table.known, table.refused, table.note, table.actor,
        table.created_at, table.ended_at, Brand.name.label("brand_name"),
    ).join(Brand, Brand.id == table.brand_id)  # fmt: skip


def _view(row: AnyRow) -> ImportView:
    return ImportView(
        id=row.id, number=row.number, kind=row.kind, brand=row.brand_name, file_name=row.file_name,
        has_file=bool(row.stored_as), state=row.state, is_dry=row.is_dry, rows=row.rows,
        done=row.next_line - 1, made=row.made, known=row.known, refused=row.refused, note=row.note,
        actor=row.actor, created_at=row.created_at, ended_at=row.ended_at,
    )  # fmt: skip


def list_imports(session: Session, window: Window) -> Page[ImportView]:
    """Imports by their numbers, newest first."""
    return fetch_page(session, _imports(), Import.number, window, _view)


def import_page(session: Session, import_id: UUID) -> ImportPage | None:
    """One import, or None when there is none."""
    statement = _imports().add_columns(Import.mapping, Import.sample)
    row = session.execute(statement.where(Import.id == import_id)).one_or_none()
    if row is None:
        return None
    return ImportPage(
        view=_view(row), layout=Layout.restored(row.mapping["layout"]), mapped=Mapped.restored(row.mapping),
        sample=tuple(_sample_row(one) for one in row.sample), refused=_refused(session, import_id),
    )  # fmt: skip


def _sample_row(stored: Mapping[str, Any]) -> SampleRow:
    return SampleRow(
        line=stored["line"], state=stored["state"], text=stored["text"], messages=stored["messages"]
    )


def _refused(session: Session, import_id: UUID) -> tuple[RefusedRow, ...]:
    statement = select(ImportRow.line, ImportRow.messages).where(ImportRow.import_id == import_id)
    rows = session.execute(statement.order_by(ImportRow.line).limit(SHOWN))
    return tuple(RefusedRow(line=row.line, messages=row.messages) for row in rows)


def number_of(session: Session, number: int) -> UUID | None:
    """The import that has a number."""
    return session.scalar(select(Import.id).where(Import.number == number))


def stored_as(session: Session, import_id: UUID) -> str:
    """The name of its file in the data folder, "" when it has been removed."""
    return session.scalar(select(Import.stored_as).where(Import.id == import_id)) or ""


def refused_lines(session: Session, data: Path, import_id: UUID, labels: Mapping[str, str]) -> Iterator[str]:
    """The error file, a line of CSV at a time: the head and the refused rows as they were, each with a last
    column that says why. Mend it and upload it again; that column is ignored then.

    Cells stay as they were typed, formulas too: changing them would change the data. Raises
    FileNotFoundError when the file has been removed.
    """
    row = session.execute(select(Import.mapping, Import.stored_as).where(Import.id == import_id)).one()
    layout = Layout.restored(row.mapping["layout"])
    kept = [n for n, name in enumerate(layout.head) if name != REASONS]
    path = files.folder(data) / (row.stored_as or "removed")
    yield "\N{BYTE ORDER MARK}" + _line([*(layout.head[n] for n in kept), REASONS])
    statement = select(ImportRow.line, ImportRow.messages).where(ImportRow.import_id == import_id)
    refused = session.execute(statement.order_by(ImportRow.line)).all()
    wanted = files.lines(path, layout, (one.line for one in refused))
    for (_number, cells), one in zip(wanted, refused, strict=False):
        yield _line([*_kept(cells, kept, len(layout.head)), _reasons(one.messages, labels)])


def _kept(cells: Sequence[str], kept: Sequence[int], width: int) -> list[str]:
    """The row without an old column of reasons; what stands beyond the head stays beyond it."""
    return [cells[n] if n < len(cells) else "" for n in kept] + [
        cell for cell in cells[width:] if cell.strip()
    ]


def _reasons(messages: Mapping[str, str], labels: Mapping[str, str]) -> str:
    return " ".join(f"{labels[name]}: {text}" if name in labels else text for name, text in messages.items())


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
