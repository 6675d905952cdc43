"""The services of one client, and adding one without an order."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.catalog.values import PriceView, cycle_label
from core.kernel.problems import Conflict, InvalidFields
from core.orders import packages
from core.orders.packages import Offer, Offers
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web import forms, shown
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house, visitor_ip
from core.web.forms import Form

LABELS = {
    "product": "Product", "domain": "Domain name", "cycle": "Billed", "quantity": "Quantity",
    "price": "Price", "price_reason": "Reason of the price",
    "setup": "Charge the set-up fee", "first_due_on": "First due date",
    "billing_account": "Billing account", "provision": "Set up",
}  # fmt: skip


@blueprint.get("/clients/<uuid:client_id>/services", endpoint="client_services")
@needs("services.view")
def list_services(client_id: UUID) -> Response:
    """Raises NotFound."""
    client = frame.read(client_id)
    with house().db.read() as session:
        found = services.list_services(session, page.asked_window(), client_id=client_id)
        accounts = provisioning.accounts(session, [row.id for row in found.items])
    return frame.draw(
        "services.html", client, tab="services", page=found, pager=page.pager(found), accounts=accounts
    )


@blueprint.get("/clients/<uuid:client_id>/services/new", endpoint="package_new")
@needs("services.edit")
def new_package(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(client_id, Form(values={"setup": "1"}))


def _draw(client_id: UUID, form: Form, status: int = 200, trouble: str = "") -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        found = packages.offers(session, house(), client_id)
    return frame.draw(
        "package.html", client, tab="services", status=status, form=form, labels=LABELS, trouble=trouble,
        products=[(str(one.product.id), _offer_words(one)) for one in found.offers],
        cycles=[(str(one), cycle_label(one)) for one in found.cycles], accounts=_accounts(found),
        first_due_on=found.first_due_on.isoformat(),
        title=forms.page_title("Add a package", form.errors),
    )  # fmt: skip


def _offer_words(one: Offer) -> str:
    """``Business Hosting: monthly $14.00, yearly $168.00 (not in the shop)``."""
    prices = ", ".join(_price_words(price) for price in one.prices)
    notes = [] if one.product.visible else ["not in the shop"]
    notes += [] if one.product.stock is None else [f"{one.product.stock} left"]
    return f"{one.product.name}: {prices or 'no price'}" + (f" ({', '.join(notes)})" if notes else "")


def _price_words(price: PriceView) -> str:
    setup = f" and {shown.money(price.setup)} set-up" if price.setup.minor else ""
    return f"{price.label.lower()} {shown.money(price.amount)}{setup}"


def _accounts(found: Offers) -> list[tuple[str, str]]:
    return [(str(key), words) for key, words in found.accounts]


@blueprint.post("/clients/<uuid:client_id>/services/new", endpoint="package_add")
@needs("services.edit")
def add_package(client_id: UUID) -> Response:
    """Raises NotFound."""
    values = forms.values()
    try:
        service_id = packages.add(house(), client_id, values, actor=access.actor(), ip=visitor_ip())
    except InvalidFields as problem:
        return _draw(client_id, forms.posted(forms.in_order(problem.messages, LABELS)), 422)
    except Conflict as problem:
        return _draw(client_id, forms.posted(), 409, str(problem))
    done = "The service is added." if values.get("provision") == "later" else "The service is being set up."
    return notices.go(url_for("admin.service", service_id=service_id), done)
