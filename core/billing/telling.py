"""How the amount of a line came about, in the language of now: the document is its reader's."""

from __future__ import annotations

from core.catalog.values import cycle_words
from core.kernel import i18n, written
from core.kernel.calendar import Cycle
from core.kernel.i18n import gettext as _
from core.kernel.money import Money


def told(cycle: Cycle, unit: Money, quantity: int, off: Money, group: str) -> str:
    """``Yearly, $60.00 times 2, less $12.00 for Friends``. ``off`` is what the client's group takes off."""
    place = str(i18n.locale_for())
    words = _("{cycle}, {price} times {quantity}").format(
        cycle=cycle_words(cycle), price=written.money(unit, place), quantity=quantity
    )
    if not off.minor:
        return words
    return _("{told}, less {amount} for {group}").format(
        told=words, amount=written.money(off, place), group=group
    )
