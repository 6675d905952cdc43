"""Use cases of checkout: who buys, how they pay, and one last look before it is placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.brands import service as brands
from core.catalog import service as catalog
from core.catalog.values import TermsView
from core.clients import service as clients
from core.clients import sources
from core.clients.rules import check_contact
from core.clients.values import CleanContact
from core.identity import service as identity
from core.identity.passwords import hash_password
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.i18n import locale_for, mark
from core.kernel.problems import Conflict, InvalidFields
from core.orders import pricing, quotes
from core.orders.cart import find
from core.orders.models import Cart
from core.orders.values import MethodView, Review
from core.payments.methods import collect, label_of, method, offered_for
from core.plugin_api.gateway import Collects
from core.plugin_api.values import PaymentSource
from core.plugin_host.house import PluginHouse

CONTACT_FIELDS = (
    "company_name", "first_name", "last_name", "email", "street_address", "address_2", "city", "state",
    "county", "postal_code", "country", "primary_phone", "secondary_phone", "fax", "mobile_phone",
    "username", "language", "email_format",
)  # fmt: skip
GONE = mark("Your cart has expired or was ordered already. Please start again.")


def methods(house: PluginHouse, token: str | None) -> tuple[MethodView, ...]:
    """The payment methods this cart can be paid with, in the brand's order. Calls gateways.

    Empty when nothing is to be paid.
    """
    cart, answer = quotes.look(house, token, _live)
    if answer.quote.total_minor == 0:
        return ()
    with house.db.read() as session:
        offered = offered_for(session, house, cart.brand_id, cart.currency)
    return tuple(method(house, one) for one in offered)


def save_summary(
    house: PluginHouse,
    token: str | None,
    form: Mapping[str, str],
    lists: Mapping[str, Sequence[str]],
    *,
    ip: str,
    locale: str = "",
) -> None:
    """Take Order Summary: contact, sign-in and payment method. All errors at once.

    ``locale`` is the one the page was drawn in; the brand's when empty. Raises InvalidFields (nothing is
    kept but what was typed, on the page), Conflict (no cart), Refused (too many tries with payment details
    from one address).
    """
    with house.db.read() as session:
        cart = _live(session, house, token)
        is_client = cart.client_id is not None
        brand_id = cart.brand_id
        clean, wrong = (None, {}) if is_client else _check_contact(session, form, lists)
        currency = cart.currency
    free = _is_free(house, token)
    gateway = "" if free else form.get("payment_method", "").strip()
    source, method_errors = (
        (None, {})
        if free
        else collect(house, gateway, form, brand_id, ip=ip, currency=currency, locale=locale)
    )
    wrong |= method_errors
    if wrong:
        raise InvalidFields(wrong)
    password_hash = hash_password(clean.password) if clean else ""
    with house.db.transaction() as session:
        cart = _live(session, house, token)
        if clean is not None:
            cart.contact = clean.saved()
            cart.password_hash = password_hash
        _keep_method(house, cart, gateway, source, keep=form.get("keep_card", "") == "1")


def _check_contact(
    session: Session, form: Mapping[str, str], lists: Mapping[str, Sequence[str]]
) -> tuple[CleanContact | None, dict[str, str]]:
    """The contact in order, or what is wrong with it, taken names included."""
    joined: dict[str, str | list[str]] = dict(form)
    joined["email_actions"] = list(lists.get("email_actions", ()))
    clean, wrong = None, dict[str, str]()
    try:
        clean = check_contact(joined, need_sign_in=True)
    except InvalidFields as error:
        wrong |= error.messages
    try:
        username, email = form.get("username", ""), form.get("email", "")
        identity.check_new_user(session, username, email, themselves=True)
    except InvalidFields as error:
        wrong = error.messages | wrong
    return (None if wrong else clean), wrong


def _is_free(house: PluginHouse, token: str | None) -> bool:
    return quotes.look(house, token, _live)[1].quote.total_minor == 0


def _keep_method(
    house: PluginHouse, cart: Cart, gateway: str, source: PaymentSource | None, *, keep: bool
) -> None:
    cart.gateway = gateway
    cart.keep_method = keep
    cart.source_label = label_of(house, gateway, source)
    aad = source_aad(cart.id)
    cart.source_encrypted = house.keys.encrypt(sources.dump(source), aad) if source else ""


def source_aad(cart_id: UUID) -> str:
    return f"cart/source/{cart_id}"


def open_source(house: PluginHouse, cart: Cart) -> PaymentSource | None:
    """What the buyer entered, as the gateway made it: a token, or a sealed bank account."""
    if not cart.source_encrypted:
        return None
    return sources.load(house.keys.decrypt(cart.source_encrypted, source_aad(cart.id)))


def saved_contact(house: PluginHouse, token: str | None) -> Mapping[str, Any]:
    """What the buyer typed before, for the page they come back to. Never secrets."""
    with house.db.read() as session:
        cart = _live(session, house, token)
        return dict(cart.contact or {}) | {"payment_method": cart.gateway}


def client_contact(house: PluginHouse, token: str | None) -> Mapping[str, str] | None:
    """The contact of the client that the cart is for; None while its buyer is new. Raises Conflict."""
    with house.db.read() as session:
        cart = _live(session, house, token)
        return _contact_view(session, cart) if cart.client_id is not None else None


def review(house: PluginHouse, token: str | None) -> Review:
    """Order Details. Raises Conflict when a step before it is missing."""
    cart, answer = quotes.look(house, token, _live)
    with house.db.read() as session:
        ready(session, house, cart, answer)
        terms = terms_of(session, house, cart)
        bill = pricing.bill(
            answer.quote, [w.line_id for w in answer.wanted], [w.product.slug for w in answer.wanted],
            str(locale_for(home=answer.brand.locale)),
        )  # fmt: skip
        entry = house.plugins.gateways.get(cart.gateway)
        return Review(
            quote_id=answer.id,
            bill=bill,
            contact=_contact_view(session, cart),
            method_name=entry.spec.name if entry else _("Nothing to pay"),
            method_label=cart.source_label or (entry.spec.name if entry else ""),
            method_icon=entry.spec.icon if entry else "check",
            terms_title=terms.title if terms else "",
            terms_body=terms.body if terms else "",
            held_until=answer.expires_at,
        )


def ready(session: Session, house: PluginHouse, cart: Cart, answer: quotes.Priced) -> None:
    """Raises Conflict that names the step that is missing."""
    if not answer.wanted:
        raise Conflict(_("Your cart is empty."))
    if cart.client_id is None and cart.contact is None:
        raise Conflict(_("Tell us first who the account is for."))
    if answer.quote.total_minor == 0:
        return
    if cart.gateway not in offered_for(session, house, cart.brand_id, cart.currency):
        raise Conflict(_("Choose how you would like to pay: the way chosen before is not offered any more."))
    if house.plugins.gateway_spec(cart.gateway).can(Collects) and not cart.source_encrypted:
        raise Conflict(_("Enter your payment details first."))


def terms_of(session: Session, house: PluginHouse, cart: Cart) -> TermsView | None:
    brand = brands.brand_by_id(session, cart.brand_id)
    return catalog.terms(session, brand.id, local_date(house.clock.now(), brand.timezone))


def _contact_view(session: Session, cart: Cart) -> Mapping[str, str]:
    if cart.client_id is not None:
        contact = clients.primary_contact(session, cart.client_id)
        return {name: str(getattr(contact, name, "") or "") for name in CONTACT_FIELDS}
    saved = cart.contact or {}
    return {name: str(saved.get(name, "")) for name in CONTACT_FIELDS}


def _live(session: Session, house: PluginHouse, token: str | None) -> Cart:
    cart = find(session, house, token)
    if cart is None:
        raise Conflict(_(GONE))
    return cart
