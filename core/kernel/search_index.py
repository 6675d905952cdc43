"""The indexes behind search: put aside while a great many texts are written, and made anew from the texts."""

from __future__ import annotations

from sqlalchemy import text

from core.kernel.db import Database
from core.kernel.search import KINDS

_TRIGGERS = {
    "search_entry_added": "AFTER INSERT ON search_entry BEGIN"
    " INSERT INTO search_text (rowid, text) VALUES (new.id, new.text); END",
    "search_entry_removed": "AFTER DELETE ON search_entry BEGIN"
    " INSERT INTO search_text (search_text, rowid, text) VALUES ('delete', old.id, old.text); END",
    "search_entry_changed": "AFTER UPDATE ON search_entry BEGIN"
    " INSERT INTO search_text (search_text, rowid, text) VALUES ('delete', old.id, old.text);"
    " INSERT INTO search_text (rowid, text) VALUES (new.id, new.text); END",
}


def put_aside(db: Database) -> None:
    """Texts are written without being indexed: nothing new is found until ``make``."""
    if db.is_sqlite:
        _run(db, [f"DROP TRIGGER IF EXISTS {name}" for name in _TRIGGERS])
    else:
        _run(db, [f"DROP INDEX IF EXISTS {_index(kind)}" for kind in KINDS])


def make(db: Database) -> None:
    """Index every text anew and tell the planner of them. May be ended and repeated at any time."""
    if db.is_sqlite:
        triggers = [f"CREATE TRIGGER IF NOT EXISTS {name} {body}" for name, body in _TRIGGERS.items()]
        _run(db, [*triggers, "INSERT INTO search_text (search_text) VALUES ('rebuild')"])
        _run(db, ["ANALYZE"])
        return
    _run(db, [f"DROP INDEX IF EXISTS {_index(kind)}" for kind in KINDS])
    for kind in KINDS:
        made = f"CREATE INDEX {_index(kind)} ON search_entry USING gin (text gin_trgm_ops)"
        _run(db, [f"{made} WITH (gin_pending_list_limit = 512) WHERE kind = '{kind}'"])
    _run(db, ["ANALYZE"])


def _index(kind: str) -> str:
    return f"ix_search_entry_text_{kind}"


def _run(db: Database, statements: list[str]) -> None:
    with db.transaction() as session:
        for statement in statements:
            session.execute(text(statement))
