"""What every kind of import is: fields, checking a row without the database, looking, writing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from core.brands.values import BrandView
from core.kernel.problems import InvalidFields
from core.records.importing.values import DataHouse, Field, Mapped, Texts

RowT = TypeVar("RowT")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where rows are read into, and by whom."""

    house: DataHouse
    brand: BrandView
    mapped: Mapped
    actor: str


class Reader(ABC, Generic[RowT]):
    """One kind of rows. Built once a run; what it asks of the database for all rows it asks then."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """What columns can be laid on, in the order of the screen."""

    @abstractmethod
    def keys(self, texts: Texts) -> tuple[tuple[str, str], ...]:
        """(field, text) pairs of which a file may hold each once."""

    @abstractmethod
    def describe(self, texts: Texts) -> str:
        """The row in a few words."""

    @abstractmethod
    def check(self, texts: Texts) -> RowT:
        """Everything that needs no database. Raises InvalidFields with all that is wrong."""

    def prefetch(self, session: Session, rows: Sequence[RowT]) -> None:
        """Ask at once what ``look`` will want to know of these rows. Called before each chunk."""

    @abstractmethod
    def look(self, session: Session, row: RowT) -> bool:
        """Whether it is known already. Raises InvalidFields for what the database objects to."""

    @abstractmethod
    def write(self, session: Session, rows: Sequence[RowT]) -> None:
        """Make rows after ``look``: all of them or, where it raises Problem or IntegrityError, none."""


class Gathered:
    """Sentences of one row, a field each; the first stays."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}

    def take(self, field: str, read: Callable[[], ValueT], otherwise: ValueT) -> ValueT:
        """What ``read`` gives, or ``otherwise`` when it raises ValueError, whose sentence is kept."""
        try:
            return read()
        except ValueError as problem:
            self.messages.setdefault(field, str(problem))
            return otherwise

    def under(self, check: Callable[[], ValueT]) -> ValueT | None:
        """What ``check`` gives, or None when it raises InvalidFields, whose sentences are kept."""
        try:
            return check()
        except InvalidFields as problem:
            self.messages = dict(problem.messages) | self.messages
            return None

    def raise_if_any(self) -> None:
        """Raises InvalidFields."""
        if self.messages:
            raise InvalidFields(self.messages)
