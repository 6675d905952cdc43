"""Search: one text per thing with trigrams, and the indexes that lists, search and sums are answered by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("client", "service", "invoice", "order")
SEQUENCE = "search_entry_place"
CHUNK = 1000
# What SQLite keeps of a text lies in search_entry; the triggers tell the index of every change there.
SQLITE = (
    "CREATE VIRTUAL TABLE search_text USING fts5(text, content='search_entry', content_rowid='id',"
    " tokenize='trigram')",
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
    " INSERT INTO search_text (rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN"
    " INSERT INTO search_text (search_text, rowid, text) VALUES ('delete', old.id, old.text); END",
    "CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN"
    " INSERT INTO search_text (search_text, rowid, text) VALUES ('delete', old.id, old.text);"
    " INSERT INTO search_text (rowid, text) VALUES (new.id, new.text); END",
)


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("id", BIG, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_search_entry_kind_subject_id")),
    )
    op.create_index("ix_search_entry_client_id", "search_entry", ["client_id"])
    if _is_sqlite():
        for statement in SQLITE:
            op.execute(statement)
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute(f"CREATE SEQUENCE {SEQUENCE}")
        for kind in KINDS:  # partial, so that a word common in one kind does not slow the others
            op.execute(
                f"CREATE INDEX ix_search_entry_text_{kind} ON search_entry USING gin (text gin_trgm_ops)"
                f" WITH (gin_pending_list_limit = 512) WHERE kind = '{kind}'"
            )


def downgrade() -> None:
    if _is_sqlite():
        op.execute("DROP TABLE search_text")
    op.drop_table("search_entry")
    if not _is_sqlite():  # the extension stays: others may use it
        op.execute(f"DROP SEQUENCE {SEQUENCE}")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
