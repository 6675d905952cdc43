"""Rows for tests of the read models, straight into the tables: each call makes one thing with sane facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.billing.models import Entry, Invoice, InvoiceLine, LedgerAccount, Posting, TaxLine
from core.brands.models import Brand
from core.catalog.models import Product, Terms
from core.clients.models import BillingAccount, Client, ClientStatus, Contact
from core.kernel.db import Base, Database
from core.kernel.ids import hash_token, new_id
from core.kernel.outbox import OutboxDelivery, OutboxEvent
from core.mail.models import MailMessage
from core.orders.models import Cart, Order, OrderLine, QuoteRow
from core.payments.models import Allocation, Attempt, AttemptStep, UnmatchedMoney
from core.provisioning.models import Drift, Job, JobStep, Pool, RemoteAccount, Server
from core.records import searching
from core.services.models import Service

NOW = datetime(2026, 11, 20, 20, 21, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
FOUND = (Client, Service, Invoice, Order)


@dataclass
class Rows:
    """A small host: one brand, its statuses, one product, one server; clients and orders on demand."""

    db: Database
    numbers: count[int] = field(default_factory=lambda: count(1001))
    brand_id: UUID = field(default_factory=new_id)
    product_id: UUID = field(default_factory=new_id)
    server_id: UUID = field(default_factory=new_id)
    terms_id: UUID = field(default_factory=new_id)
    statuses: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pool_id = new_id()
        self.add(
            Brand(
                id=self.brand_id, slug="main", name="Wayside Hosting", currency="USD",
                timezone="America/Chicago", number_prefix="WH",
            ),
            Pool(id=pool_id, name="shared"),
            *(
                LedgerAccount(code=code, name=name, kind=kind)
                for code, name, kind in (
                    ("1000", "Money at gateways", "asset"), ("1100", "Accounts receivable", "asset"),
                    ("2200", "Sales tax payable", "liability"), ("4000", "Hosting income", "income"),
                )
            ),
        )  # fmt: skip
        self.add(
            Product(
                id=self.product_id, brand_id=self.brand_id, slug="business-hosting",
                name="Business Hosting", kind="hosting", provisioner="sandbox_panel", pool_id=pool_id,
            ),
            Server(
                id=self.server_id, name="cedar-07", pool_id=pool_id, plugin="sandbox_panel",
                settings_encrypted="", capacity=200,
            ),
            Terms(
                id=self.terms_id, brand_id=self.brand_id, title="Terms of service", body="Be kind.",
                valid_from=date(2026, 10, 1),
            ),
        )  # fmt: skip
        for position, behaviour in enumerate(("pending", "active", "suspended", "closed")):
            self.statuses[behaviour] = new_id()
            self.add(
                ClientStatus(
                    id=self.statuses[behaviour],
                    label=behaviour.title(),
                    behaviour=behaviour,
                    position=position,
                )
            )

    def add(self, *things: Base) -> None:
        with self.db.transaction() as session:
            self._add(session, *things)

    def _add(self, session: Session, *things: Base) -> None:
        for thing in things:
            session.add(thing)
            session.flush()
            if isinstance(thing, FOUND):
                kind = type(thing).__tablename__
                searching.write(session, kind, [thing.id])
            if isinstance(thing, Contact | BillingAccount):
                searching.write(session, "client", [thing.client_id])

    def client(
        self,
        first: str = "Adaeze",
        last: str = "Okonkwo",
        company: str = "",
        *,
        status: str = "active",
        **more: Any,
    ) -> UUID:
        client_id, number = new_id(), next(self.numbers)
        email = more.pop("email", f"{first}.{number}@mail.example".lower())
        self.add(
            Client(
                id=client_id, brand_id=self.brand_id, number=number, company_name=company,
                status_id=self.statuses[status], billing_country="US", currency="USD", created_at=NOW, **more,
            ),
            Contact(
                id=new_id(), client_id=client_id, is_primary=True, roles=["billing"], first_name=first,
                last_name=last, email=email, street_address="2207 East Cesar Chavez Street", city="Austin",
                state="TX", county="Travis", postal_code="78702", country="US", primary_phone="+15125550186",
            ),
            BillingAccount(
                id=new_id(), client_id=client_id, gateway="sandbox_card", kind="card", brand="Visa",
                last4="4242", expires_on=date(2029, 6, 30), is_default=True, created_at=NOW,
            ),
        )  # fmt: skip
        return client_id

    def service(self, client_id: UUID, *, domain: str = "pinewoodbakery.com", status: str = "active") -> UUID:
        service_id = new_id()
        self.add(
            Service(
                id=service_id, brand_id=self.brand_id, number=next(self.numbers), client_id=client_id,
                product_id=self.product_id, label="Business Hosting", domain=domain, status=status,
                cycle_unit="year", cycle_count=1, anchor_day=20, price_minor=14400, currency="USD",
                started_on=TODAY, next_due_on=date(2027, 11, 20), created_at=NOW,
            )
        )  # fmt: skip
        return service_id

    def invoice(
        self,
        client_id: UUID,
        *,
        service_id: UUID | None = None,
        status: str = "unpaid",
        net: int = 14400,
        tax: int = 720,
    ) -> UUID:
        invoice_id, number, paid = new_id(), next(self.numbers), net + tax if status == "paid" else 0
        entry_id = new_id()
        self.add(
            Invoice(
                id=invoice_id, brand_id=self.brand_id, client_id=client_id, series="main-2026", number=number,
                label=f"WH-2026-{number:06}", status=status, issued_on=TODAY, due_on=date(2026, 12, 4),
                currency="USD", net_minor=net, tax_minor=tax, total_minor=net + tax, paid_minor=paid,
                paid_on=TODAY if paid else None,
                facts={"seller": {"name": "Wayside Hosting LLC"}, "buyer": {}},
                digest="0" * 64, created_at=NOW,
            ),
            InvoiceLine(
                id=new_id(), invoice_id=invoice_id, position=1, service_id=service_id, kind="once",
                text="Business Hosting, yearly", unit_minor=net, net_minor=net, gl_code="4000",
                period_start=TODAY, period_end=date(2027, 11, 20),
            ),
            TaxLine(
                id=new_id(), invoice_id=invoice_id, position=1, name="Texas sales tax", rate="0.0625",
                taxable_share="0.80", base_minor=net * 80 // 100, tax_minor=tax,
            ),
        )  # fmt: skip
        with self.db.transaction() as session:
            self._add(
                session,
                Entry(
                    id=entry_id, brand_id=self.brand_id, occurred_on=TODAY, source=f"invoice:{invoice_id}",
                    created_at=NOW,
                ),
                *(
                    Posting(
                        id=new_id(), entry_id=entry_id, account=account, client_id=client_id,
                        amount_minor=minor, currency="USD",
                    )
                    for account, minor in (("1100", net + tax), ("4000", -net), ("2200", -tax))
                ),
            )  # fmt: skip
        return invoice_id

    def attempt(
        self,
        client_id: UUID,
        invoice_id: UUID,
        *,
        state: str = "succeeded",
        gateway: str = "sandbox_card",
        **more: Any,
    ) -> UUID:
        attempt_id = new_id()
        amount = more.pop("amount_minor", 15120)
        self.add(
            Attempt(
                id=attempt_id, number=next(self.numbers), brand_id=self.brand_id, client_id=client_id,
                invoice_id=invoice_id, idempotency_key=str(attempt_id), gateway=gateway, mode="test",
                method=more.pop("method", "Visa ending in 4242"), amount_minor=amount, currency="USD",
                state=state, created_at=NOW, **more,
            ),
            AttemptStep(id=new_id(), attempt_id=attempt_id, at=NOW, state="sent"),
            AttemptStep(id=new_id(), attempt_id=attempt_id, at=NOW, state=state, note="answer"),
        )  # fmt: skip
        if state == "succeeded":
            self.add(
                Allocation(
                    id=new_id(), attempt_id=attempt_id, invoice_id=invoice_id, amount_minor=amount,
                    source=f"attempt:{attempt_id}", created_at=NOW,
                )
            )  # fmt: skip
        return attempt_id

    def job(self, service_id: UUID, *, state: str = "done", action: str = "create", **more: Any) -> UUID:
        job_id = new_id()
        self.add(
            Job(
                id=job_id, number=next(self.numbers), service_id=service_id, server_id=self.server_id,
                action=action, idempotency_key=str(job_id), state=state, attempts=1, created_at=NOW, **more,
            ),
            JobStep(id=new_id(), job_id=job_id, at=NOW, state="running", note="asked the panel"),
            JobStep(
                id=new_id(), job_id=job_id, at=NOW, state=state, note="HTTP 502",
                raw="HTTP 502\n<h1>Bad Gateway</h1>",
            ),
        )  # fmt: skip
        return job_id

    def account(self, service_id: UUID, username: str = "pinewood") -> None:
        self.add(
            RemoteAccount(
                id=new_id(),
                service_id=service_id,
                server_id=self.server_id,
                username=username,
                domain="pinewoodbakery.com",
                marker="m",
                state="active",
                facts={"ip": "192.0.2.10"},
            )
        )

    def mail(
        self, client_id: UUID, *, order_id: UUID | None = None, state: str = "sent", **more: Any
    ) -> UUID:
        mail_id = new_id()
        self.add(
            MailMessage(
                id=mail_id, number=next(self.numbers), brand_id=self.brand_id, client_id=client_id,
                order_id=order_id, type="order", sender="shop@wayside.example",
                recipient=more.pop("recipient", "adaeze@mail.example"),
                subject=more.pop("subject", "We have received your order"), body_text="Thank you.",
                body_html=more.pop("body_html", "<p>Thank you.</p>"),
                message_id=f"<{mail_id}@wayside.example>",
                dedupe_key=str(mail_id), state=state, next_try_at=NOW, created_at=NOW, **more,
            )
        )  # fmt: skip
        return mail_id

    def order(self, client_id: UUID, invoice_id: UUID, service_id: UUID, *, state: str = "completed") -> UUID:
        order_id, cart_id, quote_id, number = new_id(), new_id(), new_id(), next(self.numbers)
        self.add(
            Cart(
                id=cart_id, token_hash=hash_token(str(cart_id)), brand_id=self.brand_id, currency="USD",
                expires_at=NOW, created_at=NOW,
            ),
            QuoteRow(
                id=quote_id, cart_id=cart_id, digest="d", body={}, currency="USD", total_minor=15120,
                priced_on=TODAY, created_at=NOW, expires_at=NOW,
            ),
            Order(
                id=order_id, brand_id=self.brand_id, number=number, label=f"WH-{number}",
                token_hash=hash_token(str(order_id)), token_encrypted="", quote_id=quote_id,
                client_id=client_id, invoice_id=invoice_id, gateway="sandbox_card", state=state,
                placement_key=str(cart_id), terms_id=self.terms_id, terms_accepted_at=NOW, ip="203.0.113.24",
                placed_at=NOW,
            ),
            OrderLine(
                id=new_id(), order_id=order_id, position=1, service_id=service_id,
                text="Business Hosting, yearly", net_minor=14400,
            ),
        )  # fmt: skip
        return order_id

    def unmatched(self, amount: int | None = 6150) -> UUID:
        unmatched_id = new_id()
        self.add(
            UnmatchedMoney(
                id=unmatched_id, gateway="sandbox_echeck", event_id=str(unmatched_id), reference="bt_1",
                amount_minor=amount, currency="USD" if amount is not None else None, reason="no_attempt",
                created_at=NOW,
            )
        )  # fmt: skip
        return unmatched_id

    def dead_delivery(self) -> UUID:
        event_id, delivery_id = new_id(), new_id()
        self.add(
            OutboxEvent(id=event_id, name="invoice.paid", payload={"invoice_id": "x"}, created_at=NOW),
            OutboxDelivery(
                id=delivery_id, event_id=event_id, subscriber="mail:invoice.paid", state="dead", attempts=20,
                next_try_at=NOW, error="TimeoutError",
            ),
        )  # fmt: skip
        return delivery_id

    def drift(self) -> None:
        self.add(
            Drift(
                id=new_id(),
                server_id=self.server_id,
                kind="stray",
                subject="oldshop",
                theirs="active",
                found_at=NOW,
            )
        )
