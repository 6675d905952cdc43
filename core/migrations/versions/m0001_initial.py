"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.kernel.db import UtcDateTime
from core.migrations import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


TABLES = (
    "order_line",
    "job_step",
    "coupon_use",
    "remote_account",
    "order",
    "job",
    "invoice_line",
    "domain",
    "attempt_step",
    "allocation",
    "tax_line",
    "service",
    "quote",
    "price",
    "mail_message",
    "contact_mail_choice",
    "cart_line",
    "attempt",
    "product",
    "posting",
    "membership",
    "invoice",
    "drift",
    "contact",
    "cart",
    "billing_account",
    "terms",
    "tax_rule",
    "staff",
    "session",
    "server",
    "role_permission",
    "product_group",
    "outbox_delivery",
    "entry",
    "coupon",
    "client",
    "brand_host",
    "brand_gateway",
    "worker",
    "webhook_event",
    "user",
    "unmatched_money",
    "throttle",
    "role",
    "pool",
    "outbox_event",
    "ledger_account",
    "counter",
    "client_status",
    "brand",
    "audit_head",
    "audit_entry",
)  # dependants first


def _audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", BIG, autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("acting_for", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_entry_id")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index(op.f("ix_audit_entry_target"), "audit_entry", ["target"], unique=False)


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def _brand() -> None:
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("tokens", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("legal_address", sa.String(), nullable=False),
        sa.Column("tax_number", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("mail_sender", sa.String(), nullable=False),
        sa.Column("support_email", sa.String(), nullable=False),
        sa.Column("number_prefix", sa.String(), nullable=False),
        sa.Column("invoice_due_days", BIG, nullable=False),
        sa.Column("tax_rounding", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("slug", name=op.f("uq_brand_slug")),
    )


def _client_status() -> None:
    op.create_table(
        "client_status",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("behaviour", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_status")),
        sa.UniqueConstraint("label", name=op.f("uq_client_status_label")),
    )


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("next_value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_counter")),
    )


def _ledger_account() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ledger_account")),
    )


def _outbox_event() -> None:
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(op.f("ix_outbox_event_created_at"), "outbox_event", ["created_at"], unique=False)


def _pool() -> None:
    op.create_table(
        "pool",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
        sa.UniqueConstraint("name", name=op.f("uq_pool_name")),
    )


def _role() -> None:
    op.create_table(
        "role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )


def _throttle() -> None:
    op.create_table(
        "throttle",
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("used", BIG, nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_throttle")),
    )


def _unmatched_money() -> None:
    op.create_table(
        "unmatched_money",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", BIG, nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmatched_money")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_unmatched_money_gateway_event_id")),
    )


def _user() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("username_folded", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_folded", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_user_email_folded")),
        sa.UniqueConstraint("username_folded", name=op.f("uq_user_username_folded")),
    )


def _webhook_event() -> None:
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_webhook_event_gateway_event_id")),
    )


def _worker() -> None:
    op.create_table(
        "worker",
        sa.Column("executor_id", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_worker")),
    )


def _brand_gateway() -> None:
    op.create_table(
        "brand_gateway",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_brand_gateway_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_gateway")),
        sa.UniqueConstraint("brand_id", "gateway", name=op.f("uq_brand_gateway_brand_id_gateway")),
    )


def _brand_host() -> None:
    op.create_table(
        "brand_host",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("host_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_brand_host_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_host")),
        sa.UniqueConstraint("host_name", name=op.f("uq_brand_host_host_name")),
    )


def _client() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("company_name", sa.String(), nullable=False),
        sa.Column("status_id", sa.Uuid(), nullable=False),
        sa.Column("billing_day", BIG, nullable=True),
        sa.Column("billing_country", sa.String(), nullable=False),
        sa.Column("is_taxable", sa.Boolean(), nullable=False),
        sa.Column("tax_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("credit_minor", BIG, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.CheckConstraint("billing_day BETWEEN 1 AND 31", name=op.f("ck_client_billing_day_of_month")),
        sa.CheckConstraint("credit_minor >= 0", name=op.f("ck_client_credit_not_negative")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_client_brand_id_brand")),
        sa.ForeignKeyConstraint(
            ["status_id"], ["client_status.id"], name=op.f("fk_client_status_id_client_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_client_brand_id_number")),
    )
    op.create_index("ix_client_brand_created", "client", ["brand_id", "created_at", "id"], unique=False)


def _coupon() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("product_slugs", sa.JSON(), nullable=False),
        sa.Column("uses_left", BIG, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("uses_left >= 0", name=op.f("ck_coupon_uses_not_negative")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_coupon_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("brand_id", "code", name=op.f("uq_coupon_brand_id_code")),
    )


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_entry_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("source", name=op.f("uq_entry_source")),
    )


def _outbox_delivery() -> None:
    op.create_table(
        "outbox_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outbox_event.id"], name=op.f("fk_outbox_delivery_event_id_outbox_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_delivery")),
        sa.UniqueConstraint("event_id", "subscriber", name=op.f("uq_outbox_delivery_event_id_subscriber")),
    )
    op.create_index("ix_outbox_delivery_due", "outbox_delivery", ["state", "next_try_at"], unique=False)


def _product_group() -> None:
    op.create_table(
        "product_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_product_group_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_group")),
    )


def _role_permission() -> None:
    op.create_table(
        "role_permission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_role_permission_role_id_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_permission")),
        sa.UniqueConstraint("role_id", "permission", name=op.f("uq_role_permission_role_id_permission")),
    )


def _server() -> None:
    op.create_table(
        "server",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("settings_encrypted", sa.String(), nullable=False),
        sa.Column("capacity", BIG, nullable=True),
        sa.Column("reserved", BIG, nullable=False),
        sa.Column("weight", BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_note", sa.String(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "capacity IS NULL OR reserved <= capacity", name=op.f("ck_server_reserved_within_capacity")
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_server_reserved_not_negative")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_server_pool_id_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("name", name=op.f("uq_server_name")),
    )
    op.create_index(op.f("ix_server_pool_id"), "server", ["pool_id"], unique=False)


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_staff_role_id_role")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_staff_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_staff")),
    )


def _tax_rule() -> None:
    op.create_table(
        "tax_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("rate", sa.String(), nullable=False),
        sa.Column("taxable_share", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_tax_rule_valid_in_order")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_tax_rule_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rule")),
    )
    op.create_index("ix_tax_rule_place", "tax_rule", ["brand_id", "country", "region"], unique=False)


def _terms() -> None:
    op.create_table(
        "terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_terms_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
    )


def _billing_account() -> None:
    op.create_table(
        "billing_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source_encrypted", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("mandate", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_billing_account_client_id_client")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_account")),
    )
    op.create_index(op.f("ix_billing_account_client_id"), "billing_account", ["client_id"], unique=False)
    op.create_index(
        "uq_billing_account_default",
        "billing_account",
        ["client_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )


def _cart() -> None:
    op.create_table(
        "cart",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("coupon_code", sa.String(), nullable=False),
        sa.Column("contact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("source_encrypted", sa.String(), nullable=False),
        sa.Column("source_label", sa.String(), nullable=False),
        sa.Column("keep_method", sa.Boolean(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_cart_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_cart_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_cart_token_hash")),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("company_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("street_address", sa.String(), nullable=False),
        sa.Column("address_2", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("postal_code", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("primary_phone", sa.String(), nullable=False),
        sa.Column("secondary_phone", sa.String(), nullable=False),
        sa.Column("fax", sa.String(), nullable=False),
        sa.Column("mobile_phone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email_format", sa.String(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_contact_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_client_id"), "contact", ["client_id"], unique=False)
    op.create_index(op.f("ix_contact_email"), "contact", ["email"], unique=False)
    op.create_index(
        "uq_contact_primary",
        "contact",
        ["client_id"],
        unique=True,
        sqlite_where=sa.text("is_primary"),
        postgresql_where=sa.text("is_primary"),
    )


def _drift() -> None:
    op.create_table(
        "drift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("theirs", sa.String(), nullable=False),
        sa.Column("ours", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_drift_server_id_server")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
        sa.UniqueConstraint("server_id", "kind", "subject", name=op.f("uq_drift_server_id_kind_subject")),
    )


def _invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net_minor", BIG, nullable=False),
        sa.Column("tax_minor", BIG, nullable=False),
        sa.Column("total_minor", BIG, nullable=False),
        sa.Column("paid_minor", BIG, nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("paid_minor <= total_minor", name=op.f("ck_invoice_paid_at_most_total")),
        sa.CheckConstraint("paid_minor >= 0", name=op.f("ck_invoice_paid_not_negative")),
        sa.CheckConstraint("total_minor = net_minor + tax_minor", name=op.f("ck_invoice_total_adds_up")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_invoice_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_invoice_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_invoice_series_number")),
    )
    op.create_index("ix_invoice_client", "invoice", ["brand_id", "client_id", "id"], unique=False)
    op.create_index(op.f("ix_invoice_client_id"), "invoice", ["client_id"], unique=False)
    op.create_index(op.f("ix_invoice_order_id"), "invoice", ["order_id"], unique=False)


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_membership_client_id_client")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("user_id", "client_id", name=op.f("uq_membership_user_id_client_id")),
    )
    op.create_index(op.f("ix_membership_client_id"), "membership", ["client_id"], unique=False)


def _posting() -> None:
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account"], ["ledger_account.code"], name=op.f("fk_posting_account_ledger_account")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_posting_entry_id_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_client_id"), "posting", ["client_id"], unique=False)
    op.create_index(op.f("ix_posting_entry_id"), "posting", ["entry_id"], unique=False)


def _product() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("gl_code", sa.String(), nullable=False),
        sa.Column("provisioner", sa.String(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("provisioner_options", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("stock", BIG, nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_product_stock_not_negative")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_product_brand_id_brand")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["product_group.id"], name=op.f("fk_product_group_id_product_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("brand_id", "slug", name=op.f("uq_product_brand_id_slug")),
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("billing_account_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("refunded_minor", BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("provider_code", sa.String(), nullable=True),
        sa.Column("staff_note", sa.String(), nullable=False),
        sa.Column("action", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("approve_url", sa.String(), nullable=True),
        sa.Column("customer_present", sa.Boolean(), nullable=False),
        sa.Column("lookups", BIG, nullable=False),
        sa.Column("next_lookup_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_attempt_amount_positive")),
        sa.ForeignKeyConstraint(
            ["billing_account_id"],
            ["billing_account.id"],
            name=op.f("fk_attempt_billing_account_id_billing_account"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_attempt_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_attempt_client_id_client")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_attempt_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["parent_id"], ["attempt.id"], name=op.f("fk_attempt_parent_id_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("gateway", "mode", "reference", name=op.f("uq_attempt_gateway_mode_reference")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_attempt_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_attempt_number")),
    )
    op.create_index(op.f("ix_attempt_client_id"), "attempt", ["client_id"], unique=False)
    op.create_index(op.f("ix_attempt_invoice_id"), "attempt", ["invoice_id"], unique=False)
    op.create_index("ix_attempt_lookup", "attempt", ["state", "next_lookup_at"], unique=False)
    op.create_index(
        "uq_attempt_moving",
        "attempt",
        ["invoice_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'charge' AND state IN ('created', 'sent', 'pending', 'unknown')"),
        postgresql_where=sa.text("kind = 'charge' AND state IN ('created', 'sent', 'pending', 'unknown')"),
    )


def _cart_line() -> None:
    op.create_table(
        "cart_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_unit", sa.String(), nullable=False),
        sa.Column("cycle_count", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 100", name=op.f("ck_cart_line_quantity_in_reason")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_cart_line_cart_id_cart")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_cart_line_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_line")),
    )
    op.create_index(op.f("ix_cart_line_cart_id"), "cart_line", ["cart_id"], unique=False)


def _contact_mail_choice() -> None:
    op.create_table(
        "contact_mail_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("mail_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_mail_choice_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_mail_choice")),
        sa.UniqueConstraint(
            "contact_id", "mail_type", name=op.f("uq_contact_mail_choice_contact_id_mail_type")
        ),
    )


def _mail_message() -> None:
    op.create_table(
        "mail_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body_text", sa.String(), nullable=False),
        sa.Column("body_html", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_mail_message_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_mail_message_client_id_client")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_mail_message_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mail_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_message_id")),
        sa.UniqueConstraint("number", name=op.f("uq_mail_message_number")),
    )
    op.create_index(op.f("ix_mail_message_client_id"), "mail_message", ["client_id"], unique=False)
    op.create_index("ix_mail_message_due", "mail_message", ["state", "next_try_at"], unique=False)
    op.create_index(op.f("ix_mail_message_order_id"), "mail_message", ["order_id"], unique=False)


def _price() -> None:
    op.create_table(
        "price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cycle_unit", sa.String(), nullable=False),
        sa.Column("cycle_count", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("setup_minor", BIG, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_price_amount_not_negative")),
        sa.CheckConstraint("cycle_count >= 0", name=op.f("ck_price_cycle_count_not_negative")),
        sa.CheckConstraint("setup_minor >= 0", name=op.f("ck_price_setup_not_negative")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint(
            "product_id",
            "currency",
            "cycle_unit",
            "cycle_count",
            "valid_from",
            name=op.f("uq_price_product_id_currency_cycle_unit_cycle_count_valid_from"),
        ),
    )
    op.create_index(op.f("ix_price_product_id"), "price", ["product_id"], unique=False)


def _quote() -> None:
    op.create_table(
        "quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total_minor", BIG, nullable=False),
        sa.Column("priced_on", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_quote_cart_id_cart")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
    )
    op.create_index(op.f("ix_quote_cart_id"), "quote", ["cart_id"], unique=False)


def _service() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("cycle_unit", sa.String(), nullable=False),
        sa.Column("cycle_count", BIG, nullable=False),
        sa.Column("anchor_day", BIG, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("price_minor", BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("paid_until", sa.Date(), nullable=True),
        sa.Column("billing_account_id", sa.Uuid(), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name=op.f("ck_service_anchor_day_of_month")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_service_quantity_positive")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_service_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_service_client_id_client")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_service_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_service_brand_id_number")),
    )
    op.create_index(op.f("ix_service_client_id"), "service", ["client_id"], unique=False)
    op.create_index(op.f("ix_service_domain"), "service", ["domain"], unique=False)
    op.create_index(
        "ix_service_due",
        "service",
        ["next_due_on", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('active', 'suspended') AND next_due_on IS NOT NULL"),
        postgresql_where=sa.text("status IN ('active', 'suspended') AND next_due_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_service_product_id"), "service", ["product_id"], unique=False)


def _tax_line() -> None:
    op.create_table(
        "tax_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rate", sa.String(), nullable=False),
        sa.Column("taxable_share", sa.String(), nullable=False),
        sa.Column("base_minor", BIG, nullable=False),
        sa.Column("tax_minor", BIG, nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_tax_line_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_line")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_tax_line_invoice_id_position")),
    )
    op.create_index(op.f("ix_tax_line_invoice_id"), "tax_line", ["invoice_id"], unique=False)


def _allocation() -> None:
    op.create_table(
        "allocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_allocation_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_allocation_invoice_id_invoice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("source", name=op.f("uq_allocation_source")),
    )
    op.create_index(op.f("ix_allocation_attempt_id"), "allocation", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_allocation_invoice_id"), "allocation", ["invoice_id"], unique=False)


def _attempt_step() -> None:
    op.create_table(
        "attempt_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_step_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_step")),
    )
    op.create_index(op.f("ix_attempt_step_attempt_id"), "attempt_step", ["attempt_id"], unique=False)


def _domain() -> None:
    op.create_table(
        "domain",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("registrar", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("years", BIG, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("nameservers", sa.JSON(), nullable=False),
        sa.Column("whois", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_domain_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain")),
        sa.UniqueConstraint("service_id", name=op.f("uq_domain_service_id")),
    )
    op.create_index(
        "uq_domain_held",
        "domain",
        ["name"],
        unique=True,
        sqlite_where=sa.text("state <> 'released'"),
        postgresql_where=sa.text("state <> 'released'"),
    )


def _invoice_line() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("unit_minor", BIG, nullable=False),
        sa.Column("discount_minor", BIG, nullable=False),
        sa.Column("net_minor", BIG, nullable=False),
        sa.Column("gl_code", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id_invoice")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_invoice_line_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
    )
    op.create_index(op.f("ix_invoice_line_invoice_id"), "invoice_line", ["invoice_id"], unique=False)
    op.create_index(
        "uq_invoice_line_period",
        "invoice_line",
        ["service_id", "kind", "period_start"],
        unique=True,
        sqlite_where=sa.text("kind = 'recurring' AND service_id IS NOT NULL"),
        postgresql_where=sa.text("kind = 'recurring' AND service_id IS NOT NULL"),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("turn", BIG, nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("operation", sa.String(), nullable=True),
        sa.Column("in_doubt", sa.Boolean(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("staff_note", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_job_server_id_server")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_job_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_job_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_job_number")),
    )
    op.create_index("ix_job_due", "job", ["state", "next_try_at"], unique=False)
    op.create_index(op.f("ix_job_service_id"), "job", ["service_id"], unique=False)
    op.create_index(
        "uq_job_running",
        "job",
        ["service_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )


def _order() -> None:
    op.create_table(
        "order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("token_encrypted", sa.String(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("placement_key", sa.String(), nullable=False),
        sa.Column("new_client", sa.Boolean(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=True),
        sa.Column("terms_accepted_at", UtcDateTime(), nullable=True),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_order_brand_id_brand")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_order_client_id_client")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_order_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_order_quote_id_quote")),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("fk_order_terms_id_terms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_order_brand_id_number")),
        sa.UniqueConstraint("placement_key", name=op.f("uq_order_placement_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_order_token_hash")),
    )
    op.create_index(op.f("ix_order_client_id"), "order", ["client_id"], unique=False)


def _remote_account() -> None:
    op.create_table(
        "remote_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("password_encrypted", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("inspected_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["server_id"], ["server.id"], name=op.f("fk_remote_account_server_id_server")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_remote_account_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_account")),
        sa.UniqueConstraint("server_id", "username", name=op.f("uq_remote_account_server_id_username")),
        sa.UniqueConstraint("service_id", name=op.f("uq_remote_account_service_id")),
    )


def _coupon_use() -> None:
    op.create_table(
        "coupon_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_use_coupon_id_coupon")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_coupon_use_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_use")),
        sa.UniqueConstraint("coupon_id", "order_id", name=op.f("uq_coupon_use_coupon_id_order_id")),
    )


def _job_step() -> None:
    op.create_table(
        "job_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_step_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_step")),
    )
    op.create_index(op.f("ix_job_step_job_id"), "job_step", ["job_id"], unique=False)


def _order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("net_minor", BIG, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_line_order_id_order")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_order_line_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        sa.UniqueConstraint("service_id", name=op.f("uq_order_line_service_id")),
    )
    op.create_index(op.f("ix_order_line_order_id"), "order_line", ["order_id"], unique=False)


def upgrade() -> None:
    _audit_entry()
    _audit_head()
    _brand()
    _client_status()
    _counter()
    _ledger_account()
    _outbox_event()
    _pool()
    _role()
    _throttle()
    _unmatched_money()
    _user()
    _webhook_event()
    _worker()
    _brand_gateway()
    _brand_host()
    _client()
    _coupon()
    _entry()
    _outbox_delivery()
    _product_group()
    _role_permission()
    _server()
    _session()
    _staff()
    _tax_rule()
    _terms()
    _billing_account()
    _cart()
    _contact()
    _drift()
    _invoice()
    _membership()
    _posting()
    _product()
    _attempt()
    _cart_line()
    _contact_mail_choice()
    _mail_message()
    _price()
    _quote()
    _service()
    _tax_line()
    _allocation()
    _attempt_step()
    _domain()
    _invoice_line()
    _job()
    _order()
    _remote_account()
    _coupon_use()
    _job_step()
    _order_line()
    op.execute("INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    guards.add()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    guards.drop_functions()
