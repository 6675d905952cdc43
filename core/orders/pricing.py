"""What a cart costs, and why. Pure: catalogue, coupon and tax rules in, one Quote out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from babel.dates import format_date

from core.billing.discounts import group_discounts
from core.billing.telling import told
from core.catalog.rules import DiscountableLine, discounts_for
from core.catalog.values import CouponView, PriceView, ProductView, cycle_words
from core.clients.groups import NO_POLICY, GroupPolicy
from core.kernel import written
from core.kernel.calendar import Cycle, Period, anchor_of, period_from
from core.kernel.i18n import gettext as _
from core.kernel.money import Money
from core.orders.values import Bill, CartLineView, PricedLine, PricedTax, Quote, SumLine
from core.tax.rules import Rounding, taxes_for
from core.tax.values import Place, TaxableLine, TaxOf, TaxRuleView


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line of a cart with what the catalogue says of it today."""

    line_id: UUID
    product: ProductView
    price: PriceView
    quantity: int
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What of the buyer changes a price. ``place`` is None while no address is known."""

    place: Place | None
    taxable: bool = True
    policy: GroupPolicy = NO_POLICY

    @property
    def facts(self) -> tuple[object, ...]:
        """The same for the same buyer, in one order: part of what was asked."""
        policy = self.policy
        products = sorted(str(one) for one in policy.product_ids)
        return (
            self.place, self.taxable, policy.name, policy.discount_kind, policy.discount_value, products,
            policy.tax_exempt,
        )  # fmt: skip


def price(
    wanted: Sequence[Wanted],
    *,
    currency: str,
    coupon: CouponView | None,
    rules: Sequence[TaxRuleView],
    buyer: Buyer,
    rounding: Rounding,
    today: date,
) -> Quote:
    """Discounts first, once per line: the group's, then the coupon on what is left; then taxes. Nothing
    goes below zero."""
    gross = [one.price.amount.minor * one.quantity for one in wanted]
    of_group = group_discounts(
        buyer.policy, [(one.product.id, sum_) for one, sum_ in zip(wanted, gross, strict=True)], currency
    )
    discounts = discounts_for(
        [
            DiscountableLine(slug=one.product.slug, gross_minor=sum_ - off)
            for one, sum_, off in zip(wanted, gross, of_group, strict=True)
        ],
        [coupon] if coupon else [],
        currency,
    )
    lines = tuple(
        _line(position, one, (off, discount), buyer.policy.name, today)
        for position, (one, off, discount) in enumerate(zip(wanted, of_group, discounts, strict=True), 1)
    )
    taxes = _taxes(lines, rules, buyer, rounding, today)
    used = coupon if coupon and any(discounts) else None
    return Quote(
        currency=currency,
        priced_on=today,
        lines=lines,
        coupon_id=used.id if used else None,
        coupon_code=used.code if used else "",
        coupon_label=used.label if used else "",
        group_name=buyer.policy.name if any(of_group) else "",
        taxes=taxes,
        taxed=buyer.place is not None,
    )


def _line(position: int, one: Wanted, off: tuple[int, int], group: str, today: date) -> PricedLine:
    """``off`` is what the group and what the coupon takes off."""
    period = period_from(today, one.price.cycle, anchor_of(today))
    unit = one.price.amount
    return PricedLine(
        position=position,
        product_id=one.product.id,
        name=one.product.name,
        domain=one.domain,
        kind=one.product.kind,
        cycle_unit=one.price.cycle.unit,
        cycle_count=one.price.cycle.count,
        quantity=one.quantity,
        unit_minor=unit.minor,
        setup_minor=one.price.setup.minor * one.quantity,
        discount_minor=sum(off),
        group_discount_minor=off[0],
        period_start=period.start,
        period_end=period.end,
        tax_class=one.product.tax_class,
        gl_code=one.product.gl_code,
        explanation=told(one.price.cycle, unit, one.quantity, Money(off[0], unit.currency), group),
    )


def _taxes(
    lines: Sequence[PricedLine], rules: Sequence[TaxRuleView], buyer: Buyer, rounding: Rounding, today: date
) -> tuple[PricedTax, ...]:
    if buyer.place is None:
        return ()
    taxable = [
        TaxableLine(
            net_minor=line.unit_minor * line.quantity + line.setup_minor - line.discount_minor,
            tax_class=line.tax_class,
        )
        for line in lines
    ]
    taxes = taxes_for(taxable, rules, buyer.place, today, taxable=buyer.taxable, rounding=rounding)
    return tuple(_tax(tax) for tax in taxes)


def _tax(tax: TaxOf) -> PricedTax:
    return PricedTax(
        name=tax.label,
        rate=tax.rate,
        taxable_share=tax.taxable_share,
        base_minor=tax.base_minor,
        tax_minor=tax.tax_minor,
    )


def digest(wanted: Sequence[Wanted], coupon_code: str, buyer: Buyer, currency: str) -> str:
    """What was asked, in one word: the same cart asked again within the hold keeps its price."""
    asked = [(str(w.line_id), str(w.product.id), str(w.price.cycle), w.quantity, w.domain) for w in wanted]
    return hashlib.sha256(repr((asked, coupon_code, buyer.facts, currency)).encode()).hexdigest()


def bill(quote: Quote, line_ids: Sequence[UUID], slugs: Sequence[str], locale: str) -> Bill:
    """The quote as the bill panel shows it. ``line_ids`` and ``slugs`` go with its lines."""

    def money(minor: int) -> Money:
        return Money(minor, quote.currency)

    discounts = tuple(SumLine(label=label, amount=money(-minor)) for label, minor in _taken_off(quote))
    taxes = tuple(SumLine(label=tax.name, amount=money(tax.tax_minor)) for tax in quote.taxes)
    return Bill(
        lines=tuple(
            _line_view(line, line_id, slug, quote.currency, locale)
            for line, line_id, slug in zip(quote.lines, line_ids, slugs, strict=True)
        ),
        subtotal=money(quote.subtotal_minor),
        discounts=discounts,
        taxes=taxes if quote.taxed else None,
        total=money(quote.total_minor),
        renewal=tuple(_renewal(line, quote.currency, locale) for line in quote.lines if line.period_end),
    )


def _taken_off(quote: Quote) -> Iterator[tuple[str, int]]:
    """Each discount with its reason."""
    by_group = sum(line.group_discount_minor for line in quote.lines)
    if by_group:
        yield _("Group discount: {group}").format(group=quote.group_name), by_group
    if quote.discount_minor > by_group:
        label = quote.coupon_label or _("discount")
        yield f"{quote.coupon_code}, {label}", quote.discount_minor - by_group


def _line_view(line: PricedLine, line_id: UUID, slug: str, currency: str, locale: str) -> CartLineView:
    return CartLineView(
        id=line_id,
        product_slug=slug,
        name=line.name,
        detail=_detail(line, locale),
        domain=line.domain,
        quantity=line.quantity,
        price=Money(line.unit_minor * line.quantity, currency),
        setup=Money(line.setup_minor, currency),
        kind=line.kind,
    )


def _detail(line: PricedLine, locale: str) -> str:
    word = cycle_words(Cycle.of(line.cycle_unit, line.cycle_count))
    last = Period(line.period_start, line.period_end).last_day
    if last is None:
        return word
    start, end = _day(line.period_start, locale), _day(last, locale)
    return _("{cycle}, {start} to {end}").format(cycle=word, start=start, end=end)


def _renewal(line: PricedLine, currency: str, locale: str) -> str:
    assert line.period_end is not None
    amount = Money(line.unit_minor * line.quantity, currency)
    name = line.domain if line.kind == "domain" else line.name
    return _("{name} renews on {day} for {amount}").format(
        name=name, day=_day(line.period_end, locale), amount=_money(amount, locale)
    )


def _day(day: date, locale: str) -> str:
    return format_date(day, "medium", locale=locale)


def _money(amount: Money, locale: str) -> str:
    return written.money(amount, locale)
