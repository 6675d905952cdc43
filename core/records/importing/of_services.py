"""Rows that are services which exist already: they are written down as active, nothing is provisioned.

A service is known by its ``reference``, or without one when the client has a running service of the same
product for the same domain: it is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog import service as catalog
from core.catalog.models import Product
from core.catalog.values import ProductView
from core.clients.rules import check_text
from core.domains import service as domains
from core.kernel.calendar import Cycle
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields
from core.records.importing import parsing
from core.records.importing.finding import Finder, Found, check_reference
from core.records.importing.of_contacts import CLIENT
from core.records.importing.reader import Gathered, Place, Reader
from core.records.importing.values import Field, Texts
from core.services import taking_over
from core.services.models import Service
from core.services.taking_over import RunningService

MOST_PIECES = 999
RUNNING = ("pending", "active", "suspended")
_FIELDS = (
    Field(
        name="reference", label="Reference", also=("id", "service id", "order id", "external id"),
        help="Its key in the books it comes from. A service whose reference is here is left as it is.",
    ),
    CLIENT,
    Field(
        name="product", label="Product", is_required=True, also=("package", "plan", "product slug", "sku"),
        help="Its short name in our catalogue, as in starter-hosting.",
    ),
    Field(
        name="cycle", label="Cycle", is_required=True, also=("billing cycle", "billingcycle", "period"),
        help="monthly, yearly, 3 months, once.",
    ),
    Field(
        name="next_due_on", label="Next due date", is_required=True,
        also=("next due", "nextduedate", "next invoice date", "renewal date", "expires"),
        help="Paid up to here; the next invoice is for the period that begins on it.",
    ),
    Field(
        name="price", label="Price", also=("amount", "recurring amount", "recurring"),
        help="Per cycle and piece, without tax. The catalogue's when empty.",
    ),
    Field(name="quantity", label="Quantity", also=("qty", "pieces"), help="1 when nothing is said."),
    Field(name="domain", label="Domain", also=("domain name", "hostname")),
    Field(
        name="started_on", label="Started on", also=("registration date", "regdate", "start date", "since"),
        help="The next due date when nothing is said.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service that was checked as far as its cells go."""

    reference: str
    client: str
    product: str
    cycle: Cycle
    next_due_on: date
    price: str
    quantity: int
    domain: str
    started_on: date


class Services(Reader[ServiceRow]):
    """Products are asked for once each."""

    def __init__(self, place: Place, _session: Session) -> None:
        super().__init__(place)
        self._products: dict[str, ProductView | None] = {}
        self._finder = Finder(place.brand.id)
        self._references: set[str] = set()
        self._running: set[tuple[UUID, UUID, str]] = set()
        self._listed: dict[tuple[UUID, str, Cycle], int | None] = {}

    @property
    def fields(self) -> tuple[Field, ...]:
        return _FIELDS

    def keys(self, texts: Texts) -> tuple[tuple[str, str], ...]:
        if texts.get("reference"):
            return (("reference", texts["reference"]),)
        named = ("client", "product", "domain")
        return (
            (("domain", "\0".join(texts[name].casefold() for name in named)),) if texts.get("domain") else ()
        )

    def describe(self, texts: Texts) -> str:
        what = " ".join(texts[name] for name in ("product", "domain") if texts.get(name))
        return f"{texts.get('client', '')}: {what}"

    def check(self, texts: Texts) -> ServiceRow:
        gathered, order, today = Gathered(), self.place.mapped.dates, self._today()
        due = gathered.take(
            "next_due_on", lambda: parsing.read_day(texts.get("next_due_on", ""), order), today
        )
        started = texts.get("started_on", "")
        began = gathered.take("started_on", lambda: parsing.read_day(started, order) if started else due, due)
        cycle = gathered.take("cycle", lambda: parsing.read_cycle(texts.get("cycle", "")), Cycle("month"))
        quantity = gathered.take(
            "quantity", lambda: parsing.read_number(texts.get("quantity") or "1", 1, MOST_PIECES), 1
        )
        for name in ("client", "product", "domain"):
            if sentence := check_text(texts.get(name, "")):
                gathered.messages[name] = sentence
        if sentence := check_reference(texts.get("reference", "")):
            gathered.messages["reference"] = sentence
        if began > due:
            gathered.messages.setdefault("started_on", _("This day is after the next due date."))
        gathered.raise_if_any()
        return ServiceRow(
            reference=texts.get("reference", ""), client=texts.get("client", ""),
            product=texts.get("product", ""), cycle=cycle, next_due_on=due, price=texts.get("price", ""),
            quantity=quantity, domain=texts.get("domain", "").lower(), started_on=began,
        )  # fmt: skip

    def _today(self) -> date:
        return local_date(self.place.house.clock.now(), self.place.brand.timezone)

    def prefetch(self, session: Session, rows: Sequence[ServiceRow]) -> None:
        self._finder.load(session, (row.client for row in rows))
        own = select(Service.external_reference).where(Service.brand_id == self.place.brand.id)
        references = {row.reference for row in rows if row.reference}
        self._references = set(session.scalars(own.where(Service.external_reference.in_(references))))
        domains_of = {row.domain for row in rows if row.domain and not row.reference}
        running = select(Service.client_id, Service.product_id, Service.domain).where(
            Service.domain.in_(domains_of), Service.status.in_(RUNNING)
        )
        self._running = {(row.client_id, row.product_id, row.domain) for row in session.execute(running)}

    def look(self, session: Session, row: ServiceRow) -> bool:
        """Raises InvalidFields with all that the database objects to."""
        if row.reference in self._references:
            return True
        gathered = Gathered()
        client = gathered.under(lambda: self._finder.find(row.client))
        product = self._product(session, row.product)
        if product is None:
            gathered.messages["product"] = _("There is no product with this short name in the catalogue.")
        if client is not None and product is not None:
            if not row.reference and (client.id, product.id, row.domain) in self._running:
                return True
            gathered.under(lambda: self._as_running(session, row, client, product))
            if product.kind == "domain":
                gathered.take("domain", lambda: _unheld(session, row.domain), None)
        gathered.raise_if_any()
        return False

    def _product(self, session: Session, slug: str) -> ProductView | None:
        folded = slug.casefold()
        if folded not in self._products:
            same = select(Product.id).where(Product.brand_id == self.place.brand.id, Product.slug == folded)
            product_id = session.scalar(same)  # hidden ones too: old plans are most often not on sale
            self._products[folded] = catalog.product_by_id(session, product_id) if product_id else None
        return self._products[folded]

    def _price(self, session: Session, product_id: UUID, currency: str, cycle: Cycle) -> int | None:
        """The catalogue's, in minor units; None when it has none."""
        key = (product_id, currency, cycle)
        if key not in self._listed:
            found = catalog.price_of(session, product_id, currency, cycle, self._today())
            self._listed[key] = found.amount.minor if found else None
        return self._listed[key]

    def write(self, session: Session, rows: Sequence[ServiceRow]) -> None:
        found = [(row, self._finder.find(row.client), self._known_product(session, row)) for row in rows]
        running = [self._as_running(session, row, client, product) for row, client, product in found]
        house = self.place.house
        ids = taking_over.take_over(session, house, running, actor=self.place.actor)
        for service_id, (row, _client, product) in zip(ids, found, strict=True):
            if product.kind == "domain":
                _hold_domain(session, row, service_id, product.provisioner)

    def _known_product(self, session: Session, row: ServiceRow) -> ProductView:
        product = self._product(session, row.product)
        assert product is not None  # looked up before
        return product

    def _as_running(
        self, session: Session, row: ServiceRow, client: Found, product: ProductView
    ) -> RunningService:
        """Raises InvalidFields (``price``)."""
        listed = self._price(session, product.id, client.currency, row.cycle)
        minor = self._typed_price(row.price, client.currency)
        price = listed if minor is None else minor
        if price is None:
            sentence = _("The catalogue has no price for this cycle in {currency}. Enter one.")
            raise InvalidFields({"price": sentence.format(currency=client.currency)})
        return RunningService(
            brand_id=self.place.brand.id, client_id=client.id, product_id=product.id, label=product.name,
            domain=row.domain, cycle=row.cycle, quantity=row.quantity, price_minor=price,
            price_reason="" if price == listed else _("As it was when it was read in"),
            currency=client.currency, started_on=row.started_on, next_due_on=row.next_due_on,
            reference=row.reference,
        )  # fmt: skip

    def _typed_price(self, text: str, currency: str) -> int | None:
        """Minor units, None for nothing. Raises InvalidFields (``price``)."""
        try:
            return parsing.read_amount(text, currency, self.place.mapped.decimals) if text else None
        except ValueError as problem:
            raise InvalidFields({"price": str(problem)}) from None


def _hold_domain(session: Session, row: ServiceRow, service_id: UUID, registrar: str) -> None:
    """The name is its client's until the next due date. Raises Conflict when another got it meanwhile."""
    years = row.cycle.count if row.cycle.unit == "year" else 1
    domains.hold(
        session, name=row.domain, service_id=service_id, registrar=registrar, years=years, nameservers=(),
        whois={},
    )  # fmt: skip
    domains.registered(session, service_id, row.next_due_on)


def _unheld(session: Session, domain: str) -> None:
    """Raises ValueError."""
    if not domain:
        raise ValueError(_("A domain needs its name."))
    if domains.is_held(session, domain):
        raise ValueError(_("This domain is held by a service already."))
