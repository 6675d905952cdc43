"""Whom passkeys are for."""

from __future__ import annotations

import pytest

from core.identity.passkeys import party_of


@pytest.mark.parametrize(
    ("address", "name", "origin"),
    [
        ("https://my.hosting.example", "my.hosting.example", "https://my.hosting.example"),
        ("https://my.hosting.example:8443/", "my.hosting.example", "https://my.hosting.example:8443"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_it_is_the_configured_address(address: str, name: str, origin: str) -> None:
    party = party_of(address)
    assert party is not None
    assert (party.id, party.origin) == (name, origin)


@pytest.mark.parametrize(
    "address", ["", "https://", "http://my.hosting.example", "https://203.0.113.7", "http://10.0.0.1:8000"]
)
def test_numbers_and_places_without_tls_have_none(address: str) -> None:
    assert party_of(address) is None
