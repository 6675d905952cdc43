"""What is found stays true: after each change, after a rebuild, and for rows from before there was search."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, text

from core.clients import search as client_search
from core.clients.models import Client, Contact
from core.kernel import audit, migrate, search
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.kernel.search import SearchEntry
from core.records import searching
from tests.fixtures.innkeeper import Inn
from tests.fixtures.innkeeper import demo_database_url as database_url

__all__ = ["database_url"]


def texts(db: Database) -> dict[tuple[str, UUID], str]:
    with db.read() as session:
        rows = session.execute(select(SearchEntry.kind, SearchEntry.subject_id, SearchEntry.text))
        return {(row.kind, row.subject_id): row.text for row in rows}


def test_a_rebuild_writes_what_the_slices_wrote(inn: Inn) -> None:
    inn.place_order("sandbox_card", domain="lamplight.example")
    written = texts(inn.db)
    assert {kind for kind, _ in written} == set(search.KINDS)
    with inn.db.transaction() as session:
        session.execute(delete(SearchEntry).where(SearchEntry.kind != "order"))
        session.execute(SearchEntry.__table__.update().values(text="rubbish"))  # type: ignore[attr-defined]
        search.put(session, "order", new_id(), "gone")
    steps = list(searching.rebuild(inn.db))
    assert {step.kind for step in steps} == set(search.KINDS)
    assert texts(inn.db) == written
    with inn.db.read() as session:
        assert search.find(session, "lamplight", "service", limit=5)


def test_the_migration_writes_what_a_rebuild_would(inn: Inn) -> None:
    inn.place_order("sandbox_card", domain="lamplight.example")
    with inn.db.transaction() as session:
        client_id = session.scalars(select(Client.id)).one()
        session.execute(Contact.__table__.update().values(last_name="\u5c71\u7530"))  # type: ignore[attr-defined]
        client_search.reindex(session, client_id)
    written = texts(inn.db)
    migrate.downgrade(inn.db, "0004")
    migrate.upgrade(inn.db)
    with inn.db.transaction() as session:
        audit.seal_end(session, inn.house.keys)  # its seals went with their columns
    assert {key: set(kept.split()) for key, kept in texts(inn.db).items()} == {
        key: set(kept.split()) for key, kept in written.items()
    }
    with inn.db.read() as session:
        assert search.find(session, "\u5c71\u7530", "client", limit=5)


def test_merged_clients_are_found_no_more(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    with inn.db.transaction() as session:
        client_id = session.scalars(select(Client.id)).one()
        session.execute(text("UPDATE client SET merged_into_id = id"))
        client_search.reindex(session, client_id)
    assert ("client", client_id) not in texts(inn.db)
