"""Encryption at rest: sealed to its row, opened by any key of the ring, by no other."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.crypto import DecryptionError, KeyRing

OLD, NEW = b"o" * 32, b"n" * 32
ROW = "billing_account/source_encrypted/1"


def ring(**keys: bytes) -> KeyRing:
    return KeyRing(keys, next(reversed(keys)))


def opens(keys: KeyRing, record: str, aad: str = ROW) -> bool:
    try:
        keys.decrypt(record, aad)
    except DecryptionError:
        return False
    return True


@given(st.binary(max_size=200), st.text(max_size=50))
def test_what_was_sealed_reads_back(plaintext: bytes, aad: str) -> None:
    keys = KeyRing.single(b"secret")
    assert keys.decrypt(keys.encrypt(plaintext, aad), aad) == plaintext


def test_a_record_hides_its_text_and_differs_each_time() -> None:
    keys = KeyRing.single(b"secret")
    first, second = keys.encrypt(b"000123456789", ROW), keys.encrypt(b"000123456789", ROW)
    assert first != second
    assert "000123456789" not in first
    assert first.startswith("v1.")
    assert b"000123456789" not in base64.urlsafe_b64decode(first.split(".")[2])


def test_a_record_belongs_to_its_row() -> None:
    keys = KeyRing.single(b"secret")
    record = keys.encrypt(b"x", ROW)
    assert opens(keys, record)
    assert not opens(keys, record, "billing_account/source_encrypted/2")
    assert not opens(keys, record, "billing_account/other/1")


def test_keys_are_turned_without_losing_what_the_old_one_sealed() -> None:  # F85
    old = ring(a=OLD)
    record = old.encrypt(b"x", ROW)
    both = ring(a=OLD, b=NEW)
    assert both.decrypt(record, ROW) == b"x"
    assert both.encrypt(b"y", ROW).split(".")[1] == "b"
    assert not opens(ring(b=NEW), record)
    assert not opens(ring(a=NEW), record)  # the same name, another key


def test_every_flipped_bit_is_found() -> None:
    keys = KeyRing.single(b"secret")
    version, key_id, body = keys.encrypt(b"money", ROW).split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for place in range(len(raw)):
        raw[place] ^= 1
        changed = base64.urlsafe_b64encode(bytes(raw)).decode()
        assert not opens(keys, f"{version}.{key_id}.{changed}"), place
        raw[place] ^= 1


@pytest.mark.parametrize(
    "record",
    ["", "v1", "v1.x", "v1.x.y", "v1...", "v2.{key}.{body}", "v1.{key}.", "v1.{key}.AAAA",
     "v1.{key}.\u00e4", "a.b.c.d"],
)  # fmt: skip
def test_what_is_no_record_does_not_open(record: str) -> None:
    keys = KeyRing.single(b"secret")
    _, key_id, body = keys.encrypt(b"x", ROW).split(".")
    assert not opens(keys, record.replace("{key}", key_id).replace("{body}", body))


def test_rings_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="no key 'b'"):
        KeyRing({"a": OLD}, "b")
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing({"a": b"short"}, "a")


def test_two_secrets_make_two_key_ids() -> None:
    records = [KeyRing.single(secret).encrypt(b"x", ROW) for secret in (b"one", b"two")]
    assert len({record.split(".")[1] for record in records}) == 2


def test_no_key_is_shown() -> None:
    assert "nnnn" not in repr(ring(a=NEW))


def test_a_seal_is_of_one_text_one_purpose_and_one_key() -> None:
    ring, former = KeyRing.ring(b"new", [b"old"]), KeyRing.single(b"old")
    seal = ring.seal("the end is 7", "a log")
    assert seal == ring.seal("the end is 7", "a log")
    assert ring.is_sealed(seal, "the end is 7", "a log")
    assert not ring.is_sealed(seal, "the end is 8", "a log")
    assert not ring.is_sealed(seal, "the end is 7", "another log")
    assert not former.is_sealed(seal, "the end is 7", "a log")
    in_its_name = f"{former.seal('x', 'a log').partition('.')[0]}.{seal.partition('.')[2]}"
    assert not ring.is_sealed(in_its_name, "the end is 7", "a log")
    for broken in ("", ".", "é.é", seal[:-1], seal.partition(".")[2]):
        assert not ring.is_sealed(broken, "the end is 7", "a log")


def test_a_seal_of_a_former_key_holds_and_is_known_as_such() -> None:
    ring, former = KeyRing.ring(b"new", [b"old"]), KeyRing.single(b"old")
    seal = former.seal("the end is 7", "a log")
    assert ring.is_sealed(seal, "the end is 7", "a log")
    assert (ring.knows(seal), ring.is_current(seal), former.is_current(seal)) == (True, False, True)
    assert not KeyRing.single(b"new").knows(seal)
