"""Checking the form of a group."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clients.models import ClientGroup
from core.clients.rules import check_text, tidy
from core.clients.values import Form
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields

COLOURS: tuple[tuple[str, str], ...] = (
    ("neutral", "Grey"), ("brand", "Petrol"), ("accent", "Brass"), ("info", "Blue"), ("success", "Green"),
    ("warning", "Amber"), ("danger", "Red"),
)  # fmt: skip
DISCOUNTS: tuple[tuple[str, str], ...] = (
    ("none", "No discount"),
    ("percent", "Percent off"),
    ("fixed", "Amount off each invoice"),
)
TAX_POLICIES: tuple[tuple[str, str], ...] = (
    ("obey", "As each client says"),
    ("exempt", "No tax for anybody in this group"),
)
MOST_MINOR = 10**9
MOST_DAYS = 365


def check(session: Session, group_id: UUID | None, form: Form, products: frozenset[str]) -> dict[str, Any]:
    """The columns of a group as the form has them; ``products`` are the ids that may be chosen.

    ``discount_value`` is typed as people write it: "12.5" percent, "10.00" of the brand's currency.
    Raises InvalidFields.
    """
    wrong: dict[str, str] = {}
    name, text = tidy(_text(form, "name")), tidy(_text(form, "description"))
    if problem := check_text(name) or _name_problem(session, group_id, name):
        wrong["name"] = problem
    if problem := check_text(text):
        wrong["description"] = problem
    kind = _one_of(form, "discount_kind", DISCOUNTS, wrong)
    value = _value(_text(form, "discount_value"), kind, wrong)
    chosen = form.get("discount_products", ())
    ids = [chosen] if isinstance(chosen, str) else list(chosen)
    if not set(ids) - {""} <= products:
        wrong["discount_products"] = _("Choose products from the list.")
    values = {
        "name": name, "description": text, "colour": _one_of(form, "colour", COLOURS, wrong),
        "discount_kind": kind, "discount_value": value, "due_days": _days(_text(form, "due_days"), wrong),
        "discount_products": sorted(set(ids) - {""}) if kind != "none" else [],
        "tax_policy": _one_of(form, "tax_policy", TAX_POLICIES, wrong),
        "suspends": bool(_text(form, "suspends")), "is_reseller": bool(_text(form, "is_reseller")),
    }  # fmt: skip
    if wrong:
        raise InvalidFields(wrong)
    return values


def _text(form: Form, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else next(iter(value), "")


def _name_problem(session: Session, group_id: UUID | None, name: str) -> str | None:
    if not name:
        return _("Enter a name.")
    same = select(ClientGroup.id).where(func.lower(ClientGroup.name) == name.lower())
    found = set(session.scalars(same)) - {group_id}
    return _("Another group has this name. Choose another.") if found else None


def _one_of(form: Form, name: str, offered: tuple[tuple[str, str], ...], wrong: dict[str, str]) -> str:
    """The first is taken when nothing was posted."""
    value = _text(form, name) or offered[0][0]
    if value not in dict(offered):
        wrong[name] = _("Choose one of the list.")
    return value


def _value(text: str, kind: str, wrong: dict[str, str]) -> int:
    """In hundredths: of a percent, or of the currency's unit."""
    if kind == "none":
        return 0
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    try:
        hundredths = Decimal(plain) * 100 if plain.isascii() and len(plain) <= 12 else Decimal("NaN")
    except InvalidOperation:
        hundredths = Decimal("NaN")
    most = 10_000 if kind == "percent" else MOST_MINOR
    if not hundredths.is_finite() or hundredths != int(hundredths) or not 0 < hundredths <= most:
        wrong["discount_value"] = (
            _("Enter a percentage up to 100, as in 12.5.")
            if kind == "percent"
            else _("Enter an amount above nothing, as in 10.00.")
        )
        return 0
    return int(hundredths)


def _days(text: str, wrong: dict[str, str]) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 3 and int(plain) <= MOST_DAYS):
        wrong["due_days"] = _("Enter a number of days from 0 to 365, or leave it empty.")
        return None
    return int(plain)
