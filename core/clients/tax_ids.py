"""Tax numbers by country: put in order and checked by their own digits. Pure.

Sources: python-stdnum for every number with a check; VAT numbers of the European Union carry the prefix of
their member state (Directive 2006/112/EC, article 215). Whether a number is registered only a register
knows: see ``registers``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from core.clients import places
from core.clients.rules import check_text, tidy
from core.kernel.i18n import gettext as _

LONGEST = 30
# Northern Ireland trades goods as part of the Union and bears no country code of its own.
EU_COUNTRIES = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}
_PREFIXES = {"GR": "EL"}
# Where the number a business is known by is not the one called "vat".
_KINDS = {"US": "ein", "CA": "bn", "JP": "cn", "AU": "abn", "IN": "gstin", "NZ": "ird"}
_PLAIN = re.compile(r"[A-Z0-9][A-Z0-9 ./\-]{2,}", re.ASCII)
_EXAMPLES = {"US": "12-3456789", "DE": "DE136695976", "GB": "GB980780684", "FR": "FR40303265045"}


def prefix(country: str) -> str:
    """What VAT numbers of a member state begin with: its code, but EL for Greece."""
    return _PREFIXES.get(country, country)


def read(text: str, country: str) -> str:
    """The number as it is kept: in one form, with its country's prefix inside the EU; "" for nothing.

    Raises ValueError with a sentence for the person when it cannot be a number of that country.
    """
    typed = unicodedata.normalize("NFKC", tidy(text)).upper()
    if not typed:
        return ""
    if wrong := check_text(typed):
        raise ValueError(wrong)
    if len(typed) > LONGEST:
        raise ValueError(_("A tax number has {count} characters at most.").format(count=LONGEST))
    if country in EU_COUNTRIES:
        return _european(typed, country)
    module = _module(country)
    if module is None:
        return _plain(typed)
    try:
        compact = str(module.validate(typed))
    except ValidationError:
        raise ValueError(_malformed(country)) from None
    return _dashed(compact) if country == "US" else compact


def _european(typed: str, country: str) -> str:
    start = prefix(country)
    bare = re.sub(r"[\s.\-/]", "", typed)
    whole = bare if bare.startswith((start, country)) else start + bare
    try:
        return start + str(eu_vat.validate(whole))[2:]
    except ValidationError:
        raise ValueError(_malformed(country)) from None


def _plain(typed: str) -> str:
    if _PLAIN.fullmatch(typed) is None or not any(letter.isdigit() for letter in typed):
        raise ValueError(
            _("Use letters without accents, digits, spaces and . / - only, as it is registered.")
        )
    return typed


def _dashed(ein: str) -> str:
    return f"{ein[:2]}-{ein[2:]}"


def _module(country: str) -> Any:
    """The module of the country's number, or None."""
    return get_cc_module(country.lower(), _KINDS.get(country, "vat"))


def _malformed(country: str) -> str:
    sentence = _("Not a tax number of this country ({country}). Check its digits.")
    if country in _EXAMPLES:
        sentence = _(
            "Not a tax number of this country ({country}). Check its digits; it looks like {example}."
        )
    name = places.country_name(country)
    return sentence.format(country=name, example=_EXAMPLES.get(country, ""))


def is_european(tax_id: str, country: str) -> bool:
    """Whether the registers of the EU can be asked about this number."""
    return bool(tax_id) and country in EU_COUNTRIES
