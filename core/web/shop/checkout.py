"""Order Summary: who the account is for, and how to pay."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.clients.values import email_formats, mail_types
from core.kernel.i18n import gettext as _
from core.kernel.i18n import languages, mark
from core.kernel.problems import InvalidFields
from core.orders import cart as carts
from core.orders import checkout as orders
from core.orders.values import CartView
from core.web import contact_form, cookies, forms, shown
from core.web import methods as ways
from core.web.current import house, now, visitor_ip
from core.web.forms import Form
from core.web.render import render
from core.web.shop import returning
from core.web.shop.review import address_lines, order_url

TITLE = mark("Order Summary")
# In the order of the page: the list of errors follows it.
MAILS = mark("Mails you would like")


def checkout() -> Response:
    """The form; filled in right it leads to Order Details."""
    token = cookies.read(cookies.CART)
    returning.settle(token)
    cart = carts.view_cart(house(), token) if token else None
    if cart is None and (known := returning.ordered(token)):
        return redirect(order_url(known.token), 303)
    if cart is None or cart.is_empty:
        return redirect(url_for("shop.cart"), 303)
    if request.method == "GET":
        return _page(token, cart, _saved(token))
    values = ways.posted_values(ways.offered())
    if "update" in values:  # another country was chosen, and no script filled the states in
        return _page(token, cart, ways.again({}))
    try:
        orders.save_summary(
            house(), token, values, ways.lists(values), ip=visitor_ip(), locale=str(shown.locale())
        )
    except InvalidFields as wrong:
        return _page(token, cart, ways.again(wrong.messages), 422)
    return redirect(url_for("shop.review"), 303)


def places() -> Response:
    """The fields of an address that depend on the country: fetched by script when it changes."""
    values = {name: request.args.get(name, "") for name in ("country", "state", "county")}
    form = Form(values=values)
    return render("shop/places.html", places=contact_form.places_for(form), form=form)


def _saved(token: str) -> Form:
    saved = orders.saved_contact(house(), token)
    values = {name: value for name, value in saved.items() if isinstance(value, str)}
    lists = {name: tuple(value) for name, value in saved.items() if isinstance(value, list | tuple)}
    return Form(values=values, lists=lists)


def _page(token: str, cart: CartView, form: Form, status: int = 200) -> Response:
    methods = orders.methods(house(), token)
    ways.allow(methods)
    wanted = ways.chosen(methods, form.value(ways.CHOICE))
    labels = contact_form.labels() | {"email_actions": _(MAILS)} | ways.labels(methods, wanted)
    form = replace(form, errors=forms.in_order(form.errors, labels))
    contact = orders.client_contact(house(), token)
    return render(
        "shop/checkout.html",
        status,
        cart=cart,
        methods=methods,
        chosen=wanted,
        form=form,
        contact=contact,
        address=address_lines(contact) if contact else (),
        places=contact_form.places_for(form),
        labels=labels,
        ids=ways.ids(methods, wanted),
        element_id=ways.element_id,
        vendor_scripts=ways.vendor_scripts(methods),
        mail_types=mail_types(),
        languages=languages(),
        email_formats=email_formats(),
        free=not methods and not cart.bill.total,
        now=now(),
        title=forms.page_title(_(TITLE), form.errors),
    )
