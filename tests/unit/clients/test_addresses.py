"""Addresses in the order of their country, with the country by name, and nothing lost or doubled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.addresses import lines
from core.clients.places import countries, states

BAKERY = {
    "company_name": "Pinewood Bakery", "first_name": "Adaeze", "last_name": "Okafor",
    "street_address": "1200 E 6th St", "address_2": "Suite 4", "city": "Austin", "state": "TX",
    "postal_code": "78702", "country": "US",
}  # fmt: skip
WEBER = {
    "company_name": "Weber GmbH", "first_name": "Jonas", "last_name": "Weber",
    "street_address": "Hauptstr. 5", "city": "Berlin", "postal_code": "10115", "country": "DE",
}  # fmt: skip
YAMADA = {
    "first_name": "太郎", "last_name": "山田", "street_address": "千代田1-1", "city": "千代田区",
    "state": "13", "postal_code": "100-8111", "country": "JP",
}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "locale", "written"),
    [
        (BAKERY, "en", ["1200 E 6th St, Suite 4", "Austin, TX 78702", "United States"]),
        (BAKERY, "de", ["1200 E 6th St, Suite 4", "Austin, TX 78702", "Vereinigte Staaten"]),
        (BAKERY | {"postal_code": ""}, "en", ["1200 E 6th St, Suite 4", "Austin, TX", "United States"]),
        (BAKERY | {"city": ""}, "en", ["1200 E 6th St, Suite 4", "TX 78702", "United States"]),
        (BAKERY | {"country": "CA", "state": "ON", "postal_code": "K1A 0B1"}, "en",
         ["1200 E 6th St, Suite 4", "Austin ON K1A 0B1", "Canada"]),
        (WEBER, "en", ["Hauptstr. 5", "10115 Berlin", "Germany"]),
        (WEBER | {"country": "CH"}, "de", ["Hauptstr. 5", "CH-10115 Berlin", "Schweiz"]),
        (WEBER | {"country": "CH", "postal_code": ""}, "de", ["Hauptstr. 5", "Berlin", "Schweiz"]),
        (WEBER | {"country": "ES", "state": "M"}, "es", ["Hauptstr. 5", "10115 Berlin Madrid", "España"]),
        (WEBER | {"country": "GB"}, "en", ["Hauptstr. 5", "Berlin", "10115", "United Kingdom"]),
        (WEBER | {"country": "XX"}, "en", ["Hauptstr. 5", "10115 Berlin", "XX"]),
        (YAMADA, "en", ["〒100-8111", "Tokyo 千代田区", "千代田1-1", "Japan"]),
        (YAMADA | {"street_address": "1-1 Chiyoda", "city": "Chiyoda-ku", "first_name": "Taro",
                   "last_name": "Yamada"}, "en", ["1-1 Chiyoda, Chiyoda-ku, Tokyo", "100-8111", "Japan"]),
        ({}, "en", []),
    ],
)  # fmt: skip
def test_as_their_country_writes_them(values: dict[str, str], locale: str, written: list[str]) -> None:
    assert list(lines(values, locale, with_person=False)) == written


def test_a_company_stands_above_its_person_and_japan_ends_with_the_name() -> None:
    assert lines(BAKERY)[:2] == ("Pinewood Bakery", "Adaeze Okafor")
    assert lines(YAMADA)[-2:] == ("太郎 山田", "Japan")


@given(country=st.sampled_from([code for code, _name in countries()]), latin=st.booleans())
def test_street_and_town_are_never_lost(country: str, latin: bool) -> None:
    known = states(country)
    values = BAKERY | {"country": country, "state": known[0][0] if known else ""}
    if not latin:
        values |= {"street_address": "улица 1", "city": "Город"}
    text = "\n".join(lines(values))
    for name in ("company_name", "first_name", "street_address", "city"):
        assert text.count(values[name]) == 1
    assert "%" not in text
