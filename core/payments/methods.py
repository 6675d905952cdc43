"""Ways to pay, as they are offered, drawn and filled in: at checkout, in the admin, in a client's account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from core.brands import service as brands
from core.identity.throttling import throttle
from core.kernel import dates
from core.kernel.i18n import gettext as _
from core.kernel.problems import Refused
from core.payments.values import MethodView
from core.plugin_api.context import Mode
from core.plugin_api.errors import InvalidFields as PluginInvalidFields
from core.plugin_api.errors import PluginError
from core.plugin_api.forms import BrowserSetup, FieldKind, FormField
from core.plugin_api.gateway import Collects, GatewayKind, GatewaySpec
from core.plugin_api.values import BankAccount, PaymentSource, StoredMethod
from core.plugin_host.calls import ask
from core.plugin_host.house import PluginHouse
from core.plugin_host.values import GatewayEntry

PAY_TRIES = 60  # per address and hour: card testers come in hundreds
HOUR = 3600
CHOICE = "payment_method"  # the field that names the method, where nobody says otherwise
KEEP = "keep_card"


def offered_for(session: Session, house: PluginHouse, brand_id: UUID, currency: str) -> tuple[str, ...]:
    """The gateways of a brand that take its currency, in the brand's order. Asks none of them anything."""
    enabled = house.plugins.gateways
    offered = brands.offered_gateways(session, brand_id, enabled)
    return tuple(one for one in offered if enabled[one].spec.accepts(currency))


def method(house: PluginHouse, gateway: str, *, kept: bool = False) -> MethodView:
    """One payment method as it is drawn. A gateway that does not answer is shown with its trouble.

    ``kept``: it is added for later instead of paying an order now; see ``as_kept``. Calls the gateway's
    ``browser``, which may cost the provider a set-up: once for each page that is drawn.
    """
    entry = house.plugins.gateways[gateway]
    setup, trouble = _setup(house, gateway, entry)
    spec = entry.spec
    view = MethodView(
        id=spec.id, plugin_id=entry.plugin_id, name=spec.name, kind=spec.kind, icon=spec.icon,
        starts=spec.starts, note=spec.note, marks=spec.marks, fields=spec.fields, setup=setup,
        test_mode=entry.mode is Mode.TEST, trouble=trouble,
    )  # fmt: skip
    return as_kept(view) if kept else view


def as_kept(view: MethodView) -> MethodView:
    """The method in words that speak of no order, without the box that keeps it: adding it is keeping it."""
    note = {
        GatewayKind.REDIRECT: _(
            "Nothing to fill in here. Each payment is approved on the page of {name}; "
            "nothing is taken before that."
        ),
        GatewayKind.MANUAL: _(
            "Nothing to fill in here. Each invoice says where the money goes, and counts as paid when "
            "it has arrived."
        ),
    }.get(GatewayKind(view.kind), view.note)
    fields = tuple(
        replace(field, label=field.kept_label or field.label) for field in view.fields if field.name != KEEP
    )
    return replace(view, note=note.format(name=view.name), fields=fields)


def _setup(house: PluginHouse, gateway: str, entry: GatewayEntry) -> tuple[BrowserSetup | None, str]:
    if not entry.spec.can(Collects):
        return None, ""
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Collects)
    try:
        return ask(plugin.browser, BrowserSetup, db=house.db, plugin=plugin), ""
    except PluginError:
        words = _("{name} does not answer at the moment. Please choose another way to pay.")
        return None, words.format(name=entry.spec.name)


def collect(
    house: PluginHouse,
    gateway: str,
    form: Mapping[str, str],
    brand_id: UUID,
    *,
    ip: str,
    currency: str,
    locale: str = "",
    choice: str = CHOICE,
    counted_as: str = "",
    kept: bool = False,
) -> tuple[PaymentSource | None, dict[str, str]]:
    """Have the chosen gateway check its fields; returns (source, errors by field). Calls out.

    ``locale`` is the one the form was read in, for its days; the brand's when empty. ``counted_as`` is whose
    tries are counted; the address's when empty. ``kept``: it is added for later, not to pay an order. Raises
    Refused after too many tries: the gateway is not called then.
    """
    with house.db.read() as session:
        offered = offered_for(session, house, brand_id, currency)
        locale = locale or brands.brand_by_id(session, brand_id).locale
    if gateway not in offered:
        return None, {choice: _("Choose how you would like to pay.")}
    plugin = house.plugins.build_gateway(gateway)
    if not isinstance(plugin, Collects):
        return None, {}
    _count_try(house, counted_as or ip)
    spec = house.plugins.gateways[gateway].spec
    fields, wrong = _read_days(
        spec, {name: text for name, text in form.items() if "password" not in name}, locale
    )
    fields |= {KEEP: "1"} if kept else {}
    try:
        source = ask(lambda: plugin.collect(fields), StoredMethod, BankAccount, db=house.db, plugin=plugin)
    except PluginInvalidFields as error:
        return None, {**error.messages, **wrong}
    except PluginError:
        words = _("This way to pay does not answer at the moment. Choose another.")
        return None, {choice: words, **wrong}
    return (None, wrong) if wrong else (_mandated(spec, source, ip, kept=kept), {})


def _read_days(
    spec: GatewaySpec, form: Mapping[str, str], locale: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The form with its days in ISO 8601, and what is wrong with those that are none."""
    values, wrong = dict(form), dict[str, str]()
    for field in spec.fields:
        typed = values.get(field.name, "").strip()
        if field.kind is not FieldKind.DATE or not typed:
            continue
        day = dates.read(typed, locale)
        values[field.name] = day.isoformat() if day else ""
        if day is None:
            words = _("Enter a day that exists, as in {example}.")
            wrong[field.name] = words.format(example=dates.example(locale))
    return values, wrong


def _mandated(spec: GatewaySpec, source: PaymentSource, ip: str, *, kept: bool) -> PaymentSource:
    """What was agreed to for a bank debit is kept as it was shown, in the language that it was shown in, with
    the address it was agreed from."""
    if not isinstance(source, BankAccount):
        return source
    notes = [field for field in spec.fields if field.kind is FieldKind.NOTE]
    shown = {field.label: _note(field) if kept else field.label for field in notes}
    text = shown.get(source.mandate_text, source.mandate_text)
    return replace(source, mandate_ip=ip, mandate_text=_(text) if text else "")


def _note(field: FormField) -> str:
    return field.kept_label or field.label


def _count_try(house: PluginHouse, whose: str) -> None:
    with house.db.transaction() as session:
        allowed = throttle(session, f"pay:{whose}", PAY_TRIES, HOUR, house.clock.now())
    if not allowed:
        raise Refused(_("Too many tries to pay from your address. Please wait an hour, or write to us."))


def label_of(house: PluginHouse, gateway: str, source: PaymentSource | None) -> str:
    """What people read: "Visa ending in 4242", "First Prairie Bank, account ending in 6789"."""
    if isinstance(source, StoredMethod):
        return f"{source.brand} ending in {source.last4}"
    if isinstance(source, BankAccount):
        return f"{source.bank_name}, account ending in {source.account_number[-4:]}"
    entry = house.plugins.gateways.get(gateway)
    return entry.spec.name if entry else ""
