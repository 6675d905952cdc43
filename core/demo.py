"""The demo's shop: Wayside Hosting, its products, taxes, coupon, and servers in the pretend world.

Written once; a repeat adds what is missing, follows a moved pretend world, and changes nothing else.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.brands.values import BrandView, NewBrand
from core.catalog import editing as catalog
from core.catalog.editing import NewCoupon, NewProduct
from core.catalog.models import Coupon, Product, Terms
from core.clients import custom, custom_fields, groups
from core.clients.service import ensure_statuses
from core.identity.service import make_role
from core.kernel import numbers
from core.kernel.calendar import Cycle
from core.kernel.work import House
from core.provisioning import placement
from core.provisioning.models import Pool, Server
from core.settings import Settings
from core.tax import service as tax
from core.tax.models import TaxRule
from core.tax.service import NewTaxRule

SINCE = date(2020, 1, 1)  # long before any clock a test or a demo is set to
MONTHLY, YEARLY = Cycle("month"), Cycle("year")
SANDBOX_KEY = "sandbox-secret"  # the pretend world's own default: it guards nothing

BRAND = NewBrand(
    slug="main",
    name="Wayside Hosting",
    currency="USD",
    timezone="America/Chicago",
    legal_name="Wayside Hosting LLC",
    legal_address="100 Congress Avenue\nAustin, TX 78701\nUnited States",
    mail_sender="billing@wayside.example",
    support_email="help@wayside.example",
    number_prefix="WH",
)
STARTER = NewProduct(
    slug="starter-hosting",
    name="Starter Hosting",
    kind="hosting",
    summary="One website and its mail, with everything that keeps it safe. Right for a first shop, a "
    "portfolio or a club.",
    features=(
        "1 website, 20 GB storage",
        "10 mailboxes",
        "Backups every day, kept for 7 days",
        "Certificate included and renewed for you",
        "Help by mail, answered the same day",
    ),
    provisioner="sandbox_panel",
    provisioner_options={"plan": "starter"},
    position=1,
)
BUSINESS = NewProduct(
    slug="business-hosting",
    name="Business Hosting",
    kind="hosting",
    summary="Several websites on reserved power. Right for online shops and small agencies.",
    features=(
        "10 websites, 100 GB storage",
        "100 mailboxes",
        "Backups every day, kept for 14 days",
        "2 reserved processor cores, staging copy",
        "Help by phone and mail, first answer within an hour",
    ),
    provisioner="sandbox_panel",
    provisioner_options={"plan": "business"},
    position=2,
)
DOMAIN = NewProduct(
    slug="example-domain",
    name="Domain name",
    kind="domain",
    summary="Your own address on the web. Registered in your name, renewed every year.",
    features=(
        "Registered in your name",
        "Name servers set up for your hosting",
        "We write to you before it expires",
    ),
    tax_class="domain",
    gl_code="4100",
    provisioner="sandbox_registrar",
    position=3,
)
PRICES = {
    STARTER.slug: ((MONTHLY, 600), (YEARLY, 6000)),
    BUSINESS.slug: ((MONTHLY, 1400), (YEARLY, 14400)),
    DOMAIN.slug: ((YEARLY, 1200),),
}
# Texas Tax Code 151.0101 taxes data processing, which hosting is; 151.351 exempts 20 % of it.
TEXAS = NewTaxRule(
    name="Texas sales tax",
    country="US",
    region="TX",
    tax_class="hosting",
    rate="0.0625",
    taxable_share="0.80",
    valid_from=SINCE,
)
WELCOME = NewCoupon(
    code="WELCOME10",
    kind="percent",
    value=1000,
    label="10% off hosting, first payment",
    product_slugs=(STARTER.slug, BUSINESS.slug),
    valid_from=SINCE,
)
# Umsatzsteuergesetz, section 12 (1): the general rate.
GERMANY = NewTaxRule(name="Umsatzsteuer", country="DE", rate="0.19", valid_from=SINCE)
GROUPS: tuple[dict[str, str], ...] = (
    {"name": "Retail", "colour": "brand", "description": "Whoever orders in the shop."},
    {
        "name": "Agencies", "colour": "info", "description": "They resell what we host.",
        "discount_kind": "percent", "discount_value": "10", "due_days": "30",
    },
    {"name": "EU business", "colour": "success", "description": "With a VAT number.", "due_days": "14"},
    {
        "name": "Non-profit", "colour": "warning", "description": "Clubs and charities, on proof.",
        "discount_kind": "percent", "discount_value": "25",
    },
)  # fmt: skip
FIELDS: tuple[dict[str, str], ...] = (
    {"owner": "client", "key": "account_manager", "label": "Account manager", "kind": "text"},
    {
        "owner": "client", "key": "source", "label": "How did they find us?", "kind": "choice",
        "choices": "Recommendation\nSearch\nTrade fair",
    },
)  # fmt: skip
TERMS_TITLE = "Terms of service"
TERMS_BODY = """\
1. What you get. We host your website and mail as described in the product you order, from the day your \
payment has arrived.

2. What you pay. Prices are in US dollars. Sales tax is added where it applies. Each period is paid in \
advance and renews until you cancel.

3. Cancelling. You may cancel on any day, in your account. Within the first 30 days we refund hosting in \
full; domain names cannot be given back to the registry.

4. What is not allowed. Nothing unlawful, no unasked mail, nothing that harms other customers.

5. Your data is yours. We keep backups as described in the product; keep your own copy as well.

6. This is a demo shop. Nothing that is ordered here is real and no money moves."""
SUPPORT = (
    "orders.view", "clients.view", "services.view", "invoices.view", "payments.view", "payments.lookup",
    "jobs.view", "jobs.work", "servers.view", "mails.view",
)  # fmt: skip


class DemoHouse(House, Protocol):
    """What the demo needs of the application."""

    @property
    def settings(self) -> Settings: ...


def set_up(house: DemoHouse) -> BrandView:
    """Make the demo's shop in one transaction, or what is missing of it; gives its brand."""
    with house.db.transaction() as session:
        numbers.take(session, "demo")  # processes that start together do this one after the other
        brand_id = brands.set_up(session, BRAND)
        ensure_statuses(session)
        make_role(session, "Support", SUPPORT)
        pool_id = _pool(session)
        _products(session, brand_id, pool_id)
        _texts(session, brand_id)
        _records(session, house)
        _servers(session, house, pool_id)
        return brands.brand_by_id(session, brand_id)


def _pool(session: Session) -> UUID:
    found = session.scalar(select(Pool.id).where(Pool.name == "Demo hosting"))
    return placement.add_pool(session, "Demo hosting") if found is None else found


def _products(session: Session, brand_id: UUID, pool_id: UUID) -> None:
    hosting = catalog.add_group(session, brand_id, "Hosting", 1)
    domains = catalog.add_group(session, brand_id, "Domains", 2)
    for new in (STARTER, BUSINESS):
        _product(session, brand_id, replace(new, group_id=hosting, pool_id=pool_id))
    _product(session, brand_id, replace(DOMAIN, group_id=domains))


def _product(session: Session, brand_id: UUID, new: NewProduct) -> None:
    known = select(Product.id).where(Product.brand_id == brand_id, Product.slug == new.slug)
    if session.scalar(known) is not None:
        return
    product_id = catalog.add_product(session, brand_id, new)
    for cycle, minor in PRICES[new.slug]:
        catalog.set_price(
            session, product_id, currency=BRAND.currency, cycle=cycle, amount_minor=minor, valid_from=SINCE
        )


def _texts(session: Session, brand_id: UUID) -> None:
    if session.scalar(select(TaxRule.id).where(TaxRule.brand_id == brand_id).limit(1)) is None:
        tax.add_rule(session, brand_id, TEXAS)
        tax.add_rule(session, brand_id, GERMANY)
    if session.scalar(select(Coupon.id).where(Coupon.brand_id == brand_id).limit(1)) is None:
        catalog.add_coupon(session, brand_id, WELCOME)
    if session.scalar(select(Terms.id).where(Terms.brand_id == brand_id).limit(1)) is None:
        catalog.add_terms(session, brand_id, title=TERMS_TITLE, body=TERMS_BODY, valid_from=SINCE)


def _records(session: Session, house: DemoHouse) -> None:
    """Groups and fields a host might have made up; once, so that what staff delete stays away."""
    if numbers.take(session, "demo-records")[0] > 1:
        return
    if groups.groups(session) or custom.fields_of(session, "client", archived=True):
        return  # a shop that is older than this has some of its own, maybe of the same name
    for group in GROUPS:
        groups.save(session, house, None, {"suspends": "1"} | group, products=frozenset(), actor="system")
    for field in FIELDS:
        custom_fields.save(session, house, None, field, actor="system")


def _servers(session: Session, house: DemoHouse, pool_id: UUID) -> None:
    settings = json.dumps({"url": house.settings.sandbox_url, "secret_key": SANDBOX_KEY})
    _server(session, house, "demo-panel", "sandbox_panel", settings, pool_id)
    _server(session, house, "demo-registrar", "sandbox_registrar", settings, None)


def _server(
    session: Session, house: DemoHouse, name: str, plugin: str, settings: str, pool_id: UUID | None
) -> None:
    known = session.scalar(select(Server.id).where(Server.name == name))
    if known is None:
        placement.add_server(
            session, house, name=name, plugin=plugin, settings_json=settings, pool_id=pool_id
        )
    elif placement.server_settings(session, house, known)[1] != settings:
        placement.change_settings(session, house, known, settings)  # the pretend world has moved
