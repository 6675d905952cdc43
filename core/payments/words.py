"""How a way to pay reads. What is written down is English; whoever reads it gets their own language."""

from __future__ import annotations

import re

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark

_OF_BANK = re.compile(r"(?P<brand>.+), account ending in (?P<last4>\w{2,4})")
_ENDING = re.compile(r"(?P<brand>.+) ending in (?P<last4>\w{2,4})")
PLAIN = (mark("Received by hand"), mark("Account"), mark("Card"), mark("Bank account"))


def method_words(stored: str) -> str:
    """``Visa ending in 4242`` as the reader says it; what is not of this form stays as it is."""
    of_bank = _OF_BANK.fullmatch(stored)
    if of_bank is not None:
        return _("{brand}, account ending in {last4}").format(**of_bank.groupdict())
    ending = _ENDING.fullmatch(stored)
    if ending is not None:
        return _("{brand} ending in {last4}").format(brand=_plain(ending["brand"]), last4=ending["last4"])
    return _plain(stored)


def _plain(text: str) -> str:
    return _(text) if text in PLAIN else text
