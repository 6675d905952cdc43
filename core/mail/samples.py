"""Letters with invented facts: each mail type can be looked at without an order. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from core.brands.values import BrandView
from core.kernel.money import Money
from core.mail.letters import (
    HowToPay,
    InvoiceFacts,
    JobFacts,
    Letter,
    OrderFacts,
    PackageFacts,
    PaymentFacts,
    Reader,
    Row,
)
from core.mail.rendering import Rendered, render
from core.mail.types import PACKAGES

NOBODY = UUID(int=0)
_ORDER = OrderFacts(id=NOBODY, label="WH-10482", url="https://shop.example/orders/example")
_PACKAGES = (
    PackageFacts(
        label="Business Hosting",
        domain="pinewoodbakery.example",
        facts=(
            ("Username", ("pinewood",)),
            ("Control panel", ("https://cedar-03.wayside.example",)),
            ("Name servers", ("ns1.wayside.example", "ns2.wayside.example")),
        ),
    ),
    PackageFacts(
        label="Domain name", domain="pinewoodbakery.example", is_name=True, until=date(2027, 11, 20)
    ),
)


def preview(name: str, brand: BrandView) -> Rendered:
    """How a mail type looks for a brand. Raises KeyError for a type that does not exist."""
    return render(name, sample(name, brand))


def sample(name: str, brand: BrandView) -> Letter:
    """A letter of one type as it could be. Raises KeyError for a type that does not exist."""
    plain = Letter(
        brand=brand, reader=Reader(email="adaeze@pinewoodbakery.example", first_name="Adaeze"),
        test_mode=True, client_id=NOBODY, order=_ORDER, invoice=_invoice(brand.currency, is_paid=False),
    )  # fmt: skip
    paid = replace(plain, invoice=_invoice(brand.currency, is_paid=True))
    card = PaymentFacts(
        amount=paid.invoice.total if paid.invoice else Money.zero(brand.currency),
        method="Visa ending in 4242", at=datetime(2026, 11, 20, 18, tzinfo=UTC),
    )  # fmt: skip
    bank = replace(card, method="First Prairie Bank ending in 6789", kind="echeck")
    staff = Letter(
        brand=brand, reader=Reader(email=brand.support_email), test_mode=True, client_id=NOBODY, job=_JOB
    )
    return {
        "order_received": _by_hand(plain),
        "payment": replace(paid, payment=card),
        "echeck_pending": replace(plain, payment=bank),
        "declined_payment": replace(plain, payment=replace(card, reason="This card has expired.")),
        "payment_error": replace(plain, payment=bank),
        PACKAGES: replace(paid, packages=_PACKAGES),
        "staff_job_failed": staff,
        "staff_task": replace(staff, job=replace(_JOB, reason="", note=("Set up the shelf in row 4.",))),
    }[name]


def _by_hand(letter: Letter) -> Letter:
    lines = ("Payable to: Wayside Hosting LLC, 100 Congress Avenue, Austin, TX 78701",)
    return replace(
        letter, order=replace(_ORDER, starts="transfer"), how_to_pay=HowToPay(title="How to pay", lines=lines)
    )


def _invoice(currency: str, *, is_paid: bool) -> InvoiceFacts:
    def money(minor: int) -> Money:
        return Money(minor, currency)

    return InvoiceFacts(
        label="WH-2026-004817",
        status="paid" if is_paid else "unpaid",
        due_on=date(2026, 12, 4),
        total=money(15075),
        open=money(0 if is_paid else 15075),
        rows=(
            Row(
                text="Business Hosting",
                amount=money(14400),
                detail=("pinewoodbakery.example", "Yearly, Nov 20, 2026 to Nov 19, 2027"),
            ),
            Row(text="pinewoodbakery.example", amount=money(1200), detail=("Domain name", "Yearly")),
            Row(text="WELCOME10, 10% off hosting, first payment", amount=money(-1440), is_off=True),
            Row(text="Texas sales tax, 6.25% of 80%", amount=money(915)),
        ),
        notes=("Business Hosting renews on Nov 20, 2027 for $144.00",),
    )


_JOB = JobFacts(
    number=80012, action="create", service_label="Business Hosting", domain="pinewoodbakery.example",
    client_name="Pinewood Bakery", server_name="cedar-07", tries=7, reason="package missing", in_doubt=False,
    note=("the panel said no_such_plan",), url="https://shop.example/admin/jobs/example",
)  # fmt: skip
