"""Seals of the audit log: of each entry, and of the end of the chain."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By hand: SQLite needs no second table for it, which would lose the triggers.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute("ALTER TABLE audit_entry ADD COLUMN seal VARCHAR DEFAULT '' NOT NULL")
    op.execute("ALTER TABLE audit_head ADD COLUMN seal VARCHAR DEFAULT '' NOT NULL")
    op.execute(f"ALTER TABLE audit_head ADD COLUMN sealed_from {kind} DEFAULT 0 NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE audit_head DROP COLUMN sealed_from")
    op.execute("ALTER TABLE audit_head DROP COLUMN seal")
    op.execute("ALTER TABLE audit_entry DROP COLUMN seal")
