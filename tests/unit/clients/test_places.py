"""Countries, states, counties and what addresses need."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from core.clients import places

# Census Bureau, counties and equivalents per state, as of 2021 (Connecticut with its eight counties).
COUNTS = {
    "TX": 254, "GA": 159, "VA": 133, "KY": 120, "MO": 115, "KS": 105, "IL": 102, "NC": 100, "IA": 99,
    "TN": 95, "NE": 93, "IN": 92, "OH": 88, "MN": 87, "MI": 83, "MS": 82, "OK": 77, "AR": 75, "WI": 72,
    "AL": 67, "FL": 67, "PA": 67, "SD": 66, "CO": 64, "LA": 64, "NY": 62, "CA": 58, "MT": 56, "WV": 55,
    "ND": 53, "SC": 46, "ID": 44, "WA": 39, "OR": 36, "NM": 33, "AK": 30, "UT": 29, "MD": 24, "WY": 23,
    "NJ": 21, "NV": 17, "ME": 16, "AZ": 15, "MA": 14, "VT": 14, "NH": 10, "CT": 8, "HI": 5, "RI": 5, "DE": 3,
    "DC": 1, "PR": 78,
}  # fmt: skip


@pytest.mark.parametrize(("state", "count"), COUNTS.items())
def test_counties_per_state(state: str, count: int) -> None:
    assert len(places.counties(state)) == len(set(places.counties(state))) == count


def test_the_fifty_states_and_dc_have_3143_counties() -> None:
    fifty = [state for state in COUNTS if state != "PR"]
    assert len(fifty) == 51
    assert sum(len(places.counties(state)) for state in fifty) == 3143


def test_counties_are_new_ones_too() -> None:
    assert {"Chugach Census Area", "Copper River Census Area", "Kusilvak Census Area"} <= set(
        places.counties("AK")
    )
    assert "Oglala Lakota" in places.counties("SD")
    assert "Travis" in places.counties("TX")
    assert "Acadia Parish" in places.counties("LA")


def test_every_state_with_counties_can_be_chosen() -> None:
    data = json.loads(files("core.clients").joinpath("data/us_counties.json").read_text())
    assert data.keys() <= dict(places.states("US")).keys()


def test_the_notice_of_the_county_list_is_kept() -> None:
    notice = files("core.clients").joinpath("data/us_counties.LICENSE").read_text()
    assert "Permission is hereby granted, free of charge" in notice


@pytest.mark.parametrize(
    ("state", "typed", "county"),
    [
        ("TX", "Travis", "Travis"),
        ("TX", "travis county", "Travis"),
        ("TX", " TRAVIS ", "Travis"),
        ("VA", "Fairfax", "Fairfax"),
        ("VA", "Fairfax city", "Fairfax city"),
        ("NM", "Dona Ana", "Do\u00f1a Ana"),
        ("TX", "Multnomah", None),
        ("XX", "Travis", None),
        ("TX", "", None),
    ],
)
def test_finding_a_county(state: str, typed: str, county: str | None) -> None:
    assert places.find_county(state, typed) == county


def test_countries_in_ones_own_words() -> None:
    assert len(places.countries("en")) == 249
    assert dict(places.countries("en"))["US"] == "United States"
    assert places.country_name("DE", "de") == "Deutschland"
    assert places.country_name("ZZ") == "ZZ"
    names = [name for _, name in places.countries("en")]
    assert names.index("\u00c5land Islands") < names.index("Albania")


@pytest.mark.parametrize("locale", ["xx", "", "../../etc/passwd", "en-US", "de_AT"])
def test_any_locale_gets_names(locale: str) -> None:
    assert len(places.countries(locale)) == 249


@pytest.mark.parametrize(
    ("country", "count", "some"),
    [
        ("US", 62, {"TX": "Texas", "DC": "District of Columbia", "PR": "Puerto Rico"}),
        ("CA", 13, {"QC": "Quebec", "ON": "Ontario"}),
        ("AU", 8, {"NSW": "New South Wales"}),
        ("BR", 27, {"SP": "S\u00e3o Paulo"}),
        ("MX", 32, {"CMX": "Ciudad de M\u00e9xico"}),
        ("JP", 47, {"13": "Tokyo"}),
        ("ES", 52, {"M": "Madrid"}),
        ("IT", 107, {"RM": "Roma"}),
        ("IE", 26, {"D": "Dublin"}),
        ("DE", 0, {}),
        ("GB", 0, {}),
        ("ZZ", 0, {}),
    ],
)
def test_states(country: str, count: int, some: dict[str, str]) -> None:
    states = dict(places.states(country))
    assert len(states) == count
    assert some.items() <= states.items()


def test_every_country_has_rules_that_can_be_met() -> None:
    for code, _ in places.countries("en"):
        rules = places.address_rules(code)
        assert rules is not None, code
        assert not rules.needs_state or places.states(code), code
        if rules.postal_example:
            assert places.postal_code_fits(code, "", rules.postal_example), code


@pytest.mark.parametrize(
    ("country", "state", "code", "fits"),
    [
        ("US", "TX", "78702", True),
        ("US", "TX", "78702-1234", True),
        ("US", "TX", "97201", False),
        ("US", "OR", "97201", True),
        ("US", "", "97201", True),
        ("US", "TX", "7870", False),
        ("US", "TX", "787022", False),
        ("GB", "", "SW1A 1AA", True),
        ("DE", "", "10115", True),
        ("DE", "", "1011", False),
        ("CA", "ON", "K1A 0B1", True),
        ("CA", "BC", "K1A 0B1", False),
        ("ZZ", "", "anything", True),
    ],
)
def test_postal_codes(country: str, state: str, code: str, fits: bool) -> None:
    assert places.postal_code_fits(country, state, code) is fits
