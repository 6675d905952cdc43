"""Billing one client by hand, now: one invoice with a line for each period that has begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from babel.dates import format_date
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import documents, service
from core.billing.discounts import group_discounts
from core.billing.documents import Priced
from core.billing.periods import Owed, TooFarBehind, next_start, periods_owed, runs
from core.billing.telling import told
from core.billing.values import Draft, DraftLine, InvoiceHead
from core.brands import service as brands
from core.catalog import service as catalog
from core.catalog.values import ProductView
from core.clients import service as clients
from core.clients import standing
from core.clients.groups import GroupPolicy, policy_of
from core.kernel import audit, i18n
from core.kernel.calendar import Period
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.money import Money
from core.kernel.problems import Conflict
from core.kernel.work import House
from core.services import renewals
from core.services.renewals import DueService

NOTHING = mark("Nothing of this client is due now.")
BILLED_MEANWHILE = mark("Somebody else billed this client just now. Look at its invoices again.")


_Owing = tuple[DueService, Sequence[Owed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Periods of a service that are passed over: the client could not be billed in all of them."""

    service_id: UUID
    service_number: int
    label: str
    period: Period  # several that follow each other are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A service that waits for a person. ``reason`` is "too_far" (its due date lies further back than
    anybody bills at once) or "currency" (it is not priced in the client's)."""

    service_id: UUID
    service_number: int
    label: str
    since: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where billing of a service goes on (None: nowhere), and whether its set-up was asked for by then."""

    service: DueService
    until: date | None
    with_setup: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of a client. ``draft`` is the invoice as it would be issued, None without a line."""

    draft: Draft | None
    passed: tuple[Passed, ...]
    held: tuple[Held, ...]
    moves: tuple[Move, ...]

    @property
    def is_nothing(self) -> bool:
        return not self.moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What became of it. ``invoice`` is None when every period due was passed over."""

    invoice: InvoiceHead | None
    passed: tuple[Passed, ...]


def due_of(session: Session, house: House, client_id: UUID, on: date | None = None) -> Due:
    """What of the client is due on the day (today in the brand's zone), whether it may be billed or not.

    Each service that runs, from its next due date on: a line per period that has begun. Raises NotFound,
    and Conflict when the client has no primary contact to write to.
    """
    client = clients.client_by_id(session, client_id)
    brand = brands.brand_by_id(session, client.brand_id)
    day = on or local_date(house.clock.now(), brand.timezone)
    idle = standing.idle_times(session, client_id, brand.timezone)
    owed: list[_Owing] = []
    held: list[Held] = []
    for one in renewals.due_of(session, client_id, day):
        if one.currency != client.currency:
            held.append(_held(one, "currency"))
            continue
        try:
            owed.append((one, periods_owed(one.next_due_on, one.cycle, one.anchor_day, day, idle)))
        except TooFarBehind:
            held.append(_held(one, "too_far"))
    with i18n.using(documents.language_of(session, client_id) or i18n.current()):
        priced = _priced(
            session, client.currency, str(i18n.locale_for(home=brand.locale)), owed,
            policy_of(session, client_id),
        )  # fmt: skip
    return Due(
        draft=documents.draft(session, house, client_id, priced) if priced else None,
        passed=tuple(passed for one, periods in owed for passed in _passed(one, periods)),
        held=tuple(held),
        moves=tuple(
            Move(
                service=one,
                until=next_start(periods, one.next_due_on),
                with_setup=not all(period.idle for period in periods),
            )
            for one, periods in owed
        ),
    )


def _held(one: DueService, reason: str) -> Held:
    return Held(
        service_id=one.id, service_number=one.number, label=_name(one), since=one.next_due_on, reason=reason
    )


def _passed(one: DueService, periods: Sequence[Owed]) -> list[Passed]:
    return [
        Passed(service_id=one.id, service_number=one.number, label=_name(one), period=period)
        for period in runs([owed.period for owed in periods if owed.idle])
    ]


def _name(one: DueService) -> str:
    return one.label if one.domain in ("", one.label) else f"{one.label} {one.domain}"


def _priced(
    session: Session, currency: str, locale: str, owed: Sequence[_Owing],
    policy: GroupPolicy,
) -> list[Priced]:  # fmt: skip
    """A line per period that is billed, with what the group takes off, and set-up not asked for yet."""
    products = catalog.products_by_id(session, [one.product_id for one, _ in owed])
    billed = [
        (one, period.period, _not_billed(one, periods[:at], locale))
        for one, periods in owed
        for at, period in enumerate(periods)
        if not period.idle
    ]
    open_to = [(one, one.price_minor * one.quantity) for one, _, _ in billed]
    discounts = group_discounts(
        policy, [(one.product_id, 0 if one.has_own_price else gross) for one, gross in open_to], currency
    )
    priced: list[Priced] = []
    set_up: set[UUID] = set()
    for (one, period, passed), discount in zip(billed, discounts, strict=True):
        priced.append(_line(one, products, period, discount, passed, policy, currency))
        if one.setup_minor and one.id not in set_up:
            set_up.add(one.id)
            priced.append(_setup(one, products[one.product_id]))
    return priced


def _setup(one: DueService, product: ProductView) -> Priced:
    line = documents.setup_line(one.id, _text(one, product), one.setup_minor, product.gl_code)
    return Priced(line=line, tax_class=product.tax_class)


def _text(one: DueService, product: ProductView) -> str:
    return one.domain if product.kind == "domain" else _name(one)


def _not_billed(one: DueService, before: Sequence[Owed], locale: str) -> str:
    """Said on the first line after periods that were passed over, so that the gap explains itself."""
    gap: list[Period] = []
    for owed in reversed(before):
        if not owed.idle:
            break
        gap.insert(0, owed.period)
    words = [
        _("{first} to {last} not billed: the account was not active").format(
            first=format_date(period.start, "medium", locale=locale),
            last=format_date(period.last_day, "medium", locale=locale),
        )
        for period in runs(gap)
    ]
    return "; ".join(words)


def _line(
    one: DueService, products: Mapping[UUID, ProductView], period: Period, discount: int, passed: str,
    policy: GroupPolicy, currency: str,
) -> Priced:  # fmt: skip
    product = products[one.product_id]
    price, off = Money(one.price_minor, currency), Money(discount, currency)
    words = told(one.cycle, price, one.quantity, off, policy.name)
    line = DraftLine(
        service_id=one.id, kind="recurring" if one.cycle.recurs else "once", period_start=period.start,
        period_end=period.end, text=_text(one, product), quantity=one.quantity,
        unit_minor=one.price_minor, discount_minor=discount,
        gl_code=product.gl_code, explanation="; ".join(filter(None, (words, passed))),
    )  # fmt: skip
    return Priced(line=line, tax_class=product.tax_class)


def generate(
    house: House, client_id: UUID, *, actor: str, ip: str = "", shown_minor: int | None = None
) -> Generated:
    """Bill what is due now: one invoice, and the due dates of its services moved in the same transaction.

    Safe with two at once: they stand in line, and the second finds nothing due. ``shown_minor`` is the
    total that was agreed to on the screen. Raises NotBillable (a Conflict) unless the client is active,
    Conflict when nothing is due or the total is another by now.
    """
    try:
        return house.db.run(lambda session: _generate(session, house, client_id, actor, ip, shown_minor))
    except IntegrityError as error:  # a due date was set back over what was billed: the database knows
        raise Conflict(
            _("A period that is due was billed before. Correct the next due date of that service.")
        ) from error


def _generate(
    session: Session, house: House, client_id: UUID, actor: str, ip: str, shown_minor: int | None
) -> Generated:
    standing.hold_billable(session, client_id)
    due = due_of(session, house, client_id)
    if due.is_nothing:
        raise Conflict(_(NOTHING))
    total = due.draft.total_minor if due.draft else 0
    if shown_minor is not None and shown_minor != total:
        raise Conflict(_("What is due has changed meanwhile. Look at it again before you bill it."))
    for move in due.moves:
        if not renewals.bill_up_to(session, move.service, move.until, with_setup=move.with_setup):
            raise Conflict(_(BILLED_MEANWHILE))
    invoice = service.issue(session, house, due.draft) if due.draft else None
    _tell(session, house, client_id, due, invoice, actor, ip)
    return Generated(invoice=invoice, passed=due.passed)


def _tell(
    session: Session, house: House, client_id: UUID, due: Due, invoice: InvoiceHead | None, actor: str,
    ip: str,
) -> None:  # fmt: skip
    now = house.clock.now()
    if invoice is not None:
        facts = {"client": str(client_id), "total": str(invoice.total), "lines": len(due.moves)}
        audit.record(
            session, actor=actor, action="invoice.generate", target=f"invoice:{invoice.id}", ip=ip, now=now,
            after=facts,
        )  # fmt: skip
    for one in due.passed:
        passed = {"from": one.period.start, "until": one.period.end, "why": "the account was not active"}
        audit.record(
            session, actor=actor, action="service.pass_over", target=f"service:{one.service_id}", ip=ip,
            now=now, after=passed,
        )  # fmt: skip
