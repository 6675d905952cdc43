"""Identifiers: UUIDv7 for rows, random tokens for links and sessions."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): milliseconds first, so that rows made together lie together."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_token() -> str:
    """256 random bits, safe in a URL. Store only its hash."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What the database keeps of a token: SHA-256, hexadecimal. The token itself has full entropy."""
    return hashlib.sha256(token.encode()).hexdigest()
