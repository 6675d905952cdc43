"""The seal of the audit log: proof, by a key that the database does not hold, of what its end was.

Hashes alone can be computed anew by whoever may write to the database. So the end of the chain carries an
HMAC over its number and hash, and with the chain that proves every entry before. Nobody goes on from an end
whose seal does not hold: a house without the right key, or somebody else's end, can not be made good by our
next entry. Each entry has a seal too; it proves nothing more, and shows where forging began.

What it can not show: that the log was put back to an end it once had, by who kept a copy of that end. An end
that was noted elsewhere does (``innkeeper audit verify --end``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.orm import Session

from core.kernel.crypto import KeyRing
from core.kernel.db import Database

KEYS = "audit.keys"
ENTRY, HEAD = "audit-entry", "audit-head"
UNSEALED = "the log is not sealed: innkeeper audit seal does it; if it was before, the seal was taken away"
OTHER_KEY = "the end is sealed with a key that is not the present one: innkeeper audit seal seals it anew"
FORGED = "the end was written by somebody without the key"
NO_SEAL = "from here on entries have no seal of ours"
# What is in order before the log is sealed for the first time, or after the key was changed.
TO_BE_SEALED = frozenset({UNSEALED, OTHER_KEY})

log = structlog.get_logger("innkeeper.audit")


class KeysMissing(RuntimeError):
    """A sealed log is written to without the keys: that would break its seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the chain ends. Entries from ``sealed_from`` on have seals; ``seal`` is "" where it has none."""

    sequence: int
    hash: str
    sealed_from: int = 0
    seal: str = ""

    @property
    def text(self) -> str:
        return f"{self.sequence}:{self.hash}:{self.sealed_from}"


def seal_with(db: Database, keys: KeyRing) -> None:
    """What this process records from now on is sealed, and checked, with these keys."""
    db.info[KEYS] = keys


def keys_of(session: Session) -> KeyRing | None:
    found: KeyRing | None = session.info.get(KEYS)
    return found


def of_entry(keys: KeyRing | None, sequence: int, digest: str) -> str:
    return keys.seal(f"{sequence}:{digest}", ENTRY) if keys else ""


def sealed(keys: KeyRing, end: End) -> str:
    return keys.seal(end.text, HEAD)


def holds(keys: KeyRing, end: End) -> bool:
    """Whether the present key sealed this end. A former one may be in other hands: it does not count."""
    return keys.is_current(end.seal) and keys.is_sealed(end.seal, end.text, HEAD)


def continued(session: Session, was: End, sequence: int, digest: str) -> dict[str, Any]:
    """What the head holds after an entry was written behind ``was``. Raises KeysMissing."""
    keys, values = keys_of(session), {"hash": digest}
    if keys is None:
        if was.seal:
            raise KeysMissing("the audit log is sealed: who writes to it needs the keys")
        return values
    if holds(keys, was):
        return values | {"seal": sealed(keys, replace(was, sequence=sequence, hash=digest))}
    if was.seal:
        log.error("the end of the audit log is not sealed with the present key", sequence=was.sequence)
    return values  # what does not hold stays so, for everybody to see


def fault_of_end(keys: KeyRing, end: End) -> str:
    """Why the end does not hold; "" when it does."""
    if holds(keys, end):
        return ""
    if not end.seal:
        return UNSEALED
    return OTHER_KEY if not keys.is_current(end.seal) else FORGED


class Entries:
    """Looks at the seals of entries, in order, and tells where those that do not fit begin."""

    def __init__(self, keys: KeyRing, end: End) -> None:
        self._keys = keys
        self._from = end.sealed_from if holds(keys, end) else None
        self._was_good = True
        self._is_needed = False

    def begins_to_fail(self, sequence: int, digest: str, seal: str) -> bool:
        """Whether this is the first of a row of entries whose seals do not fit."""
        if self._from is not None and sequence < self._from:
            return False  # from before the log was sealed: the chain proves them
        is_good = self._fits(sequence, digest, seal)
        self._is_needed = self._is_needed or (is_good and bool(seal))
        fails, self._was_good = not is_good and self._was_good, is_good
        return fails

    def _fits(self, sequence: int, digest: str, seal: str) -> bool:
        if not seal:
            return self._from is None and not self._is_needed
        if not self._keys.knows(seal):
            return True  # its key is gone: what came after proves it
        return self._keys.is_sealed(seal, f"{sequence}:{digest}", ENTRY)
