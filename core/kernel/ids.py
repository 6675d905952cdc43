"""Identifiers: UUIDv7 for rows, random tokens for links and sessions."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from datetime import datetime
from uuid import UUID


class _Last:
    """The id made last, so that those of one millisecond keep their order too."""

    guard = threading.Lock()
    value = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): milliseconds first, so that rows made together lie together.

    Within one process and millisecond each is greater than the one before (6.2, method 2): steps of a
    story sort by their ids.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    with _Last.guard:
        if value <= _Last.value and _Last.value >> 80 == milliseconds:
            value = _Last.value + 1 + secrets.randbits(32)
        _Last.value = value
    return UUID(int=value)


def first_id_at(moment: datetime) -> UUID:
    """Not greater than any UUIDv7 made at or after a moment, and greater than all made a millisecond before:
    a bound for asking by time what is ordered by id."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def new_token() -> str:
    """256 random bits, safe in a URL. Store only its hash."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What the database keeps of a token: SHA-256, hexadecimal. The token itself has full entropy."""
    return hashlib.sha256(token.encode()).hexdigest()
