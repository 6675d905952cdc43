"""Days as people write them: ``01/31/2000`` in the United States, ``31.01.2000`` in Germany.

The order of day, month and year and what stands between them come from CLDR's short form of the locale; the
year always has four digits, so that nobody born in 1930 is billed as if it were 2030.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_date_format

LONGEST = 40
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PARTS = re.compile(r"(\d{1,4})\s*[./\-\s]\s*(\d{1,2})\s*[./\-\s]\s*(\d{1,4})\.?")
_QUOTED = re.compile(r"'[^']*'")
_LETTERS = re.compile(r"([dMy])\1*")


def read(text: str, locale: str = "en") -> date | None:
    """The day that was typed; None for what is no day (31 February), or no day in this locale's form.

    Slashes, dots, dashes and spaces are taken for one another, digits of any script are, and so is ISO 8601.
    """
    typed = _plain(text)
    found = _ISO.fullmatch(typed) or _PARTS.fullmatch(typed)
    if found is None:
        return None
    order = "yMd" if found.re is _ISO else _form(locale)[0]
    parts = dict(zip(order, found.groups(), strict=True))
    if len(parts["y"]) != 4 or len(parts["d"]) > 2 or len(parts["M"]) > 2:
        return None
    try:
        return date(int(parts["y"]), int(parts["M"]), int(parts["d"]))
    except ValueError:
        return None


def write(day: date, locale: str = "en") -> str:
    """A day in the locale's form, with two digits for day and month and four for the year."""
    order, between = _form(locale)
    parts = {"d": f"{day.day:02}", "M": f"{day.month:02}", "y": f"{day.year:04}"}
    return between.join(parts[letter] for letter in order)


def example(locale: str = "en") -> str:
    """``01/31/2000``, ``31.01.2000``, ``2000-01-31``: shows which part is the day."""
    return write(date(2000, 1, 31), locale)


@cache
def _form(locale: str) -> tuple[str, str]:
    """(order of the letters d, M and y; what stands between them) of a locale; the American for unknown."""
    try:
        place = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        place = Locale("en")
    pattern = _QUOTED.sub("", str(get_date_format("short", locale=place).pattern))
    letters = [match.group(1) for match in _LETTERS.finditer(pattern)]
    if sorted(letters) != ["M", "d", "y"]:
        return "yMd", "-"
    first, second = list(_LETTERS.finditer(pattern))[:2]
    between = pattern[first.end() : second.start()].strip()
    return "".join(letters), between if between in (".", "/", "-") else "/"


def _plain(text: str) -> str:
    """Digits as ASCII, without marks of direction, which right-to-left keyboards leave in between."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST])
    kept = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return "".join(_digit(char) for char in kept).strip()


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)
