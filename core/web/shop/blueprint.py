"""All addresses of the shop in one place. The views stand in their own modules."""

from __future__ import annotations

from flask import Blueprint

from core.web.shop import basket, checkout, documents, order, paying, review, storefront

GET = ("GET",)
BOTH = ("GET", "POST")

blueprint = Blueprint("shop", __name__)

for address, endpoint, view, methods in (
    ("/", "home", storefront.home, GET),
    ("/order/<product>", "product", storefront.product, BOTH),
    ("/terms", "terms", storefront.terms, GET),
    ("/places/states", "places", checkout.places, GET),
    ("/cart", "cart", basket.cart, BOTH),
    ("/checkout", "checkout", checkout.checkout, BOTH),
    ("/checkout/review", "review", review.review, BOTH),
    ("/orders/<token>", "order", order.order, GET),
    ("/orders/<token>/status", "status", order.status, GET),
    ("/orders/<token>/pay", "pay", paying.pay, BOTH),
    ("/orders/<token>/continue", "continue", paying.go_on, ("POST",)),
    ("/orders/<token>/approve", "approve", paying.approve, GET),
    ("/orders/<token>/return", "return", paying.come_back, GET),
    ("/orders/<token>/invoice", "invoice", documents.invoice, GET),
    ("/orders/<token>/invoice.pdf", "invoice_pdf", documents.invoice_pdf, GET),
):
    blueprint.add_url_rule(address, endpoint, view, methods=list(methods))
