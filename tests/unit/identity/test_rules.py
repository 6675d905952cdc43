"""User names, mail addresses and passwords."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.rules import (
    SHORTEST_PASSWORD,
    check_password_rules,
    check_username,
    clean_email,
    clean_username,
    fold,
)
from core.identity.throttling import bucket_name, network_of

JAPANESE = "\u6c38\u4e45\u306e\u79d8\u5bc6\u306e\u8a00\u8449\u3092\u8a18\u61b6\u3059\u308b\u65b9\u6cd5"
GOOD = "my cat likes warm bread"


@pytest.mark.parametrize(
    "name",
    ["ada", "Ada.Lovelace", "a_b-c+d@example.com", "123", "x" * 64, "\uff21da"],  # full-width A
)
def test_user_names_that_will_do(name: str) -> None:
    assert check_username(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Choose a user name"),
        ("  ", "Choose a user name"),
        ("ab", "3 to 64"),
        ("x" * 65, "3 to 64"),
        ("ada lovelace", "Use letters"),
        ("ad\u00e1", "Use letters"),
        ("ada\x00", "Use letters"),
        ("ada\nbcc", "Use letters"),
        ("<script>", "Use letters"),
        ("\u0430da", "Use letters"),  # Cyrillic a
        ("ada\u202e", "Use letters"),
    ],
)
def test_user_names_that_will_not_do(name: str, says: str) -> None:
    assert says in str(check_username(name))


def test_names_that_look_alike_fold_together() -> None:
    assert len({fold(name) for name in ("Ada", " ADA ", "ada", "\uff21\uff24\uff21")}) == 1
    assert clean_username("\uff21da ") == "Ada"


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada@EXAMPLE.com ", "Ada@example.com"),
        ("a+tag@example.co.uk", "a+tag@example.co.uk"),
        ("ada@m\u00fcnchen.de", "ada@xn--mnchen-3ya.de"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("admin@innkeeper.invalid", "admin@innkeeper.invalid"),
    ],
)
def test_mail_addresses_in_one_form(typed: str, clean: str) -> None:
    assert clean_email(typed) == clean


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "a b@example.com",
     "ada@exa mple.com", "ada@example..com", ".ada@example.com", "ada.@example.com", "a..b@example.com",
     "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@example.com\nbcc:x@y.z", "ada\x00@example.com",
     '"a b"@example.com', "ada@-example.com", "\u00e4da@example.com", f"{'a' * 65}@example.com",
     f"a@{'b.' * 126}com", "Ada <ada@example.com>", "ada@example.com,b@example.com", "ada@ex_ample.com"],
)  # fmt: skip
def test_what_is_not_a_mail_address(typed: str) -> None:
    assert clean_email(typed) is None


@given(st.text(max_size=60))
def test_no_text_becomes_an_address_that_breaks_a_header(typed: str) -> None:
    clean = clean_email(typed)
    assert clean is None or (clean.isascii() and clean.isprintable() and " " not in clean)


def check(password: str, username: str = "ada", email: str = "ada@example.com") -> str:
    return check_password_rules(password, username, email) or ""


@pytest.mark.parametrize(
    "password",
    [GOOD, "x7" + "aB3$" * 30, JAPANESE, "  leading and trailing  ", "nodigitsnocapitals",
     "a" * 14 + "bcdefghijk", "emoji \U0001f600 are welcome too", "!@#$%^&*()_+{}|:", "aa!@#$%^&*()_+a="],
)  # fmt: skip
def test_long_enough_is_enough(password: str) -> None:
    assert check(password) == ""


def test_fifteen_characters_are_the_least_and_128_are_welcome() -> None:
    assert SHORTEST_PASSWORD == 15
    assert "15 characters" in check("kTr4!pQz9@wLm2")  # 14 of every kind: NIST counts, nothing else
    assert check("kTr4!pQz9@wLm2x") == ""
    assert check("correct " * 16 + "horse") == ""  # 133
    assert "256" in check("my long story " * 19)


def test_characters_are_counted_as_they_are_hashed() -> None:
    assert "15 characters" in check("\u0061\u0301" * 8)  # 16 code points typed, 8 after NFKC


@pytest.mark.parametrize(
    ("password", "username", "email"),
    [
        ("ada.lovelace.1815", "Ada.Lovelace.1815", "x@example.com"),
        ("Ada.Lovelace@Example.com", "ada", "ada.lovelace@example.com"),
        ("ada.lovelace.1815", "ada", "ada.lovelace.1815@example.com"),
    ],
)
def test_ones_own_name_is_no_password(password: str, username: str, email: str) -> None:
    assert "user name or your email" in check(password, username, email)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "Correct-Horse-Battery-Staple!", "123456789012345", "passwordpassword",
     "PasswordPassword1", "aaaaaaaaaaaaaaaaa", "abc123abc123abc123", "letmein letmein letmein",
     "qwerty qwerty qwerty ", "to be or not to be, that is the question"],
)  # fmt: skip
def test_what_everybody_uses_is_refused(password: str) -> None:
    assert "Many people" in check(password)


def test_a_nul_cannot_be_typed_again() -> None:
    assert "cannot be typed again" in check(f"{GOOD}\x00")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::1", "::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_networks(ip: str, network: str) -> None:
    assert network_of(ip) == network


def test_buckets_hold_no_name_and_mix_up_nothing() -> None:
    assert bucket_name("sign-in", "ada") != bucket_name("sign-in", "bob")
    assert bucket_name("sign-in", "a", "b") != bucket_name("sign-in", "ab")
    assert bucket_name("sign-in", "1:a", "") != bucket_name("sign-in", "", "1:a")
    assert "ada" not in bucket_name("sign-in", "ada")
