"""Order Contents: what is in the cart, a coupon, and on to paying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.orders import cart as carts
from core.web import cookies, forms
from core.web.current import house, now
from core.web.forms import Form
from core.web.render import render
from core.web.shop import returning

TITLE = mark("Order Contents")
LABELS = {"coupon": mark("Coupon"), "quantity": mark("Quantity")}


def cart() -> Response:
    """Show the cart; a form on the page changes one thing of it and comes back here."""
    token = cookies.read(cookies.CART)
    returning.settle(token)
    if request.method == "GET":
        return _page(token, Form())
    act = _ACTIONS.get(request.form.get("action", ""))
    if act is None:
        raise BadRequest
    try:
        if token:
            act(token, forms.values())
    except InvalidFields as wrong:
        return _page(token, forms.posted(wrong.messages), 422)
    except Conflict:
        pass  # it has expired or was ordered: the page says so
    return redirect(url_for("shop.cart"), 303)


def _page(token: str, form: Form, status: int = 200) -> Response:
    view = carts.view_cart(house(), token) if token else None
    lost = bool(token) and view is None
    ordered = returning.ordered(token) if lost else None
    return render(
        "shop/cart.html", status, cart=view, lost=lost, ordered=ordered, form=form,
        labels={name: _(words) for name, words in LABELS.items()},
        now=now(), title=forms.page_title(_(TITLE), form.errors),
    )  # fmt: skip


def _remove(token: str, typed: Mapping[str, str]) -> None:
    carts.remove_line(house(), token, _line_id(typed))


def _set_quantity(token: str, typed: Mapping[str, str]) -> None:
    carts.set_quantity(house(), token, _line_id(typed), typed.get("quantity", ""))


def _set_coupon(token: str, typed: Mapping[str, str]) -> None:
    carts.set_coupon(house(), token, typed.get("coupon", ""))


def _drop_coupon(token: str, _typed: Mapping[str, str]) -> None:
    carts.set_coupon(house(), token, "")


def _line_id(typed: Mapping[str, str]) -> UUID:
    try:
        return UUID(typed.get("line", ""))
    except ValueError:
        raise NotFound(_("This line is not in your cart any more.")) from None


_ACTIONS: Mapping[str, Callable[[str, Mapping[str, str]], None]] = {
    "remove": _remove,
    "quantity": _set_quantity,
    "coupon": _set_coupon,
    "drop_coupon": _drop_coupon,
}
