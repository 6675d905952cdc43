"""Tax zones: which tax is charged where since when, and what an invoice there would bear."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.brands import service as brands
from core.brands.queries import names as brand_names
from core.brands.values import BrandView
from core.catalog import queries as catalog
from core.clients import places as geography
from core.kernel.money import Money
from core.tax import zones
from core.tax.values import Place
from core.web import forms
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client.frame import country_name
from core.web.contact_form import countries
from core.web.current import brand, house, visitor_ip
from core.web.forms import Form

LABELS: dict[str, str] = {
    "country": "Country", "region": "State", "name": "Name of the tax", "percent": "Rate in percent",
    "share": "Taxed share in percent", "tax_class": "Only for", "valid_from": "From", "valid_to": "Until",
}  # fmt: skip


@blueprint.get("/tax-zones", endpoint="tax_zones")
@needs("taxes.view")
def list_zones() -> Response:
    """``brand`` chooses whose; ``country``, ``region``, ``tax_class`` what is tried out."""
    return _list()


def _list(
    status: int = 200, trouble: str = "", form: Form | None = None, ending: UUID | None = None
) -> Response:
    """``ending`` is the rule whose form came back; None: the form that adds one."""
    owner, end = _brand(), form if form and ending else Form()
    blank = Form(values={"country": brand().country, "valid_from": page.today().isoformat()})
    form = blank if ending else form or blank
    with house().db.read() as session:
        offered = brand_names(session)
        found = zones.zones(session, owner.id)
        tried, tax_class = _tried(owner)
        taxes = zones.preview(session, owner.id, tried, tax_class, page.today())
        classes = sorted({one.tax_class for one in catalog.product_names(session)} - {""})
    return page.draw(
        "setup/tax-zones.html", status, section="tax_zones", zones=found, owner=owner, brands=offered,
        form=form, end=end, ending=ending, labels=LABELS, countries=countries(),
        states=geography.states(form.value("country")),
        classes=classes, tried=tried, taxes=taxes, sample=Money(zones.SAMPLE_MINOR, owner.currency),
        total=Money(zones.SAMPLE_MINOR + sum(one.tax_minor for one in taxes), owner.currency),
        country_name=country_name, state_name=geography.state_name, trouble=trouble,
        as_money=lambda minor: Money(minor, owner.currency),
        title=forms.page_title("Tax zones", form.errors or end.errors),
    )  # fmt: skip


def _brand() -> BrandView:
    """The one that the address or the form names, else that of the host that was asked for."""
    slug = request.values.get("brand", "")
    with house().db.read() as session:
        found = next((one.id for one in brand_names(session) if one.slug == slug), None)
        return brands.brand_by_id(session, found) if found else brand()


def _tried(owner: BrandView) -> tuple[Place, str]:
    """Where, and what kind of product, an invoice is tried for."""
    country = request.args.get("country", "").upper()
    if len(country) != 2 or geography.address_rules(country) is None:
        country = owner.country
    region = request.args.get("region", "").upper()
    place = Place(country=country, region=region if region in dict(geography.states(country)) else "")
    return place, request.args.get("tax_class", "")[:50].replace("\0", "")


@blueprint.post("/tax-zones", endpoint="tax_rule_add")
@needs("taxes.edit")
def add_rule() -> Response:
    if "update" in request.form:  # another country was chosen: its states are offered
        return _list(form=forms.posted())

    def do() -> Response:
        owner = _brand()
        with house().db.transaction() as session:
            zones.add(session, house(), owner.id, forms.values(), actor=access.actor(), ip=visitor_ip())
        return notices.go(url_for("admin.tax_zones", brand=owner.slug), "The rule is added.")

    return page.attempted(do, _list)


@blueprint.post("/tax-zones/<uuid:rule_id>/end", endpoint="tax_rule_end")
@needs("taxes.edit")
def end_rule(rule_id: UUID) -> Response:
    """The day is the first on which the rule no longer holds."""

    def do() -> Response:
        owner = _brand()
        with house().db.transaction() as session:
            day = request.form.get("valid_to", "")
            zones.end(session, house(), owner.id, rule_id, day, actor=access.actor(), ip=visitor_ip())
        return notices.go(url_for("admin.tax_zones", brand=owner.slug), "The rule ends on that day.")

    return page.attempted(do, lambda status, text, form: _list(status, text, form, rule_id))
