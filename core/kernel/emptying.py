"""Emptying what is not kept for ever, a chunk at a time, so that others write in between."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

CHUNK = 500


def empty(
    session: Session, table: type[Any], *old: ColumnElement[bool], after: UUID | None, values: dict[str, Any]
) -> UUID | None:
    """Give the next rows of a table that are ``old`` these values, oldest first.

    Returns the last of the chunk, for ``after``; None when there are no more. The rows themselves stay.
    """
    further = [table.id > after] if after is not None else []
    found = select(table.id).where(*old, *further).order_by(table.id).limit(CHUNK)
    ids: list[UUID] = list(session.scalars(found))
    session.execute(
        update(table).where(table.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
    )
    return ids[-1] if ids else None
