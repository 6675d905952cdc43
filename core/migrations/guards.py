"""Triggers that keep append-only tables append-only, on both databases, and the ledger balanced."""

from __future__ import annotations

from alembic import op

APPEND_ONLY = (
    "audit_entry", "entry", "posting", "allocation", "attempt_step", "job_step", "invoice_line", "tax_line",
)  # fmt: skip
_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION innkeeper_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_PG_BALANCE = """
CREATE OR REPLACE FUNCTION innkeeper_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM posting WHERE entry_id = NEW.entry_id
             GROUP BY currency HAVING SUM(amount_minor) <> 0) THEN
    RAISE EXCEPTION 'entry % does not balance', NEW.entry_id;
  END IF;
  RETURN NULL;
END $$
"""


def add() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(_PG_FUNCTION)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION innkeeper_append_only()"
        )
    op.execute(_PG_BALANCE)
    op.execute(
        "CREATE CONSTRAINT TRIGGER posting_balanced AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION innkeeper_balanced()"
    )


def drop_functions() -> None:
    """The triggers go with their tables; PostgreSQL's functions stay behind."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION IF EXISTS innkeeper_append_only() CASCADE")
        op.execute("DROP FUNCTION IF EXISTS innkeeper_balanced() CASCADE")
