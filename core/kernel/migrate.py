"""Migrations by Alembic's API: no ini file, one connection, the same steps on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.kernel.db import Database

SCRIPTS = Path(__file__).resolve().parents[1] / "migrations"


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def upgrade(db: Database, target: str = "head") -> None:
    """Bring the database to ``target``. Nothing happens when it is there already."""
    directory = scripts()
    _run(db, directory, lambda revision, _context: directory._upgrade_revs(target, revision))


def downgrade(db: Database, target: str = "base") -> None:
    """Take steps back. For tests and for giving up a release; data of dropped tables is lost."""
    directory = scripts()
    _run(db, directory, lambda revision, _context: directory._downgrade_revs(target, revision))


def current(db: Database) -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    return scripts().get_current_head()


def is_current(db: Database) -> bool:
    return current(db) == head()


def _run(db: Database, directory: ScriptDirectory, step: Callable[[Any, Any], Any]) -> None:
    context = EnvironmentContext(Config(), directory)
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=None,
            fn=step,
            render_as_batch=db.is_sqlite,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
