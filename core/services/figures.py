"""Sums over services for the dashboard: what falls due, what recurs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.clients.models import Client, ClientStatus
from core.clients.statuses import BILLABLE
from core.kernel.calendar import Cycle, next_due
from core.kernel.money import round_half_up
from core.kernel.slots import slot
from core.services.models import Service

RUNNING = ("active", "suspended")
DAYS_A_MONTH = Fraction(146097, 4800)  # 400 Gregorian years have 146,097 days and 4,800 months
MOST_PERIODS = 400  # of one group that are counted: more than a year of days


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGroup:
    """Services that fall due alike. ``minor`` is the sum of one period of each."""

    currency: str
    due: date
    cycle: Cycle
    anchor_day: int
    count: int
    minor: int


def months_of(cycle: Cycle) -> Fraction:
    """How many months a cycle has, exactly; weeks and days by the mean Gregorian month. Raises ValueError
    for what is bought once."""
    if cycle.unit in ("month", "year"):
        return Fraction(cycle.count * (12 if cycle.unit == "year" else 1))
    if cycle.unit in ("week", "day"):
        return cycle.count * (7 if cycle.unit == "week" else 1) / DAYS_A_MONTH
    raise ValueError("what is bought once does not recur")


def revenue(
    session: Session, brand_id: UUID, ends: Sequence[tuple[date, datetime]]
) -> dict[str, tuple[int, ...]]:
    """Recurring revenue a month at the end of some days, per currency, in minor units.

    A service counts from the day it was started on until the day it ended, whole, at its price of today
    for all its pieces, without taxes and discounts; pending ones, and those that ended before they were
    active, never. Each price is divided by the months of its cycle as a fraction; each sum is rounded once,
    half up. ``ends`` pairs the day after each counted day with the instant it begins at, ascending.
    """
    started, ended = (
        slot(Service.started_on, [day for day, _at in ends]),
        slot(Service.ended_at, [at for _day, at in ends]),
    )
    was_active = and_(
        Service.status == "terminated", Service.activated_at.is_not(None), Service.ended_at.is_not(None)
    )
    statement = (
        select(
            Service.currency, Service.cycle_unit, Service.cycle_count, started.label("started"),
            ended.label("ended"), func.sum(Service.price_minor * Service.quantity).label("minor"),
        )
        .where(Service.brand_id == brand_id, Service.cycle_unit != "once")
        .where(or_(Service.status.in_(RUNNING), was_active))
        .group_by(Service.currency, Service.cycle_unit, Service.cycle_count, "started", "ended")
    )  # fmt: skip
    sums: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * len(ends))
    for row in session.execute(statement):
        monthly = Fraction(int(row.minor)) / months_of(Cycle.of(row.cycle_unit, row.cycle_count))
        for number in range(row.started, row.ended):
            sums[row.currency][number] += monthly
    return {currency: tuple(map(round_half_up, parts)) for currency, parts in sums.items()}


def due_groups(session: Session, brand_id: UUID, until: date) -> list[DueGroup]:
    """What is due before ``until``, of clients who may be billed: those whose status behaves "active"."""
    statement = (
        select(
            Service.currency, Service.next_due_on, Service.cycle_unit, Service.cycle_count,
            Service.anchor_day, func.count().label("count"),
            func.sum(Service.price_minor * Service.quantity).label("minor"),
        )
        .join(Client, Client.id == Service.client_id)
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .where(Service.brand_id == brand_id, Service.status.in_(RUNNING), Service.next_due_on.is_not(None))
        .where(Service.next_due_on < until, ClientStatus.behaviour == BILLABLE)
        .group_by(
            Service.currency, Service.next_due_on, Service.cycle_unit, Service.cycle_count, Service.anchor_day
        )
    )  # fmt: skip
    return [
        DueGroup(
            currency=row.currency, due=row.next_due_on, cycle=Cycle.of(row.cycle_unit, row.cycle_count),
            anchor_day=row.anchor_day, count=row._mapping["count"], minor=int(row.minor),
        )
        for row in session.execute(statement)
    ]  # fmt: skip


def per_day(groups: Iterable[DueGroup], today: date, until: date) -> dict[str, dict[date, tuple[int, int]]]:
    """Currency -> day -> (periods to bill, minor units). A service that is due every week is there every
    week; what was due before today and is not billed yet is due today."""
    found: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for group in groups:
        days = found[group.currency]
        for day in _dues(group, until):
            count, minor = days.get(max(day, today), (0, 0))
            days[max(day, today)] = (count + group.count, minor + group.minor)
    return dict(found)


def _dues(group: DueGroup, until: date) -> Iterable[date]:
    due: date | None = group.due
    for _period in range(MOST_PERIODS):
        if due is None or due >= until:
            return
        yield due
        due = next_due(group.anchor_day, due, group.cycle)
