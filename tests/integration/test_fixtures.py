"""The databases that tests stand on really are fresh, complete and both kinds."""

from __future__ import annotations

from sqlalchemy import inspect, text

from core.kernel.db import Base, Database


def test_db_holds_every_table_and_no_row(db: Database, database_kind: str) -> None:
    assert db.engine.dialect.name == database_kind
    assert set(inspect(db.engine).get_table_names()) >= set(Base.metadata.tables)
    with db.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM counter")) == 0
        session.execute(text("INSERT INTO counter (scope, next_value) VALUES ('fixture', 1)"))


def test_db_is_not_shared_between_tests(db: Database) -> None:
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM counter")) == 0


def test_empty_database_has_no_tables(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert inspect(database.engine).get_table_names() == []
    database.dispose()
