"""Tax zones as staff keep them: where a brand charges which tax since when, and what it would come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.clients import places
from core.clients.rules import check_text, tidy
from core.kernel import audit
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.kernel.work import House
from core.tax.models import TaxRule
from core.tax.rules import taxes_for
from core.tax.service import NewTaxRule, add_rule, rules_for
from core.tax.service import view as rule_view
from core.tax.values import Place, TaxableLine, TaxOf, TaxRuleView

SAMPLE_MINOR = 100_00
MOST_PERCENT = Decimal(100)
LONGEST_NAME, LONGEST_CLASS = 100, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The rules of one country, those of its states after those of the whole."""

    country: str
    rules: tuple[TaxRuleView, ...]


def taxed_countries(session: Session, brand_id: UUID, on: date) -> frozenset[str]:
    """Where the brand charges any tax on that day."""
    found = select(TaxRule.country).where(
        TaxRule.brand_id == brand_id,
        TaxRule.valid_from <= on,
        or_(TaxRule.valid_to.is_(None), TaxRule.valid_to > on),
    )
    return frozenset(session.scalars(found.distinct()))


def taxed_now(house: House) -> Callable[[Session, UUID], frozenset[str]]:
    """A function that tells where a brand charges any tax on its day of today."""
    return lambda session, brand_id: taxed_countries(session, brand_id, _today(session, house, brand_id))


def zones(session: Session, brand_id: UUID) -> tuple[Zone, ...]:
    """Every rule there is or was, by country and state, the newest of a tax first."""
    rows = session.scalars(
        select(TaxRule)
        .where(TaxRule.brand_id == brand_id)
        .order_by(TaxRule.country, TaxRule.region, TaxRule.position, TaxRule.name, TaxRule.valid_from.desc())
    )
    by_country: dict[str, list[TaxRuleView]] = {}
    for row in rows:
        by_country.setdefault(row.country, []).append(rule_view(row))
    return tuple(Zone(country=code, rules=tuple(rules)) for code, rules in by_country.items())


def add(
    session: Session, house: House, brand_id: UUID, form: Mapping[str, str], *, actor: str, ip: str = ""
) -> UUID:
    """Add a rule from a form: ``name country region tax_class percent share valid_from valid_to``.

    ``percent`` and ``share`` are percents as people write them ("6.25"); a share of nothing is 100.
    ``valid_to`` is the first day without it. Raises InvalidFields, also for one that overlaps.
    """
    new = _checked(form)
    rule_id = add_rule(session, brand_id, new)
    audit.record(
        session, actor=actor, action="tax.add", target=f"tax_rule:{rule_id}", ip=ip, now=house.clock.now(),
        after={
            "name": new.name, "country": new.country, "region": new.region, "rate": new.rate,
            "share": new.taxable_share, "from": new.valid_from, "until": new.valid_to,
        },
    )  # fmt: skip
    return rule_id


def _checked(form: Mapping[str, str]) -> NewTaxRule:
    wrong: dict[str, str] = {}
    country, region = form.get("country", "").strip().upper(), form.get("region", "").strip().upper()
    if len(country) != 2 or places.address_rules(country) is None:
        wrong["country"] = _("Choose a country from the list.")
    elif region and region not in dict(places.states(country)):
        wrong["region"] = _("Choose a state of this country, or leave it empty for the whole country.")
    rate = _fraction(form.get("percent", ""), "percent", wrong)
    share = _fraction(form.get("share", "").strip() or "100", "share", wrong)
    start = _day(form.get("valid_from", ""), "valid_from", wrong)
    end = _day(form.get("valid_to", ""), "valid_to", wrong) if form.get("valid_to", "").strip() else None
    name, tax_class = tidy(form.get("name", "")), tidy(form.get("tax_class", ""))
    if not name or len(name) > LONGEST_NAME:
        wrong["name"] = _("Enter a name, as it is printed on invoices.")
    for field, text in (("name", name), ("tax_class", tax_class)):
        if problem := check_text(text):
            wrong.setdefault(field, problem)
    if wrong or start is None:
        raise InvalidFields(wrong)
    return NewTaxRule(
        name=name, country=country, region=region, tax_class=tax_class[:LONGEST_CLASS],
        rate=rate, taxable_share=share, valid_from=start, valid_to=end,
    )  # fmt: skip


def _fraction(text: str, name: str, wrong: dict[str, str]) -> str:
    """ "6.25" percent as the decimal "0.0625"."""
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    try:
        if len(plain) > 12 or not plain.isascii():
            raise InvalidOperation
        percent = Decimal(plain)
        if not (percent.is_finite() and 0 <= percent <= MOST_PERCENT):
            raise InvalidOperation
    except InvalidOperation:
        wrong[name] = _("Enter a percentage from 0 to 100, as in 6.25.")
        return "0"
    return f"{(percent / 100).normalize():f}"


def _day(text: str, name: str, wrong: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        wrong[name] = _("Enter a day that exists, as in 2026-02-28.")
        return None


def end(
    session: Session, house: House, brand_id: UUID, rule_id: UUID, day: str, *, actor: str, ip: str = ""
) -> None:  # fmt: skip
    """Let a rule end: ``day`` is the first on which it no longer holds. What was billed stays as it was.

    Raises NotFound, InvalidFields, Conflict for a rule that has ended already.
    """
    rule = session.get(TaxRule, rule_id)
    if rule is None or rule.brand_id != brand_id:
        raise NotFound(_("There is no such tax rule."))
    wrong: dict[str, str] = {}
    last = _day(day, "valid_to", wrong)
    if last is not None and last <= rule.valid_from:
        wrong["valid_to"] = _("This day lies before the rule begins. Choose a later day.")
    if wrong:
        raise InvalidFields(wrong)
    if rule.valid_to is not None and rule.valid_to <= _today(session, house, brand_id):
        raise Conflict(_("This rule has ended already. Add a new one for what holds now."))
    before, rule.valid_to = rule.valid_to, last
    session.flush()
    audit.record(
        session, actor=actor, action="tax.end", target=f"tax_rule:{rule_id}", ip=ip, now=house.clock.now(),
        before={"until": before}, after={"until": last},
    )  # fmt: skip


def _today(session: Session, house: House, brand_id: UUID) -> date:
    return local_date(house.clock.now(), brands.brand_by_id(session, brand_id).timezone)


def preview(
    session: Session, brand_id: UUID, place: Place, tax_class: str, on: date, minor: int = SAMPLE_MINOR
) -> tuple[TaxOf, ...]:
    """What an invoice of one line of ``minor`` would bear at that place on that day."""
    rules = rules_for(session, brand_id, place, on)
    line = TaxableLine(net_minor=minor, tax_class=tax_class)
    rounding = brands.brand_by_id(session, brand_id).tax_rounding
    return taxes_for([line], rules, place, on, taxable=True, rounding=rounding)
