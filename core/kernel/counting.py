"""Counting that stops early: "100 or more" says enough, and costs the same at a million rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session


def up_to(limit: int, rows: Select[Any]) -> ScalarSelect[int]:
    """How many ``rows`` there are, at most ``limit``."""
    return select(func.count()).select_from(rows.limit(limit).subquery()).scalar_subquery()


def together(session: Session, counts: Mapping[str, ColumnElement[int]]) -> dict[str, int]:
    """Several counts in one statement, by name."""
    statement = select(*(count.label(name) for name, count in counts.items()))
    return dict(session.execute(statement).one()._mapping)
