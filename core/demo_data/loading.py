"""Loads made-up clients a chunk at a time. What was committed is never made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing.models import LedgerAccount
from core.brands.values import BrandView
from core.catalog.models import Price, Product
from core.clients.models import ClientGroup, ClientStatus
from core.clients.service import FIRST_NUMBER as FIRST_CLIENT
from core.demo_data import people
from core.demo_data.rows import Maker, Plan, Shop, counted
from core.kernel import numbers, search, search_index
from core.kernel.db import Database, insert_many
from core.kernel.ids import new_id
from core.kernel.numbers import Counter
from core.payments.attempts import FIRST_NUMBER as FIRST_ATTEMPT
from core.services.service import FIRST_NUMBER as FIRST_SERVICE

SCOPE = "demo-data"  # the counter of how many were made: advanced with each chunk
CHUNK = 1000
MANY = 20_000  # from here on the texts are faster indexed all at once
SPREAD = timedelta(days=5 * 365)
WEIGHTS = {"active": 90, "suspended": 3, "closed": 5, "pending": 1, "blocked": 1}
GROUPS = ("Retail", "Agencies", "EU business", "Non-profit")


def made(session: Session) -> int:
    """How many clients were made by this before."""
    return session.scalar(select(Counter.next_value).where(Counter.scope == SCOPE)) or 0


def fill(db: Database, brand: BrandView, count: int, now: datetime, tell: Callable[[int], None]) -> None:
    """``load``, telling how many there are; a great many are indexed all at once at the end."""
    with db.read() as session:
        many = count - made(session) >= MANY
    if many:
        search_index.put_aside(db)
    for done in load(db, brand, count, now):
        tell(done)
    if many:
        search_index.make(db)


def load(db: Database, brand: BrandView, count: int, now: datetime) -> Iterator[int]:
    """Make clients until there are ``count``; yields how many there are after each chunk.

    Run again after it was ended, it goes on from the last whole chunk.
    """
    with db.transaction() as session:
        shop = _shop(session, brand)
        done = made(session)
    yield done
    while done < count:
        with db.transaction() as session:
            last = min(done + CHUNK, count)
            numbers.take(session, SCOPE, last - done, first=0)
            _chunk(session, shop, done, last, count, now)
        done = last
        yield done


def _chunk(session: Session, shop: Shop, first: int, last: int, count: int, now: datetime) -> None:
    begin = now - SPREAD
    moments = [begin + SPREAD * (index / count) for index in range(first, last)]
    needed = counted(first, last, [moment.year for moment in moments])
    taken = {name: _take(session, shop, name, many) for name, many in needed.items()}
    maker = Maker(shop, first, taken, now)
    cultures = people.cultures(maker.random, last - first)
    for index, moment, culture in zip(range(first, last), moments, cultures, strict=True):
        maker.client(index, moment, culture)
    for model, rows in maker.batch.tables:
        insert_many(session, model.__table__, rows)  # type: ignore[attr-defined]
    for kind, entries in maker.batch.found_by.items():
        search.put_many(session, kind, entries, fresh=True)


def _take(session: Session, shop: Shop, name: str, many: int) -> Iterator[int]:
    scopes: dict[str, tuple[str, int]] = {
        "client": (f"client:{shop.brand_id}", FIRST_CLIENT),
        "service": (f"service:{shop.brand_id}", FIRST_SERVICE),
        "attempt": ("attempt", FIRST_ATTEMPT),
    }
    scope, start = scopes.get(name, (f"invoice:{shop.brand_id}:{name.partition(':')[2]}", 1))
    return iter(numbers.take(session, scope, many, first=start)) if many else iter(())


def _shop(session: Session, brand: BrandView) -> Shop:
    statuses = session.execute(select(ClientStatus.id, ClientStatus.behaviour)).all()
    return Shop(
        brand_id=brand.id, currency=brand.currency,
        prefix=f"{brand.number_prefix}-" if brand.number_prefix else "",
        plans=_plans(session, brand), groups=(None, *_groups(session)),
        statuses=tuple((row.id, row.behaviour, WEIGHTS.get(row.behaviour, 1)) for row in statuses),
    )  # fmt: skip


def _plans(session: Session, brand: BrandView) -> tuple[Plan, ...]:
    rows = session.execute(
        select(Product.id, Product.name, Product.gl_code, Price.cycle_unit, Price.amount_minor)
        .join(Price, Price.product_id == Product.id)
        .where(Product.brand_id == brand.id, Price.currency == brand.currency, Price.amount_minor > 0,
               Price.cycle_count == 1, Price.cycle_unit.in_(("month", "year")))
        .order_by(Product.position, Price.cycle_unit)
    )  # fmt: skip
    plans = tuple(
        Plan(product_id=row.id, label=row.name, cycle_unit=row.cycle_unit, minor=row.amount_minor,
             gl_code=row.gl_code)
        for row in rows
    )  # fmt: skip
    _accounts(session, {ledger.RECEIVABLE, ledger.MONEY, *(plan.gl_code for plan in plans)})
    return plans


def _accounts(session: Session, codes: set[str]) -> None:
    known = set(session.scalars(select(LedgerAccount.code)))
    for code in sorted(codes - known):
        name, kind = ledger.ACCOUNTS.get(code, (f"Income {code}", "income"))
        session.execute(insert(LedgerAccount).values(code=code, name=name, kind=kind))


def _groups(session: Session) -> list[Any]:
    known = dict(session.execute(select(ClientGroup.name, ClientGroup.id)).all())
    for position, name in enumerate(GROUPS):
        if name not in known:
            known[name] = new_id()
            session.add(ClientGroup(id=known[name], name=name, position=position))
    session.flush()
    return [known[name] for name in GROUPS]
