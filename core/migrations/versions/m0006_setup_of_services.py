"""What is still to be asked for the set-up of a service that was added without an order."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By hand: SQLite adds a column with its check only in this form, and needs no second table for it.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE service ADD COLUMN setup_minor {kind} DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_service_setup_not_negative CHECK (setup_minor >= 0)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE service DROP COLUMN setup_minor")
