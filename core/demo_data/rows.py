"""The rows of made-up clients, ready to be inserted. The same place gives the same people every time.

Of ten clients: five pay by card, twelve contacts, twelve services, four invoices of which three are paid.
There are no orders, jobs and mails: those come of real ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from core.billing import ledger
from core.billing.models import Entry, Invoice, InvoiceLine, Posting
from core.clients.models import BillingAccount, Client, Contact
from core.demo_data import people
from core.demo_data.people import Culture, Person
from core.kernel.search import NewEntry
from core.payments.models import Allocation, Attempt, AttemptStep
from core.services.models import Service

Row = dict[str, Any]
SERVICES = (1, 1, 2, 1, 0, 1, 3, 1, 1, 1)  # of ten clients
INVOICED = (True, False, True, False, False, True, False, True, False, False)
PAID = 3  # of four invoices
TLDS = ("example", "example.com", "example.net", "example.org")
DAY, MONTH, YEAR = timedelta(days=1), timedelta(days=30), timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A product as it is sold: per cycle, in minor units."""

    product_id: UUID
    label: str
    cycle_unit: str
    minor: int
    gl_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What is the same for all: the brand, its plans, statuses by label with their weights, groups."""

    brand_id: UUID
    currency: str
    prefix: str
    plans: tuple[Plan, ...]
    statuses: tuple[tuple[UUID, str, int], ...]  # id, behaviour, weight
    groups: tuple[UUID | None, ...]


@dataclass(slots=True)
class Batch:
    """Rows by table, in the order in which they may be inserted, and what they are found by."""

    rows: defaultdict[type, list[Row]] = field(default_factory=lambda: defaultdict(list))
    found_by: defaultdict[str, list[NewEntry]] = field(default_factory=lambda: defaultdict(list))

    @property
    def tables(self) -> list[tuple[type, list[Row]]]:
        return [(table, self.rows[table]) for table in ORDER if self.rows[table]]


ORDER = (
    Client, Contact, BillingAccount, Service, Invoice, InvoiceLine, Attempt, AttemptStep, Allocation, Entry,
    Posting,
)  # fmt: skip


def id_at(random: Random, moment: datetime) -> UUID:
    """A UUIDv7 of a past moment (RFC 9562, 5.7)."""
    value = int(moment.timestamp() * 1000) << 80 | random.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


class Maker:
    """Makes the clients of one chunk. Numbers are taken by the caller, who knows how many are needed."""

    def __init__(self, shop: Shop, first: int, numbers: Mapping[str, Iterator[int]], now: datetime) -> None:
        self.shop = shop
        self.now = now
        self.random = Random(first)
        self.numbers = numbers
        self.batch = Batch()

    def client(self, index: int, moment: datetime, culture: Culture) -> None:
        """One client with everything of theirs."""
        random, batch = self.random, self.batch
        owner = people.person(random, culture)
        company = people.company(random, culture, owner)
        [status] = random.choices(self.shop.statuses, [weight for _, _, weight in self.shop.statuses])
        client_id, number = id_at(random, moment), next(self.numbers["client"])
        batch.rows[Client].append({
            "id": client_id, "brand_id": self.shop.brand_id, "number": number, "company_name": company,
            "status_id": status[0], "group_id": random.choice(self.shop.groups), "is_taxable": True,
            "billing_country": culture.country, "currency": self.shop.currency, "created_at": moment,
            "closed_at": moment + 90 * DAY if status[1] == "closed" else None,
        })  # fmt: skip
        texts = [str(number), company, *self._contacts(index, client_id, moment, culture, owner, company)]
        if index % 2 == 0:
            texts.append(self._card(client_id, moment, owner))
        batch.found_by["client"].append(NewEntry(subject_id=client_id, texts=tuple(texts)))
        bought = [self._service(index, nth, client_id, moment) for nth in range(SERVICES[index % 10])]
        if INVOICED[index % 10] and bought:
            self._invoice(index, client_id, moment, owner, bought[0])

    def _contacts(
        self, index: int, client_id: UUID, moment: datetime, culture: Culture, owner: Person, company: str
    ) -> list[str]:
        texts = []
        for nth in range(2 if index % 5 == 0 else 1):
            one = owner if nth == 0 else people.person(self.random, culture)
            email = f"{one.handle}.{index}{'' if nth == 0 else 'b'}@{TLDS[index % 4]}"
            row = self._contact(client_id, moment, culture, one, email, is_primary=nth == 0)
            self.batch.rows[Contact].append(row | {"company_name": company})
            texts += [one.first, one.last, email] + ([] if one.last.isascii() else [one.last + one.first])
        return texts

    def _contact(
        self, client_id: UUID, moment: datetime, culture: Culture, one: Person, email: str, *,
        is_primary: bool,
    ) -> Row:  # fmt: skip
        random = self.random
        city, state, code = random.choice(culture.cities)
        return {
            "id": id_at(random, moment), "client_id": client_id, "is_primary": is_primary,
            "roles": ["billing"] if is_primary else ["technical"], "first_name": one.first,
            "last_name": one.last, "email": email, "city": city, "state": state, "postal_code": code,
            "street_address": random.choice(culture.streets).format(random.randint(1, 199)),
            "country": culture.country, "language": culture.language,
            "primary_phone": f"{culture.phone}{random.randint(0, 9999):04}",
        }  # fmt: skip

    def _card(self, client_id: UUID, moment: datetime, owner: Person) -> str:
        """A card that is only shown: there is no source behind it, so that nothing can be charged."""
        last4 = f"{self.random.randint(0, 9999):04}"
        self.batch.rows[BillingAccount].append({
            "id": id_at(self.random, moment), "client_id": client_id, "gateway": "sandbox_cards",
            "kind": "card", "brand": self.random.choice(("Visa", "Mastercard")), "last4": last4,
            "holder": f"{owner.first} {owner.last}",
            "expires_on": (moment + 1400 * DAY).date().replace(day=1), "is_default": True,
            "created_at": moment,
        })  # fmt: skip
        return last4

    def _service(self, index: int, nth: int, client_id: UUID, moment: datetime) -> Row:
        plan = self.random.choice(self.shop.plans)
        number, started = next(self.numbers["service"]), moment.date()
        status = self.random.choice(("active",) * 8 + ("suspended", "terminated"))
        domain = f"{self.random.choice(people.CULTURES).first[0][1]}-{index}{'abc'[nth]}.{TLDS[index % 4]}"
        row: Row = {
            "id": id_at(self.random, moment), "brand_id": self.shop.brand_id, "number": number,
            "client_id": client_id, "product_id": plan.product_id, "label": plan.label, "domain": domain,
            "status": status, "cycle_unit": plan.cycle_unit, "cycle_count": 1, "anchor_day": started.day,
            "quantity": 1, "price_minor": plan.minor, "currency": self.shop.currency,
            "started_on": started, "created_at": moment, "activated_at": moment,
            "next_due_on": None if status == "terminated" else _next_due(moment, plan.cycle_unit, self.now),
            "ended_at": moment + 60 * DAY if status == "terminated" else None,
        }  # fmt: skip
        self.batch.rows[Service].append(row)
        entry = NewEntry(subject_id=row["id"], client_id=client_id, texts=(f"S-{number}", domain, plan.label))
        self.batch.found_by["service"].append(entry)
        return row | {"gl_code": plan.gl_code}

    def _invoice(self, index: int, client_id: UUID, moment: datetime, owner: Person, service: Row) -> None:
        is_paid = index // 10 % 4 < PAID
        year, minor, invoice_id = moment.year, service["price_minor"], id_at(self.random, moment)
        number = next(self.numbers[f"invoice:{year}"])
        label = f"{self.shop.prefix}{year}-{number:06}"
        issued = moment.date()
        self.batch.rows[Invoice].append({
            "id": invoice_id, "brand_id": self.shop.brand_id, "client_id": client_id, "kind": "invoice",
            "series": f"{self.shop.brand_id}:{year}", "number": number, "label": label,
            "status": "paid" if is_paid else "unpaid", "issued_on": issued, "due_on": issued + 14 * DAY,
            "paid_on": issued if is_paid else None, "currency": self.shop.currency, "net_minor": minor,
            "tax_minor": 0, "total_minor": minor, "paid_minor": minor if is_paid else 0,
            "facts": {"seller": ["Wayside Hosting LLC"], "buyer": [f"{owner.first} {owner.last}"]},
            "digest": "", "created_at": moment,
        })  # fmt: skip
        self.batch.rows[InvoiceLine].append({
            "id": id_at(self.random, moment), "invoice_id": invoice_id, "position": 1,
            "service_id": service["id"], "kind": "recurring", "period_start": issued,
            "period_end": _period_end(moment, service["cycle_unit"]),
            "text": f"{service['label']} {service['domain']}", "quantity": 1, "unit_minor": minor,
            "net_minor": minor, "gl_code": service["gl_code"],
        })  # fmt: skip
        self._entry(client_id, moment, f"invoice:{invoice_id}", label, minor, service["gl_code"])
        self.batch.found_by["invoice"].append(
            NewEntry(subject_id=invoice_id, client_id=client_id, texts=(label,))
        )
        if is_paid:
            self._payment(client_id, moment, invoice_id, minor)

    def _payment(self, client_id: UUID, moment: datetime, invoice_id: UUID, minor: int) -> None:
        attempt_id, number = id_at(self.random, moment), next(self.numbers["attempt"])
        self.batch.rows[Attempt].append({
            "id": attempt_id, "number": number, "brand_id": self.shop.brand_id, "client_id": client_id,
            "invoice_id": invoice_id, "idempotency_key": f"ik-{attempt_id}", "kind": "charge",
            "gateway": "manual", "mode": "test", "method": "Received by hand",
            "amount_minor": minor, "currency": self.shop.currency, "state": "succeeded",
            "reference": f"demo-{number}", "created_at": moment, "sent_at": moment, "settled_at": moment,
        })  # fmt: skip
        self.batch.rows[AttemptStep].append({
            "id": id_at(self.random, moment), "attempt_id": attempt_id, "at": moment, "state": "succeeded",
        })  # fmt: skip
        self.batch.rows[Allocation].append({
            "id": id_at(self.random, moment), "attempt_id": attempt_id, "invoice_id": invoice_id,
            "amount_minor": minor, "source": f"attempt:{attempt_id}", "created_at": moment,
        })  # fmt: skip
        source = f"attempt:{attempt_id}:succeeded"
        self._entry(client_id, moment, source, f"A-{number}", -minor, ledger.MONEY)

    def _entry(
        self, client_id: UUID, moment: datetime, source: str, note: str, owed: int, other: str
    ) -> None:  # fmt: skip
        """The client owes this much more; ``other`` is the account of the other side."""
        entry_id = id_at(self.random, moment)
        self.batch.rows[Entry].append({
            "id": entry_id, "brand_id": self.shop.brand_id, "occurred_on": moment.date(), "source": source,
            "note": note, "created_at": moment,
        })  # fmt: skip
        for account, whose, minor in ((ledger.RECEIVABLE, client_id, owed), (other, None, -owed)):
            self.batch.rows[Posting].append({
                "id": id_at(self.random, moment), "entry_id": entry_id, "account": account,
                "client_id": whose, "amount_minor": minor, "currency": self.shop.currency,
            })  # fmt: skip


def _period_end(moment: datetime, unit: str) -> date:
    """The first day after the period that begins at ``moment``: about a month, or a year."""
    return (moment + (YEAR if unit == "year" else MONTH)).date()


def _next_due(moment: datetime, unit: str, now: datetime) -> date:
    """The end of the period that ``now`` lies in, counted from ``moment``."""
    step = YEAR if unit == "year" else MONTH
    return (moment + ((now - moment) // step + 1) * step).date()


def counted(first: int, last: int, years: list[int]) -> dict[str, int]:
    """How many numbers of each series the clients from ``first`` up to ``last`` (not included) need."""
    needed: defaultdict[str, int] = defaultdict(int)
    for index, year in zip(range(first, last), years, strict=True):
        needed["client"] += 1
        needed["service"] += SERVICES[index % 10]
        if INVOICED[index % 10] and SERVICES[index % 10]:
            needed[f"invoice:{year}"] += 1
            needed["attempt"] += index // 10 % 4 < PAID
    return dict(needed)
