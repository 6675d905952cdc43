"""The database: one engine per process, the only module besides the models that knows the dialect.

SQLite is the embedded default, PostgreSQL the production one. SQLAlchemy silently drops ``FOR UPDATE``
on SQLite, so limited things are guarded by a conditional ``UPDATE`` and constraints, never by a lock.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine.interfaces import Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_SECONDS = 30
TRIES = 4  # of a transaction that met another one: deadlock or serialization failure
HIDDEN = "(not told here)"
LOST_RACES = frozenset({"40P01", "40001"})  # PostgreSQL, appendix A
ResultT = TypeVar("ResultT")
DbSession: TypeAlias = Session  # for rooms that pass one on and know no SQL


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware in, aware out, always UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table's base. Annotations choose the column type."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        UUID: Uuid(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(),
        list[str]: JSON(),
        str: String(),
        int: BigInteger().with_variant(Integer(), "sqlite"),
    }


def key() -> Any:
    """The primary key of nearly every table: a UUIDv7 made by us."""
    return mapped_column(Uuid(), primary_key=True)


class _Queue:
    """A lock handed over in order of arrival, so that no writer starves behind SQLite's polling."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """Opens transactions. ``url`` is an SQLAlchemy URL: ``sqlite:////path/file`` or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._sqlite() if self.is_sqlite else self._postgresql()
        self.info: dict[str, Any] = {}  # what each session carries with it
        self._writers = _Queue()
        self._local = threading.local()

    def _sqlite(self) -> Engine:
        if self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        timeout = {"timeout": BUSY_TIMEOUT_SECONDS}
        engine = create_engine(self.url, connect_args=timeout, hide_parameters=True)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql(self) -> Engine:
        engine = create_engine(
            self.url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True
        )
        event.listen(engine, "handle_error", _without_values)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction: committed at the end, rolled back when anything is raised.

        Never call the outside world in here. Nesting is a mistake and raises RuntimeError.
        """
        if getattr(self._local, "busy", False):
            raise RuntimeError("a transaction is open in this thread already")
        if self.is_sqlite:
            self._writers.acquire()
        self._local.busy = True
        try:
            with self._session(write=True) as session:
                yield session
                session.commit()
        finally:
            self._local.busy = False
            if self.is_sqlite:
                self._writers.release()

    def run(self, work: Callable[[Session], ResultT]) -> ResultT:
        """``work`` in one write transaction; from the start again when PostgreSQL rolled it back because
        two transactions waited for each other. ``work`` has no effect but on its session."""
        for tried in range(1, TRIES + 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if tried == TRIES or getattr(error.orig, "sqlstate", "") not in LOST_RACES:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * tried)  # noqa: S311
        raise AssertionError("unreachable")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One snapshot to read from. What is written in it is thrown away."""
        with self._session(write=False) as session:
            yield session  # closing it lets go of the objects as they were read, and of the snapshot

    @contextmanager
    def _session(self, *, write: bool) -> Iterator[Session]:
        with self.engine.connect() as connection:
            connection.execution_options(innkeeper_write=write)
            if not write and not self.is_sqlite:  # all that is read was true at one moment
                connection.execution_options(isolation_level="REPEATABLE READ")
            with Session(connection, expire_on_commit=False, info=self.info) as session:
                yield session

    @property
    def in_transaction(self) -> bool:
        """Whether this thread holds a write transaction: outside calls assert that it does not."""
        return bool(getattr(self._local, "busy", False))

    def ping(self) -> None:
        """Raises when the database does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        self.engine.dispose()


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits at a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A deferred BEGIN would take the write lock late and fail instead of waiting.
    write = connection.get_execution_options().get("innkeeper_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL tells the key or the whole row that it refused: hashes, addresses, the texts of mails.
    Errors go to logs and are shown to staff, so they keep what happened and lose what stood there."""
    error: Any = context.original_exception
    if detail := getattr(getattr(error, "diag", None), "message_detail", None):
        for one in filter(None, (error, context.sqlalchemy_exception)):
            one.args = tuple(str(text).replace(detail, HIDDEN) for text in one.args)


def changed(session: Session, statement: Any) -> bool:
    """Run a conditional UPDATE or DELETE; True when it hit exactly one row.

    This is how limited things are guarded on both databases. Loaded objects are refreshed afterwards.
    """
    session.flush()
    result = session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
    return int(getattr(result, "rowcount", 0)) == 1


def insert_many(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert plain rows of one table, all with the same keys, the fastest way the database has.

    What is left out takes the column's own default. Nothing of it goes through the ORM.
    """
    session.flush()
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(table.insert(), rows)
    else:
        _copy(session, table, rows)


def _copy(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """COPY: a third of the time of an executemany on PostgreSQL."""
    dialect = session.get_bind().dialect
    quote = dialect.identifier_preparer.quote
    defaults = {one.name: _default(one) for one in table.columns if one.name not in rows[0]}
    columns = [one for one in table.columns if one.name in rows[0] or defaults[one.name] is not None]
    prepare = [one.type.dialect_impl(dialect).bind_processor(dialect) or _same for one in columns]
    names = ", ".join(quote(one.name) for one in columns)
    plan = [(one.name, change, defaults.get(one.name)) for one, change in zip(columns, prepare, strict=True)]
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([change(row.get(name, default)) for name, change, default in plan])


def _default(column: Column[Any]) -> Any:
    """What a column is when nothing was said; None for NULL or what the database itself fills in."""
    default: Any = column.default
    if default is None:
        return None
    return default.arg if default.is_scalar else default.arg(None)


def _same(value: Any) -> Any:
    return value
