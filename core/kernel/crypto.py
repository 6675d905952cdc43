"""Encryption at rest: AES-256-GCM under a key ring, each value bound to its row; and seals of what is open.

A record reads ``v1.<key id>.<base64 of nonce and ciphertext>``. The associated data names the row, so a
value copied to another row does not open. A seal reads ``<key id>.<HMAC-SHA-256>``, under a key of its own
for each purpose (HKDF, RFC 5869).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
KEY_BYTES = 32


class DecryptionError(ValueError):
    """The key is unknown, the record damaged, or it belongs to another row."""


class KeyRing:
    """``keys`` maps key id to 32 bytes; ``current`` encrypts, all of them decrypt."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        if current not in keys:
            raise ValueError(f"the key ring has no key {current!r}")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError("every key must be 32 bytes")
        self._keys = dict(keys)
        self._current = current
        self._sealing: dict[tuple[str, str], bytes] = {}

    @classmethod
    def ring(cls, secret: bytes, old: Iterable[bytes] = ()) -> KeyRing:
        """A ring from secrets of any length. A key's id is derived from it, so two never share one."""
        derived = [_derive(one) for one in (secret, *old)]
        return cls(dict(derived), derived[0][0])

    @classmethod
    def single(cls, secret: bytes) -> KeyRing:
        """A ring of one key."""
        return cls.ring(secret)

    def encrypt(self, plaintext: bytes, aad: str) -> str:
        """``aad`` is "table/column/row id"."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._keys[self._current]).encrypt(nonce, plaintext, aad.encode())
        return f"v1.{self._current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, record: str, aad: str) -> bytes:
        """Raises DecryptionError."""
        try:
            version, key_id, body = record.split(".")
            raw = base64.urlsafe_b64decode(body)
            if version != "v1":
                raise DecryptionError(f"unknown record version {version!r}")
            return AESGCM(self._keys[key_id]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], aad.encode())
        except KeyError as error:
            raise DecryptionError("the key of this record is not in the ring") from error
        except (ValueError, InvalidTag) as error:
            raise DecryptionError("the record does not open for this row") from error

    def seal(self, text: str, purpose: str) -> str:
        """Proof that whoever wrote ``text`` holds the current key. The same text has the same seal."""
        return f"{self._current}.{self._mac(self._current, text, purpose)}"

    def is_sealed(self, seal: str, text: str, purpose: str) -> bool:
        """Whether ``seal`` is of this text, by any key of the ring."""
        key_id, _, mac = seal.partition(".")
        return key_id in self._keys and hmac.compare_digest(
            self._mac(key_id, text, purpose).encode(), mac.encode()
        )

    def knows(self, seal: str) -> bool:
        """Whether the key of a seal is in the ring."""
        return seal.partition(".")[0] in self._keys

    def is_current(self, seal: str) -> bool:
        """Whether a seal says that it is of the current key."""
        return seal.partition(".")[0] == self._current

    def _mac(self, key_id: str, text: str, purpose: str) -> str:
        known = self._sealing.get((key_id, purpose))
        if known is None:
            info = f"innkeeper-seal:{purpose}".encode()
            known = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._keys[key_id])
            self._sealing[key_id, purpose] = known
        return hmac.digest(known, text.encode(), "sha256").hex()


def _derive(secret: bytes) -> tuple[str, bytes]:
    key = hashlib.sha256(b"innkeeper-at-rest:" + secret).digest()
    return hashlib.sha256(b"innkeeper-key-id:" + key).hexdigest()[:8], key
