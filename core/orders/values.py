"""What the shop sees of carts, quotes and orders. Frozen; made by this slice, drawn by themes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from core.kernel.money import Money
from core.payments.values import MethodView as MethodView
from core.plugin_api.values import Action, Instructions


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLineView:
    id: UUID
    product_slug: str
    name: str
    detail: str  # "Yearly, Nov 20, 2026 to Nov 19, 2027"
    domain: str
    quantity: int
    price: Money  # net, recurring part
    setup: Money
    kind: str = "other"  # hosting, domain, other


@dataclass(frozen=True, slots=True, kw_only=True)
class SumLine:
    """A row of the bill under the lines: a discount or a tax. ``amount`` is signed."""

    label: str
    amount: Money
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The bill panel. ``taxes`` is None while no address is known."""

    lines: tuple[CartLineView, ...]
    subtotal: Money
    discounts: tuple[SumLine, ...]
    taxes: tuple[SumLine, ...] | None
    total: Money  # subtotal less discounts, plus taxes when known
    renewal: tuple[str, ...] = ()  # "Business Hosting renews on Nov 20, 2027 for $144.00"


@dataclass(frozen=True, slots=True, kw_only=True)
class CartView:
    id: UUID
    currency: str
    bill: Bill
    coupon_code: str
    coupon_error: str  # why the code that was typed does not hold, in the buyer's words
    held_until: datetime  # UTC
    changed: str = ""  # what changed since the buyer last looked (a price, a product gone)

    @property
    def is_empty(self) -> bool:
        return not self.bill.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Order Details: everything as it will be placed."""

    quote_id: UUID
    bill: Bill
    contact: Mapping[str, str]
    method_name: str
    method_label: str  # "Visa ending in 4242"
    method_icon: str
    terms_title: str
    terms_body: str
    held_until: datetime


class TaskState(StrEnum):
    DONE = "done"
    RUNNING = "running"
    WAITING = "waiting"  # for somebody or something else
    TODO = "todo"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One row of Processing Order and of the admin's timeline."""

    key: str  # "client", "services", "charge", "mail", "provision:<service>"
    title: str
    detail: str
    state: TaskState
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    id: UUID
    label: str
    state: str
    placed_at: datetime
    bill: Bill
    tasks: tuple[TaskView, ...]
    invoice_id: UUID
    invoice_label: str
    invoice_status: str
    total: Money
    paid: Money
    email: str
    first_name: str
    username: str
    method_name: str
    decline: str = ""  # in plain words; the buyer may pay another way
    needs_payment: bool = False  # nothing is under way and something is owed
    approve_url: str = ""  # where the buyer goes to approve: /orders/<token>/approve
    action: Action | None = None  # the buyer's browser has to do something
    action_gateway: str = ""
    instructions: Instructions | None = None  # manual payment
    settles: bool = False  # the money is on its way (eCheck)
    access: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # per service: facts to sign in
    password_at: tuple[UUID, ...] = ()  # services with a first password: the portal shows it to its client
    finished: bool = False  # nothing will change by itself any more
    lapsed: bool = False  # cancelled by itself: it was not paid in time
    came_late: Money | None = None  # what came after it was cancelled, and is the client's credit now


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    token: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line of a quote with its arithmetic. Money in minor units of the quote's currency."""

    position: int
    product_id: UUID
    name: str
    domain: str
    kind: str  # hosting, domain, other
    cycle_unit: str
    cycle_count: int
    quantity: int
    unit_minor: int
    setup_minor: int
    discount_minor: int
    period_start: date
    period_end: date | None
    tax_class: str
    gl_code: str
    explanation: str
    group_discount_minor: int = 0  # the part of the discount that the client's group gives


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTax:
    name: str
    rate: str
    taxable_share: str
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The priced answer: pure arithmetic over catalogue, coupon and tax rules."""

    currency: str
    priced_on: date
    lines: tuple[PricedLine, ...]
    coupon_id: UUID | None
    coupon_code: str
    coupon_label: str
    group_name: str = ""  # of the group that gives a discount
    taxes: tuple[PricedTax, ...]
    taxed: bool  # whether an address was known
    warnings: tuple[str, ...] = field(default=())

    @property
    def subtotal_minor(self) -> int:
        return sum(line.unit_minor * line.quantity + line.setup_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        return sum(line.discount_minor for line in self.lines)

    @property
    def net_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor

    @property
    def tax_minor(self) -> int:
        return sum(tax.tax_minor for tax in self.taxes)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor
