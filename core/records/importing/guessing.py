"""Which column is which field, by their names. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields
from core.records.importing.values import DATE_ORDERS, DECIMAL_SIGNS, Field, Mapped, Texts

IGNORE = ""
REASONS = "innkeeper_reasons"  # the column of an error file that says what is wrong with a row


def guess(fields: Sequence[Field], head: Sequence[str]) -> dict[str, int]:
    """Field -> column, for the names that are clear. Each field and each column once; the field's own
    name counts more than what other programs call it."""
    found: dict[str, int] = {}
    taken: set[int] = set()
    folded = [fold(name) for name in head]
    for names_of in (_own_names, _other_names):
        for field in fields:
            if field.name in found:
                continue
            names = {fold(name) for name in names_of(field)}
            column = next((n for n, name in enumerate(folded) if name in names and n not in taken), None)
            if column is not None:
                found[field.name] = column
                taken.add(column)
    return found


def _own_names(field: Field) -> Iterable[str]:
    return (field.name, field.label)


def _other_names(field: Field) -> Iterable[str]:
    return field.also


def fold(name: str) -> str:
    """``First Name``, ``first_name`` and ``firstname`` are one name; accents do not count."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[^\w]|_", "", "".join(one for one in plain if not unicodedata.combining(one)))


def read_mapping(fields: Sequence[Field], head: Sequence[str], form: Texts) -> Mapped:
    """What the mapping screen posts: ``column_0`` holds a field's name or "", ``fixed_country`` a value.

    Raises InvalidFields by the names of the form's fields: a field chosen twice or not known, a field
    that is needed and has neither a column nor a value.
    """
    wrong: dict[str, str] = {}
    known = {field.name: field for field in fields}
    columns: dict[str, int] = {}
    for number in range(len(head)):
        name, box = form.get(f"column_{number}", IGNORE), f"column_{number}"
        if name == IGNORE:
            continue
        if name not in known:
            wrong[box] = _("Choose a field from the list.")
        elif name in columns:
            wrong[box] = _("{field} has a column already. Choose one of the two.").format(
                field=known[name].label
            )
        else:
            columns[name] = number
    fixed = {name: form.get(f"fixed_{name}", "").strip() for name in known}
    for field in fields:
        if field.is_required and field.name not in columns and not fixed[field.name]:
            wrong[f"fixed_{field.name}"] = _("Choose a column for this above, or enter one value for all.")
    dates, decimals = form.get("dates", "iso"), form.get("decimals", "point")
    if dates not in dict(DATE_ORDERS):
        wrong["dates"] = _("Choose from the list.")
    if decimals not in dict(DECIMAL_SIGNS):
        wrong["decimals"] = _("Choose from the list.")
    if wrong:
        raise InvalidFields(wrong)
    used = {name: value for name, value in fixed.items() if value}
    return Mapped(columns=columns, fixed=used, dates=dates, decimals=decimals)
