"""Search: one text per thing with trigrams, and the indexes that lists, search and sums are answered by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from core.kernel.search import prepared

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("client", "service", "invoice", "order")
SEQUENCE = "search_entry_place"
CHUNK = 1000
INDEXES = (  # by which lists are filtered and money is summed
    ("ix_service_status", "service", ["status", "id"]),
    ("ix_invoice_status", "invoice", ["status", "id"]),
    ("ix_invoice_client_status", "invoice", ["client_id", "status"]),
    ("ix_attempt_state", "attempt", ["state", "id"]),
    ("ix_attempt_reference", "attempt", ["reference"]),
    ("ix_order_state", "order", ["state", "id"]),
    ("ix_job_state", "job", ["state", "id"]),
    ("ix_mail_message_state", "mail_message", ["state", "id"]),
    ("ix_mail_message_recipient", "mail_message", ["recipient"]),
)
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
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    _fill()


def downgrade() -> None:
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
    if _is_sqlite():
        op.execute("DROP TABLE search_text")
    op.drop_table("search_entry")
    if not _is_sqlite():  # the extension stays: others may use it
        op.execute(f"DROP SEQUENCE {SEQUENCE}")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


# What each thing that is there already is found by: its columns, and those of what belongs to it.
OWN = {
    "client": (
        "client", "NULL", ("number", "company_name", "tax_id", "external_reference"), "merged_into_id IS NULL",
    ),
    "service": ("service", "client_id", ("'S-' || number", "domain", "label"), "1 = 1"),
    "invoice": ("invoice", "client_id", ("label",), "1 = 1"),
    "order": ('"order"', "client_id", ("label",), "1 = 1"),
}  # fmt: skip
OF_CLIENTS = (
    "SELECT client_id, first_name, last_name, company_name, email FROM contact"
    " WHERE client_id IN :ids AND removed_at IS NULL",
    "SELECT client_id, last4 FROM billing_account WHERE client_id IN :ids AND removed_at IS NULL",
)


def _fill() -> None:
    for kind in KINDS:
        last = None
        while rows := _chunk(kind, last):
            last = rows[-1][0]
            _write(kind, rows, _beside(kind, [row[0] for row in rows]))


def _chunk(kind: str, last: Any) -> Sequence[Any]:
    table, client, columns, where = OWN[kind]
    after = "AND id > :last" if last is not None else ""
    query = f"SELECT id, {client}, {', '.join(columns)} FROM {table} WHERE {where} {after}"  # noqa: S608
    statement = sa.text(f"{query} ORDER BY id LIMIT {CHUNK}")
    return op.get_bind().execute(statement, {"last": last} if last is not None else {}).all()


def _beside(kind: str, ids: list[Any]) -> dict[Any, list[str]]:
    texts: dict[Any, list[str]] = {}
    for query in OF_CLIENTS if kind == "client" else ():
        statement = sa.text(query).bindparams(sa.bindparam("ids", expanding=True))
        for client_id, *words in op.get_bind().execute(statement, {"ids": ids}):
            joined = [words[1] + words[0]] if len(words) > 1 and not words[1].isascii() else []
            texts.setdefault(client_id, []).extend([*words, *joined])
    return texts


def _write(kind: str, rows: Sequence[Any], beside: dict[Any, list[str]]) -> None:
    connection = op.get_bind()
    base = (KINDS.index(kind) + 1) << 48
    entry = sa.table(
        "search_entry", *(sa.column(one) for one in ("id", "kind", "subject_id", "client_id", "text"))
    )
    if _is_sqlite():
        last = connection.scalar(sa.select(sa.func.max(entry.c.id)).where(entry.c.kind == kind)) or base
        places = list(range(last + 1, last + 1 + len(rows)))
    else:
        taken = sa.text("SELECT nextval('search_entry_place') FROM generate_series(1, :count)")
        places = [base + place for place in connection.scalars(taken, {"count": len(rows)})]
    connection.execute(
        sa.insert(entry),
        [
            {
                "id": place, "kind": kind, "subject_id": row[0], "client_id": row[1],
                "text": prepared([str(one) for one in (*row[2:], *beside.get(row[0], ()))]),
            }
            for place, row in zip(places, rows, strict=True)
        ],
    )  # fmt: skip
