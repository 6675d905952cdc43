"""How far each gateway's settlement report was read, apart from what its webhooks told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.kernel.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settlement_cursor",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("read_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_settlement_cursor")),
    )


def downgrade() -> None:
    op.drop_table("settlement_cursor")
