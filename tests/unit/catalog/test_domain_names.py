"""Domain names as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.domain_names import clean_domain, ending
from core.kernel.problems import InvalidFields


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("example.com", "example.com"),
        ("  Example.COM. ", "example.com"),
        ("foo.example", "foo.example"),
        ("foo.co.uk", "foo.co.uk"),
        ("github.io", "github.io"),  # an ending for its users, a name for its registry
        ("M\u00fcnchen.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("fa\u00df.de", "xn--fa-hia.de"),  # IDNA 2008 keeps the sharp s; IDNA 2003 sold fass.de
        ("foo.\u0440\u0444", "foo.xn--p1ai"),
        ("\uff45xample.com", "example.com"),  # full-width e
        ("example\u3002com", "example.com"),  # ideographic full stop
        ("a--b.com", "a--b.com"),
        ("1.com", "1.com"),
    ],
)
def test_names_in_one_form(typed: str, name: str) -> None:
    assert clean_domain(typed) == name
    assert clean_domain(clean_domain(typed)) == name


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "needed"),
        ("   ", "needed"),
        ("..", "needed"),
        ("com", "ending is missing"),
        ("example", "ending is missing"),
        ("co.uk", "ending that many names share"),
        ("foo.ck", "ending that many names share"),
        ("www.example.com", "Type example.com instead"),
        ("foo.github.io", "Type github.io instead"),
        ("a.b.example", "Type b.example instead"),
        ("foo.typo", "no ending .typo"),
        ("foo.localhost", "no ending .localhost"),
        ("foo.test", "no ending .test"),
        ("192.168.0.1", "IP address"),
        ("https://example.com/x", "web or mail address"),
        ("me@example.com", "web or mail address"),
        ("example.com:80", "web or mail address"),
        ("my bakery.com", "web or mail address"),
        ("-a.com", "not a valid domain name"),
        ("a-.com", "not a valid domain name"),
        ("a..com", "not a valid domain name"),
        (".com", "not a valid domain name"),
        ("a_b.com", "not a valid domain name"),
        ("\u2603.com", "not a valid domain name"),
        ("a\x00b.com", "not a valid domain name"),
        ("a\nb.com", "not a valid domain name"),
        ("a'; drop--.com", "web or mail address"),
        ("$(id).com", "not a valid domain name"),
        (f"{'a' * 64}.com", "not a valid domain name"),
        (f"{'a.' * 130}com", "too long"),
        ("a" * 100_000, "too long"),
        ("xn--a.com", "not a valid domain name"),
    ],
)
def test_names_that_cannot_be_had(typed: str, says: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        clean_domain(typed)
    assert list(refused.value.messages) == ["domain"]
    assert says in refused.value.messages["domain"]


def test_the_sentence_stands_under_the_field_that_asked() -> None:
    with pytest.raises(InvalidFields) as refused:
        clean_domain("com", field="line-1")
    assert list(refused.value.messages) == ["line-1"]


def test_hosting_may_live_below_a_name() -> None:
    assert clean_domain("shop.Example.com", registrable=False) == "shop.example.com"
    with pytest.raises(InvalidFields, match="many names share"):
        clean_domain("co.uk", registrable=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.com", "com"),
        ("foo.co.uk", "co.uk"),
        ("foo.example", "example"),
        ("foo.xn--p1ai", "xn--p1ai"),
    ],
)
def test_endings(name: str, expected: str) -> None:
    assert ending(name) == expected


def sentence_for(typed: str) -> str:
    try:
        clean_domain(typed, registrable=False)
    except InvalidFields as refused:
        return refused.messages["domain"]
    return ""


@given(st.text(max_size=80))
def test_any_text_is_a_safe_name_or_a_sentence(typed: str) -> None:
    if sentence := sentence_for(typed):
        assert sentence.endswith(".")
        return
    name = clean_domain(typed, registrable=False)
    assert name == name.lower()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert all(label and not label.startswith("-") for label in name.split("."))


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True))
def test_every_plain_label_can_be_had(label: str) -> None:
    if label[2:4] != "--":  # reserved for encoded names, RFC 5891, 4.2.3.1
        assert clean_domain(f"{label}.com") == f"{label}.com"
