"""What is for sale: the front page, a product's page, the terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.catalog import service as catalog
from core.catalog.values import Offer, Storefront
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import InvalidFields, NotFound
from core.orders import cart as carts
from core.web import cookies, forms
from core.web.current import brand, house, now
from core.web.forms import Form
from core.web.render import render
from core.web.security import cacheable
from core.web.shop import plans

CART_DAYS = 7
LABELS = {"cycle": mark("Paying"), "domain": mark("Domain name"), "quantity": mark("Quantity")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """How one can pay here, for the answers on the front page."""

    names: tuple[str, ...]
    starts: tuple[tuple[str, str], ...]  # (method, when a service begins)


def home() -> Response:
    """The front page. ``?cycle=month:1`` shows another cycle's prices."""
    front = _storefront()
    cycle = request.args.get("cycle", "")
    groups = plans.groups(front.groups, cycle)
    domains = [plans.plan(offer) for offer in front.offers if offer.product.kind == "domain"]
    page = render(
        "shop/home.html",
        groups=groups,
        segments=plans.segments(groups, cycle),
        domains=domains,
        methods=_methods(),
    )
    return cacheable(page)


def product(product: str) -> Response:
    """One product: choose a cycle and a domain, add it to the order. Raises NotFound."""
    front = _storefront()
    offer = next((one for one in front.offers if one.product.slug == product), None)
    if offer is None:
        raise NotFound(_("This product is not for sale here."))
    if request.method == "GET":
        values = {name: request.args.get(name, "") for name in ("domain", "cycle")}
        return cacheable(_product_page(front, offer, Form(values=values)))
    try:
        token = _add(front, offer)
    except InvalidFields as wrong:
        return _product_page(front, offer, forms.posted(wrong.messages), 422)
    response = redirect(url_for("shop.cart"), 303)
    cookies.write(response, cookies.CART, token, days=CART_DAYS)
    return response


def terms() -> Response:
    """The text that has to be accepted today. Raises NotFound when there is none."""
    with house().db.read() as session:
        text = catalog.terms(session, brand().id, today())
    if text is None:
        raise NotFound(_("There are no terms to read."))
    return cacheable(render("shop/terms.html", terms=text))


def today() -> date:
    """The brand's own day."""
    return local_date(now(), brand().timezone)


def _storefront() -> Storefront:
    with house().db.read() as session:
        return catalog.storefront(session, brand().id, brand().currency, today())


def _product_page(front: Storefront, offer: Offer, form: Form, status: int = 200) -> Response:
    plan = plans.plan(offer, form.value("cycle"))
    return render(
        "shop/product.html",
        status,
        plan=plan,
        form=form,
        labels={name: _(words) for name, words in LABELS.items()},
        registering=_registering(front, offer),
        title=forms.page_title(offer.product.name, form.errors),
    )


def _registering(front: Storefront, offer: Offer) -> plans.Plan | None:
    """The domain product that can be ordered together with hosting."""
    if offer.product.kind != "hosting":
        return None
    domains = (one for one in front.offers if one.product.kind == "domain" and not one.product.sold_out)
    return next((plans.plan(one) for one in domains), None)


def _add(front: Storefront, offer: Offer) -> str:
    """Add the product, and the registration of its domain where that was asked for."""
    typed = forms.values()
    token: str | None = cookies.read(cookies.CART) or None
    register = _registering(front, offer) if typed.get("domain_mode") == "register" else None
    if register is not None:
        token = _add_line(token, register.product.slug, register.shown.value, typed, quantity="1")
    try:
        return _add_line(
            token, offer.product.slug, typed.get("cycle", ""), typed, quantity=typed.get("quantity") or "1"
        )
    except InvalidFields:
        if register is not None and token is not None:
            _take_back(token)
        raise


def _add_line(token: str | None, slug: str, cycle: str, typed: dict[str, str], *, quantity: str) -> str:
    return carts.add_line(
        house(), token, brand().id,
        product_slug=slug, cycle=cycle, domain=typed.get("domain", ""), quantity=quantity,
    )  # fmt: skip


def _take_back(token: str) -> None:
    """The domain was added a moment ago for hosting that did not come: it goes again."""
    view = carts.view_cart(house(), token)
    if view is not None and view.bill.lines:
        carts.remove_line(house(), token, view.bill.lines[-1].id)


def _methods() -> Methods:
    entries = house().plugins.gateways.values()
    specs = [entry.spec for entry in entries if entry.spec.accepts(brand().currency)]
    return Methods(
        names=tuple(spec.name for spec in specs), starts=tuple((spec.name, spec.starts) for spec in specs)
    )
