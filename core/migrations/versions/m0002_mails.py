"""Mails expire, are held by one sender at a time, and one of them can tell of several services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.kernel.db import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ADDED = ("turn", "expires_at", "leased_until")


def upgrade() -> None:
    op.add_column("mail_message", sa.Column("turn", BIG, nullable=False, server_default=sa.text("0")))
    op.add_column("mail_message", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.add_column("mail_message", sa.Column("leased_until", UtcDateTime(), nullable=True))
    op.create_table(
        "mail_package",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_mail_package_service_id_service")
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["mail_message.id"], name=op.f("fk_mail_package_mail_id_mail_message")
        ),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_mail_package")),
    )
    op.create_index(op.f("ix_mail_package_mail_id"), "mail_package", ["mail_id"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_package")
    for name in ADDED:
        op.drop_column("mail_message", name)
