"""A draft for one client: seller and buyer as they are today, taxes by place, the day it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.billing.values import Draft, DraftLine, DraftTax
from core.brands import service as brands
from core.brands.values import BrandView
from core.clients import addresses
from core.clients import service as clients
from core.clients.groups import GroupPolicy, policy_of
from core.clients.values import ClientView, ContactView
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, NotFound
from core.kernel.work import House
from core.tax import service as tax
from core.tax.rules import taxes_for
from core.tax.values import Place, TaxableLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A line and how it is taxed: the class of its product, None for a line that bears no tax."""

    line: DraftLine
    tax_class: str | None


def draft(session: Session, house: House, client_id: UUID, priced: Sequence[Priced]) -> Draft:
    """What would be issued to the client now. Raises NotFound, and Conflict without a primary contact.

    Taxes are those of the client's billing country (and state, where the primary contact lives there)
    today: the day of issue is the tax point. The group of the client may exempt it, and may give it
    another time to pay than the brand does.
    """
    client = clients.client_by_id(session, client_id)
    brand = brands.brand_by_id(session, client.brand_id)
    policy, contact = policy_of(session, client_id), _addressee(session, client_id)
    today = local_date(house.clock.now(), brand.timezone)
    days = brand.invoice_due_days if policy.due_days is None else policy.due_days
    return Draft(
        brand_id=brand.id, client_id=client_id, order_id=None, series_prefix=brand.number_prefix,
        issued_on=today, due_on=today + timedelta(days=days), currency=client.currency,
        lines=tuple(one.line for one in priced), facts=facts(brand, contact),
        taxes=_taxes(session, house, brand, client, contact, policy, priced),
    )  # fmt: skip


def setup_line(service_id: UUID, name: str, minor: int, gl_code: str) -> DraftLine:
    """What is asked once for setting a service up, in the language of now. No discount is taken off."""
    return DraftLine(
        service_id=service_id, kind="setup", period_start=None, period_end=None,
        text=_("Set-up of {name}").format(name=name), quantity=1, unit_minor=minor, discount_minor=0,
        gl_code=gl_code,
    )  # fmt: skip


def _addressee(session: Session, client_id: UUID) -> ContactView:
    try:
        return clients.primary_contact(session, client_id)
    except NotFound:
        raise Conflict(_("An invoice needs a name and an address: add a primary contact first.")) from None


def language_of(session: Session, client_id: UUID) -> str:
    """What the client reads, "" while it has no primary contact."""
    try:
        return clients.primary_contact(session, client_id).language
    except NotFound:
        return ""


def place_of(client: ClientView, contact: ContactView) -> Place:
    """Where the client is for taxes: its billing country decides, the contact's state narrows it down."""
    is_there = contact.country == client.billing_country
    return Place(country=client.billing_country, region=contact.state if is_there else "")


def _taxes(
    session: Session, house: House, brand: BrandView, client: ClientView, contact: ContactView,
    policy: GroupPolicy, priced: Sequence[Priced],
) -> tuple[DraftTax, ...]:  # fmt: skip
    place, today = place_of(client, contact), local_date(house.clock.now(), brand.timezone)
    lines = [
        TaxableLine(net_minor=one.line.net_minor, tax_class=one.tax_class)
        for one in priced
        if one.tax_class is not None
    ]
    found = taxes_for(
        lines, tax.rules_for(session, brand.id, place, today), place, today,
        taxable=client.is_taxable and not policy.tax_exempt, rounding=brand.tax_rounding,
    )  # fmt: skip
    return tuple(
        DraftTax(
            name=one.label, rate=one.rate, taxable_share=one.taxable_share, base_minor=one.base_minor,
            tax_minor=one.tax_minor,
        )
        for one in found
    )  # fmt: skip


def facts(brand: BrandView, contact: ContactView) -> dict[str, Any]:
    """Seller and buyer as they are now: an issued document never changes with them."""
    return {
        "seller": [brand.legal_name or brand.name, *brand.legal_address.splitlines()],
        "seller_tax_number": brand.tax_number,
        "seller_email": brand.support_email,
        "buyer": list(addresses.of_contact(contact, brand.locale)),
        "buyer_email": contact.email,
    }
