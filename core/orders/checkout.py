"""Use cases of checkout: who buys, how they pay, and one last look before it is placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from core.identity.throttling import throttle
from core.kernel.clock import local_date
from core.kernel.problems import Conflict, InvalidFields, Refused
from core.orders import pricing, quotes
from core.orders.cart import find
from core.orders.models import Cart
from core.orders.values import MethodView, Review
from core.plugin_api.context import Mode
from core.plugin_api.errors import InvalidFields as PluginInvalidFields
from core.plugin_api.errors import PluginError
from core.plugin_api.forms import BrowserSetup
from core.plugin_api.gateway import Collects
from core.plugin_api.values import BankAccount, PaymentSource, StoredMethod
from core.plugin_host.calls import ask
from core.plugin_host.house import PluginHouse
from core.plugin_host.values import GatewayEntry

CONTACT_FIELDS = (
    "company_name", "first_name", "last_name", "email", "street_address", "address_2", "city", "state",
    "county", "postal_code", "country", "primary_phone", "secondary_phone", "fax", "mobile_phone",
    "username", "language", "email_format",
)  # fmt: skip
GONE = "Your cart has expired or was ordered already. Please start again."
PAY_TRIES = 60  # per address and hour: card testers come in hundreds
HOUR = 3600


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


def method(house: PluginHouse, gateway: str) -> MethodView:
    """One payment method as it is drawn. A gateway that does not answer is shown with its trouble."""
    entry = house.plugins.gateways[gateway]
    setup, trouble = _setup(house, gateway, entry)
    spec = entry.spec
    return MethodView(
        id=spec.id, plugin_id=entry.plugin_id, name=spec.name, kind=spec.kind, icon=spec.icon,
        starts=spec.starts, note=spec.note, marks=spec.marks, fields=spec.fields, setup=setup,
        test_mode=entry.mode is Mode.TEST, trouble=trouble,
    )  # fmt: skip


def _setup(house: PluginHouse, gateway: str, entry: GatewayEntry) -> tuple[BrowserSetup | None, str]:
    if not entry.spec.can(Collects):
        return None, ""
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Collects)
    try:
        return ask(plugin.browser, BrowserSetup, db=house.db, plugin=plugin), ""
    except PluginError:
        return None, f"{entry.spec.name} does not answer at the moment. Please choose another way to pay."


def save_summary(
    house: PluginHouse,
    token: str | None,
    form: Mapping[str, str],
    lists: Mapping[str, Sequence[str]],
    *,
    ip: str,
) -> None:
    """Take Order Summary: contact, sign-in and payment method. All errors at once.

    Raises InvalidFields (nothing is kept but what was typed, on the page), Conflict (no cart), Refused
    (too many tries with payment details from one address).
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
        (None, {}) if free else collect(house, gateway, form, brand_id, ip=ip, currency=currency)
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
        identity.check_new_user(session, form.get("username", ""), form.get("email", ""))
    except InvalidFields as error:
        wrong = error.messages | wrong
    return (None if wrong else clean), wrong


def _is_free(house: PluginHouse, token: str | None) -> bool:
    return quotes.look(house, token, _live)[1].quote.total_minor == 0


def collect(
    house: PluginHouse, gateway: str, form: Mapping[str, str], brand_id: UUID, *, ip: str, currency: str
) -> tuple[PaymentSource | None, dict[str, str]]:
    """Have the chosen gateway check its fields; returns (source, errors by field). Calls out.

    Raises Refused after too many tries from one address: the gateway is not called then.
    """
    with house.db.read() as session:
        offered = offered_for(session, house, brand_id, currency)
    if gateway not in offered:
        return None, {"payment_method": "Choose how you would like to pay."}
    plugin = house.plugins.build_gateway(gateway)
    if not isinstance(plugin, Collects):
        return None, {}
    _count_try(house, ip)
    fields = {name: value for name, value in form.items() if "password" not in name}
    try:
        source = ask(lambda: plugin.collect(fields), StoredMethod, BankAccount, db=house.db, plugin=plugin)
        return _mandated(source, ip), {}
    except PluginInvalidFields as error:
        return None, dict(error.messages)
    except PluginError:
        return None, {"payment_method": "This way to pay does not answer at the moment. Choose another."}


def _mandated(source: PaymentSource, ip: str) -> PaymentSource:
    """What was agreed to for a bank debit is kept with the address it was agreed from."""
    return replace(source, mandate_ip=ip) if isinstance(source, BankAccount) else source


def offered_for(session: Session, house: PluginHouse, brand_id: UUID, currency: str) -> tuple[str, ...]:
    """The gateways of a brand that take its currency, in the brand's order."""
    enabled = house.plugins.gateways
    offered = brands.offered_gateways(session, brand_id, enabled)
    return tuple(one for one in offered if enabled[one].spec.accepts(currency))


def _count_try(house: PluginHouse, ip: str) -> None:
    with house.db.transaction() as session:
        allowed = throttle(session, f"pay:{ip}", PAY_TRIES, HOUR, house.clock.now())
    if not allowed:
        raise Refused("Too many tries to pay from your address. Please wait an hour, or write to us.")


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


def label_of(house: PluginHouse, gateway: str, source: PaymentSource | None) -> str:
    """What people read: "Visa ending in 4242", "First Prairie Bank, account ending in 6789"."""
    if isinstance(source, StoredMethod):
        return f"{source.brand} ending in {source.last4}"
    if isinstance(source, BankAccount):
        return f"{source.bank_name}, account ending in {source.account_number[-4:]}"
    entry = house.plugins.gateways.get(gateway)
    return entry.spec.name if entry else ""


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
            answer.brand.locale,
        )  # fmt: skip
        entry = house.plugins.gateways.get(cart.gateway)
        return Review(
            quote_id=answer.id,
            bill=bill,
            contact=_contact_view(session, cart),
            method_name=entry.spec.name if entry else "Nothing to pay",
            method_label=cart.source_label or (entry.spec.name if entry else ""),
            method_icon=entry.spec.icon if entry else "check",
            terms_title=terms.title if terms else "",
            terms_body=terms.body if terms else "",
            held_until=answer.expires_at,
        )


def ready(session: Session, house: PluginHouse, cart: Cart, answer: quotes.Priced) -> None:
    """Raises Conflict that names the step that is missing."""
    if not answer.wanted:
        raise Conflict("Your cart is empty.")
    if cart.client_id is None and cart.contact is None:
        raise Conflict("Tell us first who the account is for.")
    if answer.quote.total_minor == 0:
        return
    if cart.gateway not in offered_for(session, house, cart.brand_id, cart.currency):
        raise Conflict("Choose how you would like to pay: the way chosen before is not offered any more.")
    if house.plugins.gateway_spec(cart.gateway).can(Collects) and not cart.source_encrypted:
        raise Conflict("Enter your payment details first.")


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
        raise Conflict(GONE)
    return cart
