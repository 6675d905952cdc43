"""Paying an order that is placed: another way, on another site, or after a question of the bank."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import InvalidFields
from core.orders import status as orders
from core.orders.values import OrderView
from core.web import forms, shown
from core.web import methods as ways
from core.web.current import house, site_url, visitor_ip
from core.web.forms import Form
from core.web.render import render
from core.web.shop.review import order_url

TITLE = mark("Pay another way")


def pay(token: str) -> Response:
    """Choose a method for what is still owed. Raises NotFound, and Conflict when nothing is."""
    view = orders.view_order(house(), token)
    if request.method == "GET":
        return _page(token, view, Form())
    try:
        orders.pay_again(
            house(), token, ways.posted_values(ways.offered()), ip=visitor_ip(), locale=str(shown.locale())
        )
    except InvalidFields as wrong:
        return _page(token, view, ways.again(wrong.messages), 422)
    return redirect(order_url(token), 303)


def go_on(token: str) -> Response:
    """The buyer's browser has done its part: ask the gateway what came of it."""
    orders.returned(house(), token)
    return redirect(url_for("shop.order", token=token, back=1), 303)


def approve(token: str) -> Response:
    """To the page where the buyer approves the amount. Asking again leads to the same payment."""
    return redirect(orders.begin_redirect(house(), token, site_url()), 303)


def come_back(token: str) -> Response:
    """Back from there. That the browser is here proves nothing: the gateway is asked."""
    orders.returned(house(), token)
    return redirect(url_for("shop.order", token=token, back=1), 303)


def _page(token: str, view: OrderView, form: Form, status: int = 200) -> Response:
    methods = orders.methods_for_order(house(), token)
    ways.allow(methods)
    wanted = ways.chosen(methods, form.value(ways.CHOICE))
    return render(
        "shop/pay.html",
        status,
        order=view,
        token=token,
        methods=methods,
        chosen=wanted,
        form=form,
        labels=ways.labels(methods, wanted),
        ids=ways.ids(methods, wanted),
        element_id=ways.element_id,
        vendor_scripts=ways.vendor_scripts(methods),
        title=forms.page_title(_(TITLE), form.errors),
    )
