"""Order Details: the last look, the terms, and the button that places the order."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.clients import addresses, places
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import Conflict, InvalidFields
from core.orders import cart as carts
from core.orders import checkout as orders
from core.orders import placing, status
from core.orders.values import Review
from core.web import cookies, forms, shown
from core.web.current import house, now, visitor_ip
from core.web.forms import Form
from core.web.render import render
from core.web.shop import returning

TITLE = mark("Order Details")
LABELS = {"accept_terms": mark("Terms")}


def review() -> Response:
    """Show everything as it will be placed; place it. The same cart again leads to the same order."""
    token = cookies.read(cookies.CART)
    if not token:
        return redirect(url_for("shop.cart"), 303)
    returning.settle(token)
    if request.method == "GET":
        return _page(token, Form())
    typed = forms.values()
    accepted = typed.get("accept_terms") == "1"
    try:
        placed = placing.place(
            house(), token, quote_id=typed.get("quote_id", ""), accepted=accepted, ip=visitor_ip()
        )
    except InvalidFields as wrong:
        return _page(token, forms.posted(_on_this_page(wrong.messages)), 422)
    except Conflict as conflict:
        return _page(token, Form(), 409, changed=str(conflict))
    return redirect(order_url(placed.token), 303)


def _on_this_page(errors: Mapping[str, str]) -> dict[str, str]:
    """What belongs to a field of the page before (a user name was taken meanwhile) is said without link."""
    here = {name: sentence for name, sentence in errors.items() if name in LABELS}
    elsewhere = " ".join(sentence for name, sentence in errors.items() if name not in LABELS)
    return here | ({"": elsewhere} if elsewhere else {})


def order_url(token: str) -> str:
    """The order's page; with ``go`` it leads on to the payment site by itself, once."""
    waits = bool(status.view_order(house(), token).approve_url)
    return url_for("shop.order", token=token, go=1 if waits else None)


def _page(token: str, form: Form, code: int = 200, changed: str = "") -> Response:
    try:
        found = orders.review(house(), token)
    except Conflict:
        return _back(token)
    return render(
        "shop/review.html",
        code,
        review=found,
        form=form,
        labels={name: _(words) for name, words in LABELS.items()},
        changed=changed,
        address=address_lines(found.contact),
        returning=orders.client_contact(house(), token) is not None,
        taxed_at=taxed_at(found),
        now=now(),
        title=forms.page_title(_(TITLE), form.errors),
    )


def _back(token: str) -> Response:
    """Something is missing: to the page where it belongs. Nothing is when it was placed already."""
    if known := returning.ordered(token):
        return redirect(order_url(known.token), 303)
    cart = carts.view_cart(house(), token)
    missing = "shop.cart" if cart is None or cart.is_empty else "shop.checkout"
    return redirect(url_for(missing), 303)


def address_lines(contact: Mapping[str, str]) -> tuple[str, ...]:
    """The address as it is written in its country."""
    return addresses.lines(contact, str(shown.locale()), with_person=False)


def taxed_at(found: Review) -> str:
    """``Austin, Texas``: the place whose taxes are shown."""
    contact = found.contact
    country, state = contact.get("country", ""), contact.get("state", "")
    return _joined(", ", contact.get("city"), places.state_name(country, state) if state else "")


def _joined(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)
