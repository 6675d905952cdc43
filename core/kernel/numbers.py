"""Gapless numbers per scope, taken inside the transaction that uses them."""

from __future__ import annotations

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.kernel.db import Base


class Counter(Base):
    """The next number of a scope ("invoice:main", "client"). Taken by conditional UPDATE, never MAX()."""

    __tablename__ = "counter"

    scope: Mapped[str] = mapped_column(primary_key=True)
    next_value: Mapped[int]


def take(session: Session, scope: str, count: int = 1, *, first: int = 1) -> range:
    """Take ``count`` numbers in a row. They are given back when the transaction rolls back.

    Holds the scope's row until commit: take numbers late. ``first`` starts a scope never used before.
    """
    if count < 1:
        raise ValueError("take at least one number")
    end = _advance(session, scope, count)
    if end is None:
        _create(session, scope, first)
        end = _advance(session, scope, count)
    assert end is not None
    return range(end - count, end)


def _advance(session: Session, scope: str, count: int) -> int | None:
    statement = (
        update(Counter)
        .where(Counter.scope == scope)
        .values(next_value=Counter.next_value + count)
        .returning(Counter.next_value)
    )
    return session.execute(statement, execution_options={"synchronize_session": False}).scalar()


def _create(session: Session, scope: str, first: int) -> None:
    try:
        with session.begin_nested():
            session.execute(insert(Counter).values(scope=scope, next_value=first))
    except IntegrityError:
        pass  # another transaction made it first: the update will see its row
