"""The tables of the books. Numbers of cards and bank accounts have no column, so they cannot be kept."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS keys (
    operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (operation, key)
) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, brand TEXT NOT NULL, last4 TEXT NOT NULL CHECK (length(last4) = 4),
    expiry_month INTEGER NOT NULL, expiry_year INTEGER NOT NULL, name TEXT NOT NULL,
    behaviour TEXT NOT NULL, trusted INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, deleted_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS charges (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    status TEXT NOT NULL, decline_code TEXT, token TEXT NOT NULL REFERENCES tokens (id),
    challenge TEXT, created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS payments (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    captured INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL,
    return_url TEXT NOT NULL, cancel_url TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS transfers (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT, routing_number TEXT NOT NULL,
    last4 TEXT NOT NULL CHECK (length(last4) = 4), behaviour TEXT NOT NULL,
    account_type TEXT NOT NULL, holder TEXT NOT NULL,
    created_at TEXT NOT NULL, settles_at TEXT, settled_at TEXT, returns_at TEXT, returned_at TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS transfers_open ON transfers (status);

CREATE TABLE IF NOT EXISTS settlements (
    n INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    transfer_id TEXT NOT NULL REFERENCES transfers (id),
    status TEXT NOT NULL, code TEXT, occurred_at TEXT NOT NULL, UNIQUE (transfer_id, status)
) STRICT;

CREATE TABLE IF NOT EXISTS refunds (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT NOT NULL,
    key TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), created_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_parent ON refunds (parent);

CREATE TABLE IF NOT EXISTS accounts (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT, username TEXT NOT NULL,
    domain TEXT NOT NULL, plan TEXT NOT NULL, email TEXT NOT NULL, marker TEXT, state TEXT NOT NULL,
    password_changes INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, deleted_at TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS accounts_username ON accounts (username) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS accounts_domain ON accounts (domain) WHERE deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS domains (
    n INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL UNIQUE, key TEXT,
    expires_on TEXT NOT NULL, nameservers TEXT NOT NULL, contact TEXT NOT NULL, marker TEXT,
    renewals INTEGER NOT NULL DEFAULT 0, registered_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS events (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    created TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    next_try_at TEXT, delivered_at TEXT, last_answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS events_due ON events (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, kind TEXT NOT NULL,
    times INTEGER NOT NULL CHECK (times = -1 OR times > 0), seconds REAL NOT NULL, method TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL,
    key TEXT, at TEXT NOT NULL, fault TEXT, answer TEXT
) STRICT;
"""

EMPTYING = (  # in an order that the references between tables allow
    "DELETE FROM keys",
    "DELETE FROM settlements",
    "DELETE FROM refunds",
    "DELETE FROM charges",
    "DELETE FROM tokens",
    "DELETE FROM payments",
    "DELETE FROM transfers",
    "DELETE FROM accounts",
    "DELETE FROM domains",
    "DELETE FROM events",
    "DELETE FROM faults",
    "DELETE FROM calls",
)
