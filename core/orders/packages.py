"""Services that staff add to a client without an order: any product, a price of their own if need be.

Nothing is invoiced here: the first period is billed from its first due date on, as every later one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.catalog import service as catalog
from core.catalog.models import Product
from core.catalog.values import PriceView, ProductView
from core.clients import billing_accounts, standing
from core.clients import service as clients
from core.clients.standing import Standing
from core.clients.statuses import OVER
from core.clients.values import ClientView
from core.kernel import audit, dates
from core.kernel.calendar import Cycle, next_due
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.orders import delivery, names
from core.orders.cart import checked_domain, checked_quantity, read_cycle
from core.plugin_host.house import PluginHouse
from core.provisioning import jobs
from core.provisioning import service as provisioning
from core.provisioning.rules import JobState
from core.services import service as services
from core.services.changing import read_price, read_reason
from core.services.values import NewService, ServiceView

FURTHEST = timedelta(days=3660)
USUAL_CYCLES = ("month:1", "month:3", "month:6", "year:1", "year:2", "once:1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product and what it costs in the client's currency, hidden in the shop or not."""

    product: ProductView
    prices: tuple[PriceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What the form can choose from. ``first_due_on``: today, or the client's own billing day."""

    offers: tuple[Offer, ...]
    cycles: tuple[Cycle, ...]
    accounts: tuple[tuple[UUID, str], ...]
    first_due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    """A form that was checked."""

    client: ClientView
    product: ProductView
    cycle: Cycle
    quantity: int
    price_minor: int
    price_reason: str
    setup_minor: int
    first_due_on: date
    anchor_day: int
    billing_account_id: UUID | None
    now: bool


def offers(session: Session, house: PluginHouse, client_id: UUID) -> Offers:
    """Raises NotFound."""
    client = clients.client_by_id(session, client_id)
    today = _today(session, house, client)
    ids = session.scalars(
        select(Product.id).where(Product.brand_id == client.brand_id).order_by(Product.position, Product.name)
    ).all()
    products = catalog.products_by_id(session, ids)
    prices = catalog.prices_by_product(session, ids, client.currency, today)
    known = {str(price.cycle) for own in prices.values() for price in own}
    return Offers(
        offers=tuple(Offer(product=products[one], prices=tuple(prices.get(one, ()))) for one in ids),
        cycles=tuple(Cycle.parse(one) for one in (*USUAL_CYCLES, *sorted(known - set(USUAL_CYCLES)))),
        accounts=tuple(
            (one.id, one.label or one.gateway)
            for one in billing_accounts.of_client(session, client_id)
            if one.keep
        ),
        first_due_on=first_due(today, client.billing_day),
    )


def _today(session: Session, house: PluginHouse, client: ClientView) -> date:
    return local_date(house.clock.now(), brands.brand_by_id(session, client.brand_id).timezone)


def first_due(today: date, billing_day: int | None) -> date:
    """Today, or the next time that the client's own billing day comes round (today, if it is that)."""
    if billing_day is None:
        return today
    before = today.replace(day=1) - timedelta(days=1)
    day = next_due(billing_day, before, Cycle.of("month", 1))
    assert day is not None
    if day < today:
        day = next_due(billing_day, day, Cycle.of("month", 1))
    assert day is not None
    return day


def add(house: PluginHouse, client_id: UUID, form: Mapping[str, str], *, actor: str, ip: str = "") -> UUID:
    """Add a service: ``product`` (id), ``cycle`` ("month:1"), ``domain``, ``quantity``, ``price`` (empty:
    the catalogue's), ``price_reason``, ``setup`` ("1": the catalogue's set-up fee is asked with the first
    period), ``first_due_on``, ``billing_account`` (id, empty: the default) and ``provision`` ("now" or
    "later").

    A repeat adds another one. Raises InvalidFields, NotFound, and Conflict: the client is closed or
    blocked, or the name was taken meanwhile.
    """
    with house.db.read() as session:
        product = _product(session, client_id, form)
    domain = checked_domain(house, product, form.get("domain", ""))  # may ask a registrar
    return house.db.run(lambda session: _add(session, house, client_id, form, domain, actor, ip))


def _product(session: Session, client_id: UUID, form: Mapping[str, str]) -> ProductView:
    client = clients.client_by_id(session, client_id)
    found = catalog.product_by_id(session, wanted) if (wanted := _uuid(form.get("product", ""))) else None
    if found is None or found.brand_id != client.brand_id:
        raise InvalidFields({"product": _("Choose a product from the list.")})
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _add(
    session: Session, house: PluginHouse, client_id: UUID, form: Mapping[str, str], domain: str, actor: str,
    ip: str,
) -> UUID:  # fmt: skip
    _may_get(standing.hold(session, client_id))
    package = _checked(session, house, client_id, form, domain)
    _take_stock(session, package)
    service_id = services.open_service(session, house, _new(session, house, package, domain))
    contact = clients.primary_contact(session, client_id) if package.product.kind == "domain" else None
    if contact is not None:
        request = names.request_for(package.product, package.cycle, contact)
        names.hold(session, package.product, domain, service_id, request)
    facts = {
        "product": package.product.slug, "domain": domain, "cycle": str(package.cycle),
        "quantity": package.quantity,
        "price": str(Money(package.price_minor, package.client.currency)),
        "price_reason": package.price_reason,
        "setup": str(Money(package.setup_minor, package.client.currency)),
        "first_due_on": package.first_due_on, "provision": "now" if package.now else "later",
    }  # fmt: skip
    audit.record(
        session, actor=actor, action="service.add", target=f"service:{service_id}", ip=ip,
        now=house.clock.now(), after=facts,
    )  # fmt: skip
    if package.now:
        _build(session, house, services.find(session, service_id))
    return service_id


def _may_get(stands: Standing) -> None:
    if stands.behaviour in OVER:
        sentence = _("This client is {status} and gets nothing new. Change its status first.")
        raise Conflict(sentence.format(status=stands.label))


def _take_stock(session: Session, package: _Package) -> None:
    if not catalog.take_stock(session, package.product.id, package.quantity):
        raise InvalidFields({"quantity": _("There are not as many left of it.")})


def _checked(
    session: Session, house: PluginHouse, client_id: UUID, form: Mapping[str, str], domain: str
) -> _Package:
    client, product = clients.client_by_id(session, client_id), _product(session, client_id, form)
    wrong: dict[str, str] = {}
    cycle, today = read_cycle(form.get("cycle", "")), _today(session, house, client)
    if cycle is None:
        raise InvalidFields({"cycle": _("Choose how often it is billed.")})
    quantity = _quantity(form, domain, wrong)
    usual = catalog.price_of(session, product.id, client.currency, cycle, today)
    price, reason = _price(usual, client.currency, form, wrong)
    due = _first_due(form.get("first_due_on", ""), today, client, wrong)
    account = _account(session, client_id, form.get("billing_account", ""), wrong)
    if form.get("provision", "now") not in ("now", "later"):
        wrong["provision"] = _("Choose when it is set up.")
    if wrong:
        raise InvalidFields(wrong)
    return _Package(
        client=client, product=product, cycle=cycle, quantity=quantity, price_minor=price,
        price_reason=reason, setup_minor=_setup(usual, quantity, form), first_due_on=due,
        anchor_day=_anchor(due, client.billing_day), billing_account_id=account,
        now=form.get("provision", "now") == "now",
    )  # fmt: skip


def _quantity(form: Mapping[str, str], domain: str, wrong: dict[str, str]) -> int:
    try:
        count = checked_quantity(form.get("quantity", ""))
    except InvalidFields as problem:
        wrong.update(problem.messages)
        return 1
    if domain and count != 1:
        wrong["quantity"] = _("There is one for each domain: add it again for another one.")
    return count


def _price(
    usual: PriceView | None, currency: str, form: Mapping[str, str], wrong: dict[str, str]
) -> tuple[int, str]:  # fmt: skip
    """(minor units, reason): the catalogue's price, or another one and why."""
    typed, reason = form.get("price", "").strip(), read_reason(form.get("price_reason", ""), wrong)
    if not typed:
        if usual is None:
            wrong["price"] = _("The catalogue has no price for this: enter one, and the reason.")
            return 0, ""
        return usual.amount.minor, ""
    price = read_price(typed, currency, wrong)
    if usual is not None and price == usual.amount:
        return price.minor, ""
    if not reason and "price" not in wrong and "price_reason" not in wrong:
        wrong["price_reason"] = _("Say why the price is not the catalogue's.")
    return price.minor, reason


def _setup(usual: PriceView | None, quantity: int, form: Mapping[str, str]) -> int:
    """Minor units for all pieces; nothing where the catalogue has no price."""
    return usual.setup.minor * quantity if usual is not None and form.get("setup") == "1" else 0


def _first_due(text: str, today: date, client: ClientView, wrong: dict[str, str]) -> date:
    if not text.strip():
        return first_due(today, client.billing_day)
    day = dates.read(text)
    if day is None:
        wrong["first_due_on"] = _("Enter the day, as in {example}.").format(example=today.isoformat())
        return today
    if abs(day - today) > FURTHEST:
        wrong["first_due_on"] = _("That is more than ten years away. Look at the year.")
    return day


def _anchor(due: date, billing_day: int | None) -> int:
    """The client's billing day, where the first due date is it (or the last day of a shorter month)."""
    if billing_day is not None and first_due(due, billing_day) == due:
        return billing_day
    return due.day


def _account(session: Session, client_id: UUID, text: str, wrong: dict[str, str]) -> UUID | None:
    if not text:
        return None
    known = {str(one.id): one.id for one in billing_accounts.of_client(session, client_id) if one.keep}
    if text not in known:
        wrong["billing_account"] = _("Choose one of this client's billing accounts.")
    return known.get(text)


def _new(session: Session, house: PluginHouse, package: _Package, domain: str) -> NewService:
    return NewService(
        brand_id=package.client.brand_id, client_id=package.client.id, product_id=package.product.id,
        label=package.product.name, domain=domain, cycle_unit=package.cycle.unit,
        cycle_count=package.cycle.count, quantity=package.quantity, price_minor=package.price_minor,
        price_reason=package.price_reason, setup_minor=package.setup_minor, currency=package.client.currency,
        started_on=_today(session, house, package.client), period_end=None,
        first_due_on=package.first_due_on, anchor_day=package.anchor_day,
        billing_account_id=package.billing_account_id,
    )  # fmt: skip


def provision(house: PluginHouse, service_id: UUID, *, actor: str, ip: str = "") -> None:
    """Set up a pending service now, as after a paid order. Once asked, asking again changes nothing.

    Raises NotFound, and Conflict when it does not wait for that or the client gets nothing.
    """

    def work(session: Session) -> None:
        service = _held(session, service_id)
        _may_get(standing.standing(session, service.client_id))
        if service.status != "pending":
            raise Conflict(_("This service does not wait to be set up."))
        if _open_jobs(session, service_id):
            raise Conflict(_("It is being set up already: look at its jobs."))
        _build(session, house, service)
        _tell(session, house, actor, ip, "service.provision", service_id, {})

    house.db.run(work)


def _build(session: Session, house: PluginHouse, service: ServiceView) -> None:
    try:
        contact = clients.primary_contact(session, service.client_id)
    except NotFound:
        raise Conflict(_("Add a primary contact first: the panel asks for a name and an email.")) from None
    delivery.build(session, house, service, contact)


def _held(session: Session, service_id: UUID) -> ServiceView:
    """The service, its client held: two who press a button at once stand in line. Raises NotFound."""
    found = services.find_many(session, [service_id])
    if not found:
        raise NotFound(_("There is no such service."))
    standing.hold(session, found[0].client_id)
    return services.find(session, service_id)


def _open_jobs(session: Session, service_id: UUID) -> Sequence[object]:
    waits = (*jobs.OPEN, JobState.NEEDS_STAFF, JobState.FAILED)
    return [one for one in jobs.of_services(session, [service_id]) if one.state in waits]


# action -> (statuses it starts from, what the service becomes where there is no account on a panel)
ACTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "suspend": (("active",), "suspended"),
    "resume": (("suspended",), "active"),
    "terminate": (("active", "suspended"), "terminated"),
    "cancel": (("pending",), "cancelled"),
}


def act(house: PluginHouse, service_id: UUID, action: str, *, reason: str, actor: str, ip: str = "") -> bool:
    """Suspend, resume, terminate or cancel a service; True when a panel is asked to do it first.

    Raises InvalidFields (reason), NotFound, and Conflict: it does not stand where that begins, or a job of
    it is not over.
    """
    wrong: dict[str, str] = {}
    reason = read_reason(reason, wrong, "reason")
    if wrong or not reason:
        raise InvalidFields(wrong or {"reason": _("Say in a few words why.")})

    def work(session: Session) -> bool:
        service = _held(session, service_id)
        starts, becomes = ACTIONS[action]
        if service.status not in starts:
            raise Conflict(_("The service has moved on meanwhile. Look at how it stands now."))
        if _open_jobs(session, service_id):
            raise Conflict(_("A job of this service is not over. Finish it or give it up first."))
        _tell(session, house, actor, ip, f"service.{action}", service_id, {"reason": reason})
        if action != "cancel" and _ask_panel(session, house, service_id, action):
            return True
        _move(session, house, service, action, becomes)
        return False

    return house.db.run(work)


def _ask_panel(session: Session, house: PluginHouse, service_id: UUID, action: str) -> bool:
    try:
        provisioning.plan_change(session, house, service_id, action, cause=f"staff {new_id()}")
    except NotFound:
        return False  # nothing of it stands on a panel
    return True


def _move(session: Session, house: PluginHouse, service: ServiceView, action: str, becomes: str) -> None:
    if action == "resume":
        services.resume(session, house, service.id)
        return
    services.move(session, house, service.id, becomes)
    if action == "cancel":
        catalog.give_stock(session, service.product_id, services.quantity_of(session, service.id))


def _tell(
    session: Session, house: PluginHouse, actor: str, ip: str, action: str, service_id: UUID,
    after: Mapping[str, object],
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"service:{service_id}", ip=ip, now=house.clock.now(),
        after=dict(after) or None,
    )  # fmt: skip
