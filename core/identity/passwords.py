"""Password hashes: argon2id, one call takes a good part of a second. Never inside a transaction."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.identity.rules import LONGEST_PASSWORD, normal_password

# RFC 9106, 4: the second recommended option (64 MiB, 3 passes, 4 lanes), argon2-cffi's default.
_HASHER = PasswordHasher()
# Each hash takes 64 MiB while it is made: a flood of sign-ins waits instead of filling the memory.
_AT_ONCE = BoundedSemaphore(4)


def hash_password(text: str) -> str:
    """The argon2id record of a password. Slow on purpose: call it outside transactions."""
    with _AT_ONCE:
        return _HASHER.hash(normal_password(text))


def verify_password(record: str | None, text: str) -> bool:
    """Whether the password belongs to the record. Takes the same work when there is no record, when
    it is of no password, and for texts no password can be. Call it outside transactions."""
    known = record is not None and record.startswith("$")  # "!" stands for no password at all
    wanted = record if record and known else _decoy()
    with _AT_ONCE:
        try:
            _HASHER.verify(wanted, normal_password(text[: LONGEST_PASSWORD + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return known and len(text) <= LONGEST_PASSWORD


def is_outdated(record: str) -> bool:
    """Whether the record was made with weaker settings than those of today."""
    return _HASHER.check_needs_rehash(record)


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody has this password")


def warm_up() -> None:
    """Make the decoy, so that the first stranger waits no longer than the second."""
    _decoy()
