"""Counting that stops early: "100 or more" says enough, and costs the same at a million rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session


def up_to(limit: int, rows: Select[Any]) -> ScalarSelect[int]:
    """How many ``rows`` there are, at most ``limit``."""
    return select(func.count()).select_from(rows.limit(limit).subquery()).scalar_subquery()


def together(counts: Mapping[str, ColumnElement[int]]) -> Select[Any]:
    """Several counts as one row, by name."""
    columns: list[Any] = [count.label(name) for name, count in counts.items()]
    return select(*columns)


def read(session: Session, counts: Select[Any]) -> dict[str, int]:
    """The row of ``together``."""
    return dict(session.execute(counts).one()._mapping)
