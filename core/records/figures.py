"""The dashboard's sums of one brand, kept as they were at one moment.

At a million clients they take seconds, which no page may wait for. So they are kept, and counted again when
they are older than a hundred times what counting took: a small shop sees the present, a large one figures of
some minutes ago, with their time beside them. Counting never takes more than a hundredth of one processor.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import figures as billing
from core.billing.figures import Overdue
from core.brands import service as brands
from core.brands.models import Brand
from core.brands.values import BrandView
from core.clients import figures as clients
from core.kernel.clock import local_date
from core.kernel.slots import days_from, midnight, month_after, month_starts
from core.kernel.work import House
from core.payments import figures as payments
from core.records.models import Figure
from core.services import figures as services

MONTHS = 12
DAYS = 30
SHARE = 100  # figures may be as many times as old as counting them takes
OLDEST = timedelta(hours=1)
QUICK_MS = 200  # a page counts by itself what takes no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClients:
    """``start`` is the first day of the month in the brand's zone."""

    start: date
    new: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRevenue:
    """Recurring revenue a month as it was at the month's end, or now in the present one. Minor units."""

    start: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDue:
    day: date
    count: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMoved:
    day: date
    came: int
    went: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One brand's figures in one currency. Money in minor units, days in the brand's zone."""

    currency: str
    currencies: tuple[str, ...]  # all that the brand has figures in, its own first
    day: date
    counted_at: datetime
    revenue: tuple[MonthRevenue, ...]
    due: tuple[DayDue, ...]
    moved: tuple[DayMoved, ...]
    payments: int
    declined: int
    overdue: Overdue
    clients: tuple[MonthClients, ...]
    active_clients: int


def figures(house: House, brand_id: UUID, currency: str = "") -> Figures:
    """The figures of a brand; in its own currency when there are none in ``currency``. Raises NotFound.

    Counts them first when there are none, when they are from another day and quickly counted, or too old.
    """
    with house.db.read() as session:
        brand = brands.brand_by_id(session, brand_id)
        kept = session.get(Figure, brand_id)
    if kept is None or (_is_old(kept, house.clock.now()) and _may_wait(kept, house.clock.now())):
        kept = refresh(house, brand)
    return _read(kept, brand, currency)


def _is_old(kept: Figure, now: datetime) -> bool:
    return now - kept.counted_at > min(OLDEST, timedelta(milliseconds=SHARE * kept.took_ms))


def _may_wait(kept: Figure, now: datetime) -> bool:
    """Whether the page counts itself: it is quick, or no worker has come by for long."""
    return kept.took_ms <= QUICK_MS or now - kept.counted_at > 6 * OLDEST


def refresh_due(house: House) -> int:
    """Count again what is too old, of every brand; how many that were. For a schedule."""
    with house.db.read() as session:
        kept = {one.brand_id: one for one in session.scalars(select(Figure))}
        ids = list(session.scalars(select(Brand.id)))
        due = [one for one in ids if one not in kept or _is_old(kept[one], house.clock.now())]
        views = [brands.brand_by_id(session, one) for one in due]
    for brand in views:
        refresh(house, brand)
    return len(views)


def refresh(house: House, brand: BrandView) -> Figure:
    """Count a brand's figures and keep them. Two at once count twice; the later one is kept."""
    now, began = house.clock.now(), time.monotonic()
    with house.db.read() as session:
        facts = count(session, brand, now)
    took = round((time.monotonic() - began) * 1000)

    def work(session: Session) -> Figure:
        row = Figure(brand_id=brand.id, facts=facts, counted_at=now, took_ms=took)
        return session.merge(row)

    try:
        return house.db.run(work)
    except IntegrityError:  # another kept the first ones at this moment
        return house.db.run(work)


def count(session: Session, brand: BrandView, now: datetime) -> dict[str, Any]:
    """All sums at one moment, as they are kept."""
    zone, today = brand.timezone, local_date(now, brand.timezone)
    months, past = month_starts(today, MONTHS), days_from(today - timedelta(days=DAYS - 1), DAYS)
    after = [month_after(start) for start in months]
    at = [midnight(day, zone) for day in after]
    tomorrow, until = today + timedelta(days=1), today + timedelta(days=DAYS)
    counted = [*zip(after[:-1], at[:-1], strict=True), (tomorrow, midnight(tomorrow, zone))]
    ends = [midnight(day + timedelta(days=1), zone) for day in past]
    began = midnight(past[0], zone)
    return {
        "day": today.isoformat(),
        "revenue": services.revenue(session, brand.id, counted),
        "due": _due(services.per_day(services.due_groups(session, brand.id, until), today, until)),
        "moved": {
            currency: [[one.came, one.went] for one in slots]
            for currency, slots in payments.moved(session, brand.id, began, ends).items()
        },
        "payments": payments.outcomes(session, brand.id, began),
        "overdue": {
            currency: [one.count, one.minor, one.oldest.isoformat() if one.oldest else ""]
            for currency, one in billing.overdue(session, brand.id, today).items()
        },
        "clients": clients.new_and_lost(session, brand.id, midnight(months[0], zone), at),
        "active": clients.active_count(session, brand.id),
    }


def _due(found: Mapping[str, Mapping[date, tuple[int, int]]]) -> dict[str, dict[str, tuple[int, int]]]:
    return {
        currency: {day.isoformat(): pair for day, pair in days.items()} for currency, days in found.items()
    }


def _read(kept: Figure, brand: BrandView, wanted: str) -> Figures:
    facts, day = kept.facts, date.fromisoformat(kept.facts["day"])
    parts = ("revenue", "due", "moved", "payments", "overdue")
    known = {one for part in parts for one in facts[part]} - {brand.currency}
    currencies = (brand.currency, *sorted(known))
    currency = wanted if wanted in currencies else brand.currency
    months, past = month_starts(day, MONTHS), days_from(day - timedelta(days=DAYS - 1), DAYS)
    revenue = facts["revenue"].get(currency, [0] * MONTHS)
    due, moved = facts["due"].get(currency, {}), facts["moved"].get(currency, [[0, 0]] * DAYS)
    count, minor, oldest = facts["overdue"].get(currency, (0, 0, ""))
    good, declined = facts["payments"].get(currency, (0, 0))
    return Figures(
        currency=currency, currencies=currencies, day=day, counted_at=kept.counted_at,
        revenue=tuple(MonthRevenue(start=one, minor=m) for one, m in zip(months, revenue, strict=True)),
        due=tuple(_day_due(one, due.get(one.isoformat(), (0, 0))) for one in days_from(day, DAYS)),
        moved=tuple(DayMoved(day=one, came=c, went=w) for one, (c, w) in zip(past, moved, strict=True)),
        payments=good, declined=declined, active_clients=facts["active"],
        overdue=Overdue(count=count, minor=minor, oldest=date.fromisoformat(oldest) if oldest else None),
        clients=tuple(
            MonthClients(start=one, new=new, lost=lost)
            for one, (new, lost) in zip(months, facts["clients"], strict=True)
        ),
    )  # fmt: skip


def _day_due(day: date, pair: tuple[int, int]) -> DayDue:
    return DayDue(day=day, count=pair[0], minor=pair[1])
