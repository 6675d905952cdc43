"""Client records: statuses with a history, groups, custom fields, notes, files; second factors; imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from core.kernel.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EMPTY = sa.text("''")
NOUGHT = sa.text("0")
TABLES = (
    "figure", "import_row", "import", "client_status_change", "client_note", "client_file", "second_factor",
    "recovery_code", "one_time_token", "list_view", "known_device", "custom_value", "custom_field",
    "client_group",
)  # fmt: skip
REFERENCES = (
    ("client", "group_id", "client_group"),
    ("client", "merged_into_id", "client"),
    ("contact", "user_id", "user"),
    ("session", "acting_staff_id", "user"),
)
INDEXES = (
    ("ix_client_group", "client", ["group_id", "id"]),
    ("ix_client_status", "client", ["status_id", "id"]),
    ("ix_contact_user_id", "contact", ["user_id"]),
)
ACCOUNT_INDEXES = (
    ("ix_billing_account_detach", ["detach_next_at"], "removed_at IS NOT NULL AND detached_at IS NULL"),
    (
        "ix_billing_account_expires",
        ["expires_on", "id"],
        "expires_on IS NOT NULL AND removed_at IS NULL AND keep",
    ),
)
FINER = {
    "order": ("order_received", "order_review"),
    "invoice": ("invoice",),
    "payment": ("card_payment", "echeck_payment", "bank_draft_payment", "third_party_payment"),
    "payment_error": ("declined_payment", "payment_error"),
    "echeck": ("echeck_payment", "bank_draft_payment"),
    "service": ("package_info", "suspension", "enabled"),
    "expiry": (
        "card_expiration", "domain_renewal_notice", "domain_transfer_success", "domain_transfer_failure",
    ),
}  # fmt: skip
REFERRED = ("client", "service")  # what may have a key in the books it came from
CHUNK = 1000


def upgrade() -> None:
    _groups()
    _custom_fields()
    _people()
    _beside_clients()
    _imports()
    _figures()
    _mails()
    for table, column in _added():
        op.add_column(table, column)
    for table, column_name, target in REFERENCES:
        _add_reference(table, column_name, target)
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    for name, columns, condition in ACCOUNT_INDEXES:
        where = sa.text(condition)
        op.create_index(name, "billing_account", columns, sqlite_where=where, postgresql_where=where)
    op.execute("UPDATE billing_account SET detached_at = removed_at WHERE removed_at IS NOT NULL")
    _external_references()
    _statuses()
    _refine_mail_choices()
    op.execute(
        "UPDATE contact SET user_id = (SELECT MIN(m.user_id) FROM membership m"
        " WHERE m.client_id = contact.client_id) WHERE is_primary"
        if op.get_bind().dialect.name == "sqlite"
        else "UPDATE contact SET user_id = (SELECT m.user_id FROM membership m"
        " WHERE m.client_id = contact.client_id ORDER BY m.id LIMIT 1) WHERE is_primary"
    )


def downgrade() -> None:
    for table in REFERRED:
        op.drop_index(f"uq_{table}_reference", table)
    for name, _, _ in reversed(ACCOUNT_INDEXES):
        op.drop_index(name, "billing_account")
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, column_name, target in reversed(REFERENCES):
        if not is_sqlite:
            op.drop_constraint(f"fk_{table}_{column_name}_{target}", table)
        op.drop_column(table, column_name)
    for table, column in reversed(_added()):
        op.drop_column(table, column.name)
    for table in TABLES:
        op.drop_table(table)
    _one_mail_per_service()


def _added() -> tuple[tuple[str, sa.Column[Any]], ...]:
    return (
        ("billing_account", sa.Column("holder", sa.String(), nullable=False, server_default=EMPTY)),
        ("billing_account", sa.Column("issue_number", sa.String(), nullable=False, server_default=EMPTY)),
        ("billing_account", sa.Column("start_date", sa.String(), nullable=False, server_default=EMPTY)),
        ("billing_account", sa.Column("detached_at", UtcDateTime(), nullable=True)),
        ("billing_account", sa.Column("detach_tries", BIG, nullable=False, server_default=NOUGHT)),
        ("billing_account", sa.Column("detach_next_at", UtcDateTime(), nullable=True)),
        ("billing_account", sa.Column("warned_for", sa.Date(), nullable=True)),
        ("mail_message", sa.Column("invoice_id", sa.Uuid(), nullable=True)),
        ("mail_message", sa.Column("link_encrypted", sa.String(), nullable=False, server_default=EMPTY)),
        ("client", sa.Column("tax_id_checked_at", UtcDateTime(), nullable=True)),
        ("client", sa.Column("tax_id_answer", sa.JSON(none_as_null=True), nullable=True)),
        ("client", sa.Column("external_reference", sa.String(), nullable=False, server_default=EMPTY)),
        ("client", sa.Column("closed_at", UtcDateTime(), nullable=True)),
        ("client", sa.Column("erased_at", UtcDateTime(), nullable=True)),
        ("contact", sa.Column("removed_at", UtcDateTime(), nullable=True)),
        ("role", sa.Column("version", BIG, nullable=False, server_default=sa.text("1"))),
        ("service", sa.Column("price_reason", sa.String(), nullable=False, server_default=EMPTY)),
        ("service", sa.Column("ended_at", UtcDateTime(), nullable=True)),
        ("service", sa.Column("external_reference", sa.String(), nullable=False, server_default=EMPTY)),
        ("session", sa.Column("factor_at", UtcDateTime(), nullable=True)),
        ("session", sa.Column("proven_at", UtcDateTime(), nullable=True)),
        ("staff", sa.Column("version", BIG, nullable=False, server_default=sa.text("1"))),
        ("user", sa.Column("password_changed_at", UtcDateTime(), nullable=True)),
    )


def _add_reference(table: str, column: str, target: str) -> None:
    if op.get_bind().dialect.name == "sqlite":  # a column may refer to a table only as it is added
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column} CHAR(32) REFERENCES "{target}" (id)')
        return
    op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
    op.create_foreign_key(f"fk_{table}_{column}_{target}", table, target, [column], ["id"])


def _groups() -> None:
    op.create_table(
        "client_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("discount_kind", sa.String(), nullable=False),
        sa.Column("discount_value", BIG, nullable=False),
        sa.Column("discount_products", sa.JSON(), nullable=False),
        sa.Column("due_days", BIG, nullable=True),
        sa.Column("tax_policy", sa.String(), nullable=False),
        sa.Column("suspends", sa.Boolean(), nullable=False),
        sa.Column("is_reseller", sa.Boolean(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.CheckConstraint(
            "discount_kind <> 'percent' OR discount_value <= 10000",
            name=op.f("ck_client_group_discount_at_most_all"),
        ),
        sa.CheckConstraint("discount_value >= 0", name=op.f("ck_client_group_discount_not_negative")),
        sa.CheckConstraint("due_days BETWEEN 0 AND 365", name=op.f("ck_client_group_due_days_in_a_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_group")),
        sa.UniqueConstraint("name", name=op.f("uq_client_group_name")),
    )


def _custom_fields() -> None:
    op.create_table(
        "custom_field",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("help", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_field")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_custom_field_owner_key")),
    )
    op.create_table(
        "custom_value",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["custom_field.id"], name=op.f("fk_custom_value_field_id_custom_field")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_value")),
        sa.UniqueConstraint("field_id", "owner_id", name=op.f("uq_custom_value_field_id_owner_id")),
    )
    op.create_index(op.f("ix_custom_value_owner_id"), "custom_value", ["owner_id"])


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id_user"))


def _people() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("secret_encrypted", sa.String(), nullable=False),
        sa.Column("last_used_step", BIG, nullable=False),
        sa.Column("credential_id", sa.String(), nullable=True),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        _of_user("second_factor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_second_factor_credential_id")),
    )
    op.create_index(op.f("ix_second_factor_user_id"), "second_factor", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _of_user("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )
    op.create_table(
        "one_time_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _of_user("one_time_token"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_token_token_hash")),
    )
    op.create_index(op.f("ix_one_time_token_user_id"), "one_time_token", ["user_id"])
    op.create_table(
        "known_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_hash", sa.String(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        _of_user("known_device"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("user_id", "device_hash", name=op.f("uq_known_device_user_id_device_hash")),
    )
    op.create_table(
        "list_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _of_user("list_view"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_view")),
        sa.UniqueConstraint("user_id", "list", "label", name=op.f("uq_list_view_user_id_list_label")),
    )


def _of_client(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f(f"fk_{table}_client_id_client"))


def _beside_clients() -> None:
    op.create_table(
        "client_status_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("from_label", sa.String(), nullable=False),
        sa.Column("from_behaviour", sa.String(), nullable=False),
        sa.Column("to_label", sa.String(), nullable=False),
        sa.Column("to_behaviour", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _of_client("client_status_change"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_status_change")),
    )
    op.create_index("ix_client_status_change_client", "client_status_change", ["client_id", "at"])
    op.create_table(
        "client_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        _of_client("client_note"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_note")),
    )
    op.create_index("ix_client_note_client", "client_note", ["client_id", "id"])
    op.create_table(
        "client_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("stored_as", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _of_client("client_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_file")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_client_file_stored_as")),
    )
    op.create_index("ix_client_file_client", "client_file", ["client_id", "id"])


def _imports() -> None:
    op.create_table(
        "import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("stored_as", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", BIG, nullable=False),
        sa.Column("next_line", BIG, nullable=False),
        sa.Column("made", BIG, nullable=False),
        sa.Column("known", BIG, nullable=False),
        sa.Column("refused", BIG, nullable=False),
        sa.Column("turn", BIG, nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("next_line >= 1", name=op.f("ck_import_next_line_positive")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_import_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        sa.UniqueConstraint("number", name=op.f("uq_import_number")),
    )
    op.create_table(
        "import_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.Column("messages", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_import_row_import_id_import")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("import_id", "line", name=op.f("uq_import_row_import_id_line")),
    )


def _figures() -> None:
    op.create_table(
        "figure",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("took_ms", BIG, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_figure_brand_id_brand")),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_figure")),
    )


def _external_references() -> None:
    """Unique per brand where there is one."""
    where = sa.text("external_reference <> ''")
    for table in REFERRED:
        op.create_index(
            f"uq_{table}_reference", table, ["brand_id", "external_reference"], unique=True,
            sqlite_where=where, postgresql_where=where,
        )  # fmt: skip


def _statuses() -> None:
    """The usual labels of the trade; what a host has renamed stays."""
    connection = op.get_bind()
    status = sa.table(
        "client_status", sa.column("id", sa.Uuid()), sa.column("label"), sa.column("behaviour"),
        sa.column("position"),
    )  # fmt: skip
    labels = set(connection.scalars(sa.select(status.c.label)))
    if not labels:
        return
    if "Blocked" in labels and "Fraud" not in labels:
        connection.execute(sa.update(status).where(status.c.label == "Blocked").values(label="Fraud"))
    if "Collections" not in labels:
        values = {"id": uuid4(), "label": "Collections", "behaviour": "suspended", "position": len(labels)}
        connection.execute(sa.insert(status).values(values))


def _mails() -> None:
    """A service's mail goes to every contact that wants it, no longer to one."""
    op.create_table(
        "mail_told",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_mail_told_service_id_service")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_mail_told_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["mail_message.id"], name=op.f("fk_mail_told_mail_id_mail_message")
        ),
        sa.PrimaryKeyConstraint("service_id", "contact_id", name=op.f("pk_mail_told")),
    )
    op.create_index(op.f("ix_mail_told_mail_id"), "mail_told", ["mail_id"])
    op.execute(
        "INSERT INTO mail_told (service_id, contact_id, mail_id)"
        " SELECT p.service_id, m.contact_id, p.mail_id FROM mail_package p"
        " JOIN mail_message m ON m.id = p.mail_id WHERE m.contact_id IS NOT NULL"
    )
    op.drop_table("mail_package")


def _one_mail_per_service() -> None:
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
    op.create_index(op.f("ix_mail_package_mail_id"), "mail_package", ["mail_id"])
    op.execute(
        "INSERT INTO mail_package (service_id, mail_id)"
        " SELECT t.service_id, t.mail_id FROM mail_told t JOIN mail_message m ON m.id = t.mail_id"
        " WHERE m.number = (SELECT MIN(n.number) FROM mail_message n JOIN mail_told o ON o.mail_id = n.id"
        " WHERE o.service_id = t.service_id)"
    )
    op.drop_table("mail_told")


def _refine_mail_choices() -> None:
    """Each coarse box becomes the finer ones that say the same."""
    connection = op.get_bind()
    choice = sa.table(
        "contact_mail_choice", sa.column("id", sa.Uuid()), sa.column("contact_id", sa.Uuid()),
        sa.column("mail_type"),
    )  # fmt: skip
    for chunk in _contacts(connection, choice):
        chosen = connection.execute(
            sa.select(choice.c.contact_id, choice.c.mail_type).where(choice.c.contact_id.in_(chunk))
        )
        finer = {(contact, one) for contact, coarse in chosen for one in FINER.get(coarse, (coarse,))}
        finer |= {(contact, "new_device") for contact in chunk}
        connection.execute(sa.delete(choice).where(choice.c.contact_id.in_(chunk)))
        rows = [{"id": uuid4(), "contact_id": contact, "mail_type": one} for contact, one in sorted(finer)]
        connection.execute(sa.insert(choice), rows)


def _contacts(connection: sa.Connection, choice: sa.TableClause) -> Iterator[list[object]]:
    ids = list(connection.scalars(sa.select(choice.c.contact_id).distinct()))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
