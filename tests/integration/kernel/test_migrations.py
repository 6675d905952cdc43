"""The migrations make what the models say, on both databases, and can be taken back step by step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

import core.app as house
from core.kernel import migrate
from core.kernel.db import Base, Database
from core.work import models as engine_room

assert house  # with these two imported, all models are known
assert engine_room
OF_THE_SEARCH = ("search_text", "ix_search_entry_text_")  # FTS5's own tables, the indexes of trigrams


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.dispose()


def test_models_and_migrations_agree(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    told = [str(one) for one in found]
    assert [one for one in told if not any(name in one for name in OF_THE_SEARCH)] == []


def test_every_step_can_be_taken_back_and_again(empty: Database) -> None:
    migrate.upgrade(empty)
    steps = [one.revision for one in migrate.scripts().walk_revisions()]
    for revision in steps[1:]:
        migrate.downgrade(empty, revision)
        assert migrate.current(empty) == revision
        migrate.upgrade(empty, "+1")
        migrate.downgrade(empty, revision)
    migrate.downgrade(empty)
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(empty)
    assert migrate.is_current(empty)
