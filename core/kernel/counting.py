"""Counting that stops early: "100 or more" says enough, and costs the same at a million rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select


def up_to(limit: int, rows: Select[Any]) -> ScalarSelect[int]:
    """How many ``rows`` there are, at most ``limit``. Several fit into one statement: ``select(a, b)``."""
    return select(func.count()).select_from(rows.limit(limit).subquery()).scalar_subquery()
