"""No card number comes in: a form that carries one is refused before anything reads it.

Number and code of the card form have no ``name``, so a browser never sends them. What is caught here is
a number typed into another field, or a program that sends it anyway (PCI DSS 4.0.1, requirement 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.datastructures import MultiDict

from core.kernel.cards import find


def find_in_form(
    form: MultiDict[str, str],
    *,
    ignored: frozenset[str] = frozenset(),
    accounts: frozenset[str] = frozenset(),
) -> str | None:
    """Look through names and values. Fields in ``accounts`` hold bank account numbers, a tenth of which
    pass Luhn: there only what a card scheme could have issued counts."""
    for name, values in form.lists():
        if name in ignored:
            continue
        for text in (name, *values):
            if found := find(text, schemes_only=name in accounts):
                return found
    return None


def account_fields(fields: Iterable[tuple[str, bool]]) -> frozenset[str]:
    """Names of the fields that are secret (``(name, is_secret)``): account numbers by their nature."""
    return frozenset(name for name, is_secret in fields if is_secret)
