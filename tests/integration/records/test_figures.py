"""The dashboard's figures against cases worked out by hand. Today is 20 November 2026 in Chicago."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from core.billing.models import Invoice
from core.brands import service as brands
from core.brands.values import NewBrand
from core.clients.figures import expiring, expiring_count
from core.clients.models import BillingAccount, Client, ClientStatus, ClientStatusChange
from core.kernel.ids import new_id
from core.kernel.slots import midnight, month_after, month_starts
from core.payments.models import Allocation, Attempt
from core.records import figures
from core.records.figures import Figures
from core.records.models import Figure
from core.services.models import Service
from tests.integration.records.conftest import Library

TODAY = date(2026, 11, 20)


@pytest.fixture
def sound_books() -> None:
    """Rows are written by hand here, without their ledger: there are no invariants to hold after a test."""


class Books:
    """Rows straight into the tables, in order: each call one thing with sane facts."""

    def __init__(self, library: Library) -> None:
        self.library, self.numbers = library, iter(range(1, 10_000))
        self.product_id = library.put_product("hosting", {"month:1": 1000})
        with library.house.db.read() as session:
            rows = session.execute(
                select(ClientStatus.behaviour, ClientStatus.id).order_by(ClientStatus.position)
            )
            self.statuses = {behaviour: status_id for behaviour, status_id in reversed(rows.all())}

    def add(self, model: Any, **values: Any) -> UUID:
        row_id: UUID = values.setdefault("id", new_id())
        with self.library.house.db.transaction() as session:
            session.execute(insert(model).values(**values))
        return row_id

    def client(self, behaviour: str = "active", created: str = "2024-01-01", **more: Any) -> UUID:
        return self.add(
            Client, brand_id=self.library.brand.id, number=next(self.numbers), currency="USD",
            status_id=self.statuses[behaviour], billing_country="US", created_at=at(created), **more,
        )  # fmt: skip

    def service(
        self, client_id: UUID, cycle: str, minor: int, started: str, due: str = "", **more: Any
    ) -> UUID:
        unit, count = cycle.split(":")
        facts = {
            "brand_id": self.library.brand.id, "number": next(self.numbers), "client_id": client_id,
            "product_id": self.product_id, "label": "Hosting", "status": "active", "cycle_unit": unit,
            "cycle_count": int(count), "price_minor": minor, "currency": "USD", "anchor_day": 1,
            "started_on": date.fromisoformat(started), "activated_at": at(started), "created_at": at(started),
            "next_due_on": date.fromisoformat(due) if due else None,
        }  # fmt: skip
        if due:
            facts["anchor_day"] = date.fromisoformat(due).day
        return self.add(Service, **(facts | more))

    def invoice(self, client_id: UUID, total: int, due: str = "2026-12-01", **more: Any) -> UUID:
        number = next(self.numbers)
        facts = {
            "brand_id": self.library.brand.id, "client_id": client_id, "series": "main-2026",
            "number": number, "label": f"WH-{number}", "status": "unpaid", "issued_on": TODAY,
            "due_on": date.fromisoformat(due), "currency": "USD", "net_minor": total, "tax_minor": 0,
            "total_minor": total, "facts": {}, "digest": "", "created_at": at("2026-11-01"),
        }  # fmt: skip
        return self.add(Invoice, **(facts | more))

    def attempt(self, client_id: UUID, invoice_id: UUID, state: str, when: str, **more: Any) -> UUID:
        number = next(self.numbers)
        facts = {
            "number": number, "brand_id": self.library.brand.id, "client_id": client_id,
            "invoice_id": invoice_id, "idempotency_key": f"k{number}", "gateway": "card", "mode": "test",
            "amount_minor": 100, "currency": "USD", "state": state, "created_at": instant(when),
        }  # fmt: skip
        return self.add(Attempt, **(facts | more))

    def moved(self, attempt_id: UUID | None, invoice_id: UUID, minor: int, when: str) -> None:
        self.add(
            Allocation, attempt_id=attempt_id, invoice_id=invoice_id, amount_minor=minor,
            source=f"s{next(self.numbers)}", created_at=instant(when),
        )  # fmt: skip

    def turned(self, client_id: UUID, before: str, after: str, when: str) -> None:
        self.add(
            ClientStatusChange, client_id=client_id, from_label=before.title(), from_behaviour=before,
            to_label=after.title(), to_behaviour=after, actor="system", at=instant(when),
        )  # fmt: skip

    def figures(self, currency: str = "") -> Figures:
        return figures.figures(self.library.house, self.library.brand.id, currency)


@pytest.fixture
def books(library: Library) -> Books:
    return Books(library)


def at(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=18)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_recurring_revenue_over_twelve_months(books: Books) -> None:
    client = books.client()
    books.service(client, "month:1", 1000, "2025-01-15")
    books.service(client, "year:1", 12000, "2026-03-10", quantity=2)  # 2,000 a month
    books.service(client, "month:3", 3000, "2026-11-20")  # since today: 1,000
    books.service(client, "week:1", 700, "2026-06-30")  # 700 * 146097 / (7 * 4800) = 3043.6875
    # Ended at 23:30 on 30 April in Chicago: March is the last month that ends with it.
    books.service(
        client, "month:1", 500, "2025-10-01", status="terminated", ended_at=instant("2026-05-01T04:30")
    )
    books.service(client, "month:1", 9999, "2025-01-01", status="pending", activated_at=None)
    books.service(client, "once:1", 10000, "2025-01-01")
    books.service(client, "month:1", 777, "2025-01-01", status="cancelled", activated_at=None)
    books.service(client, "month:1", 666, "2025-01-01", status="terminated")  # nobody noted when
    books.service(client, "month:1", 800, "2026-01-31", currency="EUR")
    books.service(client, "month:1", 555, "2026-11-21")  # begins tomorrow

    found = books.figures()
    assert [month.start for month in found.revenue][0::11] == [date(2025, 12, 1), date(2026, 11, 1)]
    assert [month.minor for month in found.revenue] == [
        1500, 1500, 1500, 3500, 3000, 3000, 6044, 6044, 6044, 6044, 6044, 7044,
    ]  # fmt: skip
    assert found.currencies == ("USD", "EUR")
    euros = books.figures("EUR")
    assert [month.minor for month in euros.revenue] == [0] + [800] * 11
    assert books.figures("GBP").currency == "USD", "what there is none of is the brand's own"


def test_the_next_thirty_days(books: Books) -> None:
    client, suspended = books.client(), books.client("suspended")
    books.service(client, "month:1", 1000, "2025-01-01", "2026-12-01")
    books.service(client, "week:1", 700, "2025-01-01", "2026-11-24")
    books.service(client, "month:1", 400, "2025-01-01", "2026-11-10", quantity=2)  # late, and due again
    books.service(client, "month:1", 300, "2025-01-01", "2026-12-19", status="suspended")
    books.service(client, "month:1", 123, "2025-01-01", "2026-12-20")  # the 31st day
    books.service(
        client, "month:1", 50, "2025-01-01", "2026-12-01", status="terminated", ended_at=at("2026-01-01")
    )
    books.service(suspended, "month:1", 9000, "2025-01-01", "2026-11-25")  # is not billed
    books.service(client, "month:1", 60, "2025-01-01", "2026-11-20", currency="EUR")

    found = books.figures()
    assert [found.due[0].day, found.due[-1].day] == [TODAY, date(2026, 12, 19)]
    assert {day.day.isoformat(): (day.count, day.minor) for day in found.due if day.count} == {
        "2026-11-20": (1, 800), "2026-11-24": (1, 700), "2026-12-01": (2, 1700), "2026-12-08": (1, 700),
        "2026-12-10": (1, 800), "2026-12-15": (1, 700), "2026-12-19": (1, 300),
    }  # fmt: skip
    euros = books.figures("EUR")
    assert sum(day.minor for day in euros.due) == 60


def test_money_in_by_days_of_the_brands_zone(books: Books) -> None:
    client = books.client()
    bill = books.invoice(client, 100_000)
    paid = books.attempt(client, bill, "succeeded", "2026-11-20T12:00")
    books.attempt(client, bill, "declined", "2026-11-19T12:00")
    books.attempt(client, bill, "declined", "2026-10-01T12:00")  # too long ago
    books.attempt(client, bill, "succeeded", "2026-11-19T12:00", kind="refund")
    books.moved(paid, bill, 111, "2026-10-22T04:59")  # 21 October in Chicago
    books.moved(paid, bill, 1, "2026-10-22T05:00")  # the first of the thirty days, in summer time
    books.moved(paid, bill, 20, "2026-11-20T05:59")  # 19 November
    books.moved(paid, bill, 300, "2026-11-20T06:00")  # today, in winter time
    books.moved(paid, bill, -40, "2026-11-20T07:00")
    books.moved(None, bill, 5000, "2026-11-20T07:00")  # credit: no money that came in

    found = books.figures()
    moved = {day.day.isoformat(): (day.came, day.went) for day in found.moved if day.came or day.went}
    assert moved == {"2026-10-22": (1, 0), "2026-11-19": (20, 0), "2026-11-20": (300, 40)}
    assert len(found.moved) == 30
    assert (found.payments, found.declined) == (1, 1)


def test_overdue(books: Books) -> None:
    client = books.client()
    books.invoice(client, 500, "2026-11-19")
    books.invoice(client, 700, "2026-10-20", paid_minor=200)
    books.invoice(client, 900, "2026-11-20")  # today is in time
    books.invoice(client, 800, "2026-01-01", status="pending")  # money is on its way
    books.invoice(client, 800, "2026-01-01", status="paid", paid_minor=800)
    books.invoice(client, 30, "2026-11-01", currency="EUR")
    found = books.figures().overdue
    assert (found.count, found.minor, found.oldest) == (2, 1000, date(2026, 10, 20))
    assert books.figures("EUR").overdue.minor == 30


def test_new_and_lost_clients(books: Books) -> None:
    old, back, gone = books.client(), books.client("active"), books.client("closed")
    books.client(created="2026-11-02")
    books.client("suspended", created="2026-11-20")
    books.add(Client, brand_id=books.library.brand.id, number=9_001, currency="USD", billing_country="US",
              status_id=books.statuses["active"], created_at=instant("2026-11-01T04:30"))  # fmt: skip
    books.client(created="2026-11-03", merged_into_id=old)
    books.client("closed", created="2026-02-01")  # came closed from other books: new, not lost
    books.turned(gone, "active", "closed", "2026-10-31T12:00")
    books.turned(gone, "closed", "blocked", "2026-11-01T12:00")  # lost already
    books.turned(back, "active", "blocked", "2026-03-15T12:00")
    books.turned(back, "blocked", "active", "2026-06-15T12:00")
    books.turned(old, "active", "suspended", "2026-11-10T12:00")  # still a client
    books.turned(old, "suspended", "active", "2026-11-11T12:00")
    books.turned(gone, "active", "closed", "2025-11-30T12:00")  # a year ago and more

    found = books.figures()
    assert found.active_clients == 4
    months = {month.start.month: (month.new, month.lost) for month in found.clients}
    assert {month: pair for month, pair in months.items() if any(pair)} == {
        2: (1, 0), 3: (0, 1), 6: (1, 0), 10: (1, 1), 11: (2, 0),
    }  # fmt: skip


def test_an_empty_house_has_zeros(books: Books) -> None:
    found = books.figures()
    assert (len(found.revenue), len(found.due), len(found.moved), len(found.clients)) == (12, 30, 30, 12)
    assert not any(month.minor for month in found.revenue)
    assert (found.payments, found.overdue.count, found.active_clients) == (0, 0, 0)
    assert found.currencies == ("USD",)


def test_brands_do_not_see_each_others_figures(books: Books) -> None:
    mine = books.library.brand
    books.service(books.client(), "month:1", 1000, "2025-01-15", "2026-12-01")
    with books.library.house.db.transaction() as session:
        other = brands.set_up(
            session, NewBrand(slug="other", name="Other", currency="EUR", timezone="Asia/Tokyo")
        )
    found = figures.figures(books.library.house, other)
    assert (found.currency, found.day) == ("EUR", date(2026, 11, 21)), "its own currency and its own day"
    assert not any(month.minor for month in found.revenue)
    assert figures.figures(books.library.house, mine.id).revenue[-1].minor == 1000


def test_snapshots_age_with_what_counting_takes(books: Books) -> None:
    house, client = books.library.house, books.client()
    books.figures()
    books.service(client, "month:1", 1000, "2025-01-15")
    house.clock.advance(hours=1)
    assert books.figures().revenue[-1].minor == 1000, "a quick count is made anew"

    with house.db.transaction() as session:
        session.execute(update(Figure).values(took_ms=5_000, counted_at=house.clock.now()))
    books.service(client, "month:1", 500, "2025-01-15")
    house.clock.advance(minutes=10)
    assert books.figures().revenue[-1].minor == 1000, "a page does not wait for a long count"
    assert books.figures().counted_at == house.clock.now() - timedelta(minutes=10)
    assert figures.refresh_due(house) == 1
    assert figures.refresh_due(house) == 0
    assert books.figures().revenue[-1].minor == 1500

    with house.db.transaction() as session:
        session.execute(update(Figure).values(took_ms=100_000_000, counted_at=house.clock.now()))
    house.clock.advance(minutes=59)
    assert figures.refresh_due(house) == 0
    house.clock.advance(minutes=2)
    assert figures.refresh_due(house) == 1, "no figure is older than an hour"


def test_cards_that_expire(books: Books) -> None:
    client = books.client(company_name="Pinewood")

    def card(expires: date, **more: Any) -> None:
        facts = {"client_id": client, "gateway": "card", "kind": "card", "brand": "Visa", "last4": "4242",
                 "keep": True, "created_at": at("2026-01-01"), "expires_on": expires}  # fmt: skip
        books.add(BillingAccount, **(facts | more))

    card(date(2026, 11, 30), warned_for=date(2026, 11, 30), is_default=True)
    card(date(2026, 12, 31))
    card(date(2026, 11, 19))
    card(date(2026, 11, 30), removed_at=at("2026-11-01"))
    card(date(2026, 11, 30), keep=False)
    with books.library.house.db.read() as session:
        assert expiring_count(session, TODAY, date(2026, 11, 30), 100) == 1
        (found,) = expiring(session, TODAY, date(2026, 11, 30), 100)
    assert (found.client_name, found.label, found.warned) == ("Pinewood", "Visa ending in 4242", True)
    assert replace(found, warned=False) != found


def test_days_and_months_of_a_zone() -> None:
    assert midnight(date(2026, 11, 1), "America/Chicago") == instant("2026-11-01T05:00")
    assert midnight(date(2026, 11, 2), "America/Chicago") == instant("2026-11-02T06:00")
    assert month_starts(date(2026, 2, 28), 3) == (date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1))
    assert month_after(date(2025, 12, 31)) == date(2026, 1, 1)
