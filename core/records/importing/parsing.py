"""Reading single cells: days, amounts, cycles, yes and no. Pure; each raises ValueError with a sentence."""

from __future__ import annotations

import re
from datetime import date

from core.kernel.calendar import Cycle
from core.kernel.i18n import gettext as _
from core.kernel.money import Money, exponent

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_OTHER = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T].*)?")
_YES = frozenset({"1", "yes", "y", "true", "t", "on", "x", "ja", "si", "sí", "oui"})
_NO = frozenset({"0", "no", "n", "false", "f", "off", "nein", "non", ""})
_NAMED = {
    "once": "once:1", "onetime": "once:1", "weekly": "week:1", "daily": "day:1", "monthly": "month:1",
    "quarterly": "month:3", "semiannually": "month:6", "semiannual": "month:6", "halfyearly": "month:6",
    "annually": "year:1", "annual": "year:1", "yearly": "year:1", "biennially": "year:2",
    "biennial": "year:2", "triennially": "year:3", "triennial": "year:3",
}  # fmt: skip
_COUNTED = re.compile(r"(\d{1,3})\s*(day|week|month|year)s?")
_GROUPED = {"point": (r"\d{1,3}(?:,\d{3})+", ","), "comma": (r"\d{1,3}(?:[. ']\d{3})+", "[. ']")}


def read_day(text: str, order: str) -> date:
    """``2026-11-20`` always; ``11/20/2026`` or ``20.11.2026`` by ``order``. A time behind it is left out."""
    found = _ISO.fullmatch(text)
    if found:
        year, month, day = map(int, found.groups())
    else:
        other = _OTHER.fullmatch(text)
        if other is None or order == "iso":
            raise ValueError(_("Write the day as 2026-11-20, or choose how this file writes days."))
        first, second, year = map(int, other.groups())
        month, day = (first, second) if order == "mdy" else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(_("There is no such day.")) from None


def read_amount(text: str, currency: str, decimals: str) -> int:
    """Minor units of ``1,234.50`` (decimals "point") or ``1.234,50`` ("comma"), with or without the
    currency's sign or code around it. What is finer than the coin is refused, not rounded."""
    plain = re.sub(rf"^[^\d+-]*|(?:\s*{currency}|[^\d.,])*$", "", text.strip(), flags=re.IGNORECASE)
    grouped, separators = _GROUPED[decimals]
    sign = "." if decimals == "point" else ","
    if re.fullmatch(rf"(?:{grouped}|\d{{1,15}})(?:{re.escape(sign)}\d+)?", plain) is None:
        how = "1,234.50" if decimals == "point" else "1.234,50"
        raise ValueError(_("Write the amount as {example}.").format(example=how))
    whole, _sign, rest = plain.partition(sign)
    digits = exponent(currency)
    if len(rest.rstrip("0")) > digits:
        raise ValueError(
            _("This amount is finer than the smallest coin of {currency}.").format(currency=currency)
        )
    return Money.parse(f"{re.sub(separators, '', whole)}.{rest or '0'}", currency).minor


def read_cycle(text: str) -> Cycle:
    """``monthly``, ``month:1``, ``3 months``, ``annually``."""
    folded = re.sub(r"[\s_-]", "", text.casefold())
    counted = _COUNTED.fullmatch(text.casefold())
    written = f"{counted[2]}:{counted[1]}" if counted else _NAMED.get(folded, folded)
    try:
        return Cycle.parse(written)
    except ValueError:
        raise ValueError(_("Write how often it is billed as monthly, yearly, 3 months or once.")) from None


def read_yes(text: str) -> bool:
    """yes, no, true, false, 1, 0; nothing is no."""
    folded = text.casefold()
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise ValueError(_("Write yes or no."))


def read_number(text: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    if not re.fullmatch(r"\d{1,9}", text) or not text.isascii() or not least <= int(text) <= most:
        raise ValueError(_("Write a whole number from {least} to {most}.").format(least=least, most=most))
    return int(text)
