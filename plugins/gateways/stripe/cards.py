"""Saving a card: the browser confirms a SetupIntent, we read back what it has saved.

The card number goes from the vendor's own field to Stripe. What comes to us is the SetupIntent's client
secret, which proves that this browser is the one that saved the card; a card itself is stored as
``<customer>/<payment method>``, both of them Stripe's ids.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from core.plugin_api.errors import InvalidFields, Misconfigured
from core.plugin_api.values import DeclineCode, PaymentSource, StoredMethod
from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark
from plugins.gateways.stripe.client import Refusal, StripeClient
from plugins.gateways.stripe.encoding import Form
from plugins.gateways.stripe.mapping import decline_code
from plugins.gateways.stripe.values import Json, SavedCard, text

SECRET = re.compile(r"(seti_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+")
TOKEN = re.compile(r"(cus_[A-Za-z0-9]+)/(pm_[A-Za-z0-9]+)")
MAX_HOLDER = 100
BRANDS = {
    "amex": "American Express", "cartes_bancaires": "Cartes Bancaires", "diners": "Diners Club",
    "discover": "Discover", "eftpos_au": "eftpos", "jcb": "JCB", "mastercard": "Mastercard",
    "unionpay": "UnionPay", "visa": "Visa",
}  # fmt: skip
WORDS = {
    DeclineCode.EXPIRED_CARD: mark("This card has expired."),
    DeclineCode.INCORRECT_CVC: mark("The security code does not match this card."),
    DeclineCode.INCORRECT_NUMBER: mark("The card number is not right."),
}


def new_setup(api: StripeClient) -> str:
    """A SetupIntent's client secret: leave to save one card, for charges without the customer too."""
    form: Form = {"usage": "off_session", "allowed_payment_method_types": ["card"]}
    try:
        return text(api.post("setup_intents", form).data, "client_secret")
    except Refusal as refusal:
        raise Misconfigured(f"Stripe makes no SetupIntent: {refusal}") from refusal


def collect(api: StripeClient, form: Mapping[str, str]) -> PaymentSource:
    """Read back the card this browser has saved and attach it to a customer of its own.

    Raises InvalidFields. Repeating it finds the same customer.
    """
    holder, found = form.get("name_on_card", "").strip(), SECRET.fullmatch(form.get("payment_token", ""))
    wrong = _wrong_name(holder) | ({} if found else {"card": "Enter your card. This needs JavaScript."})
    if wrong or found is None:
        raise InvalidFields(wrong)
    saved = _saved(api, found[1], secret=found[0])
    customer = saved.customer or _new_customer(api, saved, found[1], holder)
    return StoredMethod(
        token=f"{customer}/{saved.method}",
        brand=BRANDS.get(saved.brand, saved.brand.replace("_", " ").title() or "Card"),
        last4=saved.last4,
        expires=saved.expires,
        holder=holder,
        reusable=form.get("keep_card", "") == "1",
    )


def _wrong_name(holder: str) -> dict[str, str]:
    if not holder:
        return {"name_on_card": _("Enter the name on your card.")}
    if len(holder) > MAX_HOLDER or not holder.isprintable():
        return {"name_on_card": _("Enter the name as it stands on the card.")}
    return {}


def _saved(api: StripeClient, setup: str, *, secret: str) -> SavedCard:
    """The card of a SetupIntent, for the browser that knows its secret. Raises InvalidFields."""
    data = _setup_intent(api, setup)
    if not hmac.compare_digest(text(data, "client_secret"), secret):
        raise InvalidFields({"card": _("Enter your card again.")})
    saved = SavedCard.read(data)
    if saved.status != "succeeded" or not saved.method:
        raise InvalidFields({"card": _("Your bank has not confirmed this card yet. Enter it again.")})
    return saved


def _setup_intent(api: StripeClient, setup: str) -> Json:
    try:
        return api.get(f"setup_intents/{setup}", {"expand": ["payment_method"]})
    except Refusal as refusal:
        raise InvalidFields({"card": _("Enter your card again.")}) from refusal


def _new_customer(api: StripeClient, saved: SavedCard, setup: str, holder: str) -> str:
    form: Form = {
        "payment_method": saved.method,
        "name": holder,
        "email": saved.email or None,
    }
    try:
        return text(api.post("customers", form, key=f"customer-{setup}").data, "id")
    except Refusal as refusal:
        if refusal.status != 402:
            return _customer_after_all(api, setup, refusal)
        words = WORDS.get(decline_code(refusal.error), mark("The bank declined this card. Try another one."))
        raise InvalidFields({"card": _(words)}) from refusal


def _customer_after_all(api: StripeClient, setup: str, refusal: Refusal) -> str:
    """Two posts of one form met: the other has attached the card a moment ago."""
    customer = SavedCard.read(_setup_intent(api, setup)).customer
    if not customer:
        raise Misconfigured(f"Stripe makes no customer: {refusal}") from refusal
    return customer


def forget(api: StripeClient, method: StoredMethod) -> None:
    """Detach the card. A card that is gone, or was never attached, is detached already."""
    _, payment_method = split_token(method.token)
    try:
        api.post(f"payment_methods/{payment_method}/detach", {})
    except Refusal as refusal:
        if refusal.status not in (400, 404):
            raise Misconfigured(f"Stripe does not detach the card: {refusal}") from refusal


def split_token(token: str) -> tuple[str, str]:
    """(customer, payment method). Raises Misconfigured for what another gateway has stored."""
    found = TOKEN.fullmatch(token)
    if found is None:
        raise Misconfigured("this stored card is not one of Stripe's")
    return found[1], found[2]
