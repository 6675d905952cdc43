"""Tables of records: files that are read in, and the figures of the dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


class Import(Base):
    """One file read in. ``next_line`` moves in the transaction that writes the rows before it, so that an
    import which was killed goes on where it was."""

    __tablename__ = "import"
    __table_args__ = (CheckConstraint("next_line >= 1", name="next_line_positive"),)

    id: Mapped[UUID] = key()
    number: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str]  # clients, contacts, services
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    file_name: Mapped[str]
    stored_as: Mapped[str]
    digest: Mapped[str]  # SHA-256
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)  # field -> column of the file
    is_dry: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str]  # mapping, queued, running, done, stopped, failed
    rows: Mapped[int] = mapped_column(default=0)
    next_line: Mapped[int] = mapped_column(default=1)  # of the data, without the head
    made: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)  # rows whose reference was here already: left as they are
    refused: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)
    sample: Mapped[list[Any]] = mapped_column(default=list)  # what became of the first rows, for people
    note: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ImportRow(Base):
    """A row that was refused, with the reasons. ``line`` counts the data, without the head, from 1."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("import_id", "line"),)

    id: Mapped[UUID] = key()
    import_id: Mapped[UUID] = mapped_column(ForeignKey("import.id"))
    line: Mapped[int]
    messages: Mapped[dict[str, Any]] = mapped_column(default=dict)  # field -> sentence


class Figure(Base):
    """The sums of one brand's dashboard as they were at one moment, since at a million clients they take
    longer than a page may. ``took_ms`` decides how soon they are counted again."""

    __tablename__ = "figure"

    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"), primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counted_at: Mapped[datetime]
    took_ms: Mapped[int] = mapped_column(default=0)
