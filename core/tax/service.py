"""Use cases of tax: which rules hold somewhere, and adding one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields
from core.tax.models import TaxRule
from core.tax.values import Place, TaxRuleView


def rules_for(session: Session, brand_id: UUID, place: Place, on: date) -> tuple[TaxRuleView, ...]:
    """The rules that hold at the place on the day, country first, each in its position."""
    rows = session.scalars(
        select(TaxRule)
        .where(
            TaxRule.brand_id == brand_id,
            TaxRule.country == place.country,
            TaxRule.region.in_(("", place.region)),
            TaxRule.valid_from <= on,
            or_(TaxRule.valid_to.is_(None), TaxRule.valid_to > on),
        )
        .order_by(TaxRule.region, TaxRule.position, TaxRule.name)
    )
    return tuple(view(row) for row in rows)


def view(row: TaxRule) -> TaxRuleView:
    """The rule as other slices see it."""
    return TaxRuleView(
        id=row.id,
        name=row.name,
        country=row.country,
        region=row.region,
        tax_class=row.tax_class,
        rate=Decimal(row.rate),
        taxable_share=Decimal(row.taxable_share),
        position=row.position,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTaxRule:
    """``rate`` and ``taxable_share`` as decimal text, fractions of one: "0.0625" and "0.80"."""

    name: str
    country: str
    region: str = ""
    tax_class: str = ""
    rate: str
    taxable_share: str = "1"
    position: int = 0
    valid_from: date
    valid_to: date | None = None


def add_rule(session: Session, brand_id: UUID, new: NewTaxRule) -> UUID:
    """Add a rule. A new rate is a new rule: end the old one first, so that its documents stay true.

    Raises InvalidFields for numbers outside 0..1 and when it overlaps a rule of the same tax and class.
    """
    wrong = {
        name: "Enter a number from 0 to 1, as in 0.0625 for 6.25 percent."
        for name in ("rate", "taxable_share")
        if not _is_fraction(getattr(new, name))
    }
    if not new.name.strip():
        wrong["name"] = "Enter a name, as it is printed on invoices."
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        wrong["valid_to"] = "The last day lies before the first. Choose a later day."
    elif _overlaps(session, brand_id, new):
        wrong["valid_from"] = "Another rule of this tax holds then. End that one first."
    if wrong:
        raise InvalidFields(wrong)
    row = TaxRule(
        id=new_id(), brand_id=brand_id, name=new.name.strip(), country=new.country, region=new.region,
        tax_class=new.tax_class, rate=new.rate, taxable_share=new.taxable_share, position=new.position,
        valid_from=new.valid_from, valid_to=new.valid_to,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def _is_fraction(text: str) -> bool:
    try:
        return len(text) <= 20 and text.isascii() and 0 <= Decimal(text) <= 1
    except InvalidOperation:
        return False


def _overlaps(session: Session, brand_id: UUID, new: NewTaxRule) -> bool:
    same = (
        TaxRule.brand_id == brand_id,
        TaxRule.name == new.name.strip(),
        TaxRule.country == new.country,
        TaxRule.region == new.region,
        TaxRule.tax_class == new.tax_class,
        or_(TaxRule.valid_to.is_(None), TaxRule.valid_to > new.valid_from),
    )
    before_end = () if new.valid_to is None else (TaxRule.valid_from < new.valid_to,)
    return session.scalar(select(TaxRule.id).where(*same, *before_end).limit(1)) is not None
