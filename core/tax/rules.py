"""Which taxes a sale bears and how they are rounded. Pure: lines, rules, place and day in, taxes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Literal, NamedTuple

from core.kernel.money import round_half_up
from core.tax.values import Place, TaxableLine, TaxOf, TaxRuleView

Rounding = Literal["line", "invoice"]
# Streamlined Sales and Use Tax Agreement, section 324: the rates of state and local jurisdictions are
# added up and the sum is rounded, half up at the third decimal, per item or per invoice as the seller
# elects. Elsewhere (GST and QST) each tax is rounded by itself.
ROUNDED_TOGETHER = frozenset({"US"})


class _Key(NamedTuple):
    """One printed tax: another rate or share of the same tax prints its own row."""

    country: str
    region: str
    name: str
    rate: str
    share: str


Exact = dict[_Key, Fraction]


def taxes_for(
    lines: Sequence[TaxableLine],
    rules: Sequence[TaxRuleView],
    place: Place,
    on: date,
    *,
    taxable: bool,
    rounding: Rounding,
) -> tuple[TaxOf, ...]:
    """The taxes on ``lines`` for a buyer at ``place``, with the rules of the tax point ``on``.

    ``rounding`` says whether amounts are rounded half up once per line or once per document; both are
    lawful in places, so it is the brand's setting. Lines of the opposite sign give the opposite taxes,
    so a credit note mirrors its invoice. A client that is not taxable bears none.
    """
    if not taxable:
        return ()
    matching = sorted(
        (rule for rule in rules if applies(rule, place, on)),
        key=lambda rule: (rule.region, rule.position, rule.name),
    )
    borne = [(line, rules_on(line, matching)) for line in lines if line.net_minor]
    bases: Exact = _bases(borne)
    taxes = _rounded_by_line(borne) if rounding == "line" else _rounded_by_document(borne)
    return tuple(
        TaxOf(
            name=key.name,
            rate=key.rate,
            taxable_share=key.share,
            base_minor=round_half_up(base),
            tax_minor=taxes.get(key, 0),
        )
        for key, base in bases.items()
    )


def applies(rule: TaxRuleView, place: Place, on: date) -> bool:
    """Whether a rule holds at a place on a day. A rule without a region holds in its whole country."""
    here = rule.country == place.country and rule.region in ("", place.region)
    return here and rule.valid_from <= on and (rule.valid_to is None or on < rule.valid_to)


def rules_on(line: TaxableLine, rules: Iterable[TaxRuleView]) -> tuple[TaxRuleView, ...]:
    """The rules a line bears. Different taxes stack; of two rules of one tax, which is to say of one
    name, country and region, the one for the line's class beats the one for every class."""
    found: dict[tuple[str, str, str], TaxRuleView] = {}
    for rule in rules:
        if rule.tax_class not in ("", line.tax_class):
            continue
        tax = (rule.name, rule.country, rule.region)
        if tax not in found or rule.tax_class:
            found[tax] = rule
    return tuple(found.values())


Borne = Sequence[tuple[TaxableLine, tuple[TaxRuleView, ...]]]


def _key(rule: TaxRuleView) -> _Key:
    return _Key(rule.country, rule.region, rule.name, str(rule.rate), str(rule.taxable_share))


def _bases(borne: Borne) -> Exact:
    bases: Exact = {}
    for line, rules in borne:
        for rule in rules:
            base = line.net_minor * Fraction(rule.taxable_share)
            bases[_key(rule)] = bases.get(_key(rule), Fraction(0)) + base
    return bases


def _rounded_by_line(borne: Borne) -> Mapping[_Key, int]:
    totals: dict[_Key, int] = {}
    for one in borne:
        for key, tax in _rounded_by_document([one]).items():
            totals[key] = totals.get(key, 0) + tax
    return totals


def _rounded_by_document(borne: Borne) -> Mapping[_Key, int]:
    exact: Exact = {}
    for line, rules in borne:
        for rule in rules:
            tax = line.net_minor * Fraction(rule.taxable_share) * Fraction(rule.rate)
            exact[_key(rule)] = exact.get(_key(rule), Fraction(0)) + tax
    alone = {key: round_half_up(tax) for key, tax in exact.items() if key.country not in ROUNDED_TOGETHER}
    together = {key: tax for key, tax in exact.items() if key.country in ROUNDED_TOGETHER}
    return alone | _share_out(together)


def _share_out(exact: Exact) -> dict[_Key, int]:
    """Round the sum once and share it out by largest remainder, ties to the earliest."""
    total = sum(exact.values(), Fraction(0))
    if total < 0:
        mirrored = _share_out({key: -tax for key, tax in exact.items()})
        return {key: -tax for key, tax in mirrored.items()}
    shares = {key: floor(tax) for key, tax in exact.items()}
    missing = round_half_up(total) - sum(shares.values())
    by_remainder = sorted(exact, key=lambda key: shares[key] - exact[key])  # stable: ties stay in order
    for key in by_remainder[:missing]:
        shares[key] += 1
    return shares
