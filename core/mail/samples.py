"""Letters with invented facts: each mail type can be looked at without an order. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from core.brands.values import BrandView
from core.catalog.values import cycle_words
from core.kernel import i18n
from core.kernel.calendar import Cycle
from core.kernel.i18n import gettext as _
from core.kernel.money import Money
from core.mail.letters import (
    CardFacts,
    DeviceFacts,
    HowToPay,
    InvoiceFacts,
    JobFacts,
    Letter,
    OrderFacts,
    PackageFacts,
    PaymentFacts,
    Reader,
    Row,
    UserFacts,
    package_facts,
)
from core.mail.rendering import Rendered, render
from core.mail.types import PACKAGES
from core.mail.words import Words
from core.payments.rules import decline_words
from core.payments.words import method_words

YEARLY = Cycle.of("year", 1)
NOBODY = UUID(int=0)
_ORDER = OrderFacts(id=NOBODY, label="WH-10482", url="https://shop.example/orders/example")
_AT = datetime(2026, 11, 20, 18, 12, tzinfo=UTC)
_USER = UserFacts(
    username="adaeze", url="https://shop.example/portal/", at=_AT, good_until=_AT + timedelta(hours=1)
)
_DEVICE = DeviceFacts(device="Firefox, Linux", ip="203.0.113.7", at=_AT)
_ACCESS = {
    "username": "pinewood",
    "panel_url": "https://cedar-03.wayside.example",
    "nameservers": "ns1.wayside.example, ns2.wayside.example",
}


def preview(name: str, brand: BrandView, language: str = i18n.SOURCE) -> Rendered:
    """How a mail type looks for a brand, in one of the languages there are. Raises KeyError for a type that
    does not exist."""
    return render(name, sample(name, brand, language))


def sample(name: str, brand: BrandView, language: str = i18n.SOURCE) -> Letter:
    """A letter of one type as it could be. Raises KeyError for a type that does not exist."""
    with i18n.using(language):
        locale = str(i18n.locale_for(home=brand.locale))
        reader = Reader(
            email="adaeze@pinewoodbakery.example", first_name="Adaeze", last_name="Okafor",
            language=i18n.current(), locale=locale, choices=("invoice",),
        )  # fmt: skip
        return _sample(name, brand, reader)


def _sample(name: str, brand: BrandView, reader: Reader) -> Letter:
    plain = Letter(
        brand=brand, reader=reader, test_mode=True, client_id=NOBODY, order=_ORDER,
        invoice=_invoice(brand, reader.locale, is_paid=False), account_url="https://shop.example/portal/",
    )  # fmt: skip
    paid = replace(plain, invoice=_invoice(brand, reader.locale, is_paid=True))
    card = PaymentFacts(
        amount=paid.invoice.total if paid.invoice else Money.zero(brand.currency),
        method=method_words("Visa ending in 4242"), at=datetime(2026, 11, 20, 18, tzinfo=UTC),
    )  # fmt: skip
    bank = replace(card, method=method_words("First Prairie Bank, account ending in 6789"), kind="echeck")
    alone = replace(plain, order=None, invoice=None, packages=_packages()[:1])
    staff = replace(alone, packages=(), job=_JOB)
    person = replace(alone, packages=(), user=_USER, test_mode=False)
    return {
        "order_received": _by_hand(plain),
        "payment": replace(paid, payment=card),
        "echeck_pending": replace(plain, payment=bank),
        "payment_declined": replace(plain, payment=replace(card, reason=decline_words("expired_card"))),
        "payment_returned": replace(plain, payment=bank),
        "payment_not_sent": replace(plain, payment=card),
        "payment_unknown": replace(plain, payment=card),
        "invoice": replace(plain, order=None),
        "card_expiration": replace(
            alone, packages=(), card=CardFacts(label=card.method, last_day=date(2026, 12, 31))
        ),
        PACKAGES: replace(paid, packages=_packages()),
        "suspension": alone,
        "enabled": alone,
        "new_device": replace(person, device=_DEVICE),
        "password_changed": person,
        "factor_changed": replace(person, user=replace(_USER, change="added")),
        "password_reset": person,
        "invite": person,
        "staff_job_failed": staff,
        "staff_task": replace(staff, job=replace(_JOB, reason="", note=("Set up the shelf in row 4.",))),
    }[name]


def _packages() -> tuple[PackageFacts, ...]:
    domain = "pinewoodbakery.example"
    return (
        PackageFacts(label="Business Hosting", domain=domain, facts=package_facts(_ACCESS, domain)),
        PackageFacts(label="Domain name", domain=domain, is_name=True, until=date(2027, 11, 20)),
    )


def _by_hand(letter: Letter) -> Letter:
    lines = ("Payable to: Wayside Hosting LLC, 100 Congress Avenue, Austin, TX 78701",)
    return replace(
        letter, order=replace(_ORDER, starts="transfer"), how_to_pay=HowToPay(title="How to pay", lines=lines)
    )


def _invoice(brand: BrandView, locale: str, *, is_paid: bool) -> InvoiceFacts:
    words, currency = Words.of(brand, locale), brand.currency
    period = words.period(date(2026, 11, 20), date(2027, 11, 20))

    def money(minor: int) -> Money:
        return Money(minor, currency)

    return InvoiceFacts(
        label="WH-2026-004817",
        url="https://shop.example/portal/invoices/example",
        status="paid" if is_paid else "unpaid",
        due_on=date(2026, 12, 4),
        total=money(15075),
        open=money(0 if is_paid else 15075),
        rows=(
            Row(
                text="Business Hosting",
                amount=money(14400),
                detail=("pinewoodbakery.example", f"{cycle_words(YEARLY)}, {period}"),
            ),
            Row(
                text="pinewoodbakery.example",
                amount=money(1200),
                detail=(_("Domain name"), cycle_words(YEARLY)),
            ),
            Row(text="WELCOME10, 10% off hosting, first payment", amount=money(-1440), is_off=True),
            Row(text="Texas sales tax, 6.25% of 80%", amount=money(915)),
        ),
        notes=(
            _("{name} renews on {day} for {amount}").format(
                name="Business Hosting", day=words.day(date(2027, 11, 20)), amount=words.money(money(14400))
            ),
        ),
    )


_JOB = JobFacts(
    number=80012, action="create", service_label="Business Hosting", domain="pinewoodbakery.example",
    client_name="Pinewood Bakery", server_name="cedar-07", tries=7, reason="package missing", in_doubt=False,
    note=("the panel said no_such_plan",), url="https://shop.example/admin/jobs/example",
)  # fmt: skip
