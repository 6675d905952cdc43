"""``column IN ids`` with all ids in one parameter.

The text of the statement is the same for one id and for fifty, so it is built, read by the driver and planned
once. Used where pages ask for what belongs to their rows; ``in_`` does where a handful is asked for rarely.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, String, TypeDecorator, Uuid, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Ids(TypeDecorator[Iterable[UUID]]):
    """An array on PostgreSQL; on SQLite JSON of what ``Uuid`` keeps there."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        kept = postgresql.ARRAY(Uuid()) if dialect.name == "postgresql" else String()
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: Iterable[UUID] | None, dialect: Any) -> Any:
        ids = list(value or ())
        return ids if dialect.name == "postgresql" else json.dumps([one.hex for one in ids])


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> _Among:
        """A condition as it is: beside others SQLAlchemy would write ``= 1`` behind it for SQLite, and no
        index answers that."""
        return self


@compiles(_Among, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({ids})"


@compiles(_Among, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608  (compiled parts)


def among(column: Any, ids: Iterable[UUID] | None = None) -> ColumnElement[bool]:
    """``column`` is one of ``ids``. Without them they are the statement's parameter ``ids``."""
    given = bindparam("ids", type_=_Ids()) if ids is None else bindparam(None, list(ids), type_=_Ids())
    return _Among(column, given)
