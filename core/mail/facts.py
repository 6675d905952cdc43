"""What a mail says, read from the slices when its event is delivered, for one reader at a time.

An event may be delivered late. Where what it tells is no longer so (the order was paid meanwhile, the
transfer has arrived) there is nothing to say, and the answer is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import service as billing
from core.brands import service as brands
from core.brands.values import BrandView
from core.catalog import service as catalog
from core.clients import audience
from core.clients import service as clients
from core.clients.values import ContactView
from core.kernel import i18n
from core.mail import bills
from core.mail.letters import (
    CardFacts,
    InvoiceFacts,
    JobFacts,
    Letter,
    OrderFacts,
    PackageFacts,
    PaymentFacts,
    Reader,
    package_facts,
)
from core.orders.models import Order, OrderLine
from core.orders.placing import order_token
from core.payments import attempts
from core.payments.rules import State, decline_words
from core.payments.values import BY_HAND, AttemptView
from core.payments.words import method_words
from core.plugin_api.context import Mode
from core.plugin_api.gateway import GatewayKind, TakesManualPayments
from core.plugin_host.house import PluginHouse
from core.plugin_host.values import GatewayEntry
from core.provisioning import placement
from core.provisioning import queries as provisioning
from core.provisioning.queries import JobRow
from core.services import service as services
from core.services.values import ServiceView
from core.settings import Settings

Payload = Mapping[str, str]
Gather = Callable[[Session, "MailHouse", Payload, Reader], "Letter | None"]
EXPIRES = "Expires"  # what a registrar's account says of its end, as in orders
STAFF = Reader(email="")  # whose address is that of the brand it is about


class MailHouse(PluginHouse, Protocol):
    """What mail needs of the application."""

    @property
    def settings(self) -> Settings: ...


def readers(session: Session, client_id: UUID) -> tuple[Reader, ...]:
    """The contacts of a client that may be written to, whatever they want to hear of."""
    brand = brands.brand_by_id(session, clients.client_by_id(session, client_id).brand_id)
    return tuple(reader_of(contact, brand) for contact in audience.of_client(session, client_id))


def reader_of(contact: ContactView, brand: BrandView, *, email: str = "") -> Reader:
    """A contact as a reader, at its own address or another one of theirs."""
    language = i18n.best(contact.language)
    with i18n.using(language):
        locale = str(i18n.locale_for(country=contact.country, home=brand.locale))
    return Reader(
        email=email or contact.email, first_name=contact.first_name, last_name=contact.last_name,
        contact_id=contact.id, language=language, locale=locale, choices=contact.mail_choices,
        wants_html=contact.email_format == "html",
    )  # fmt: skip


def letter_for(
    session: Session, house: MailHouse, name: str, payload: Payload, reader: Reader
) -> Letter | None:
    """The letter of one mail type for what an event names, in the reader's language; None when there is
    nothing to say any more.

    Raises NotFound and NoResultFound for ids that do not exist: the delivery is tried again.
    """
    with i18n.using(reader.language):
        return _GATHER[name](session, house, payload, reader)


def _order_received(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    order = session.get_one(Order, UUID(payload["order_id"]))
    if order.state == "cancelled":
        return None
    return replace(_of_order(session, house, order, reader), with_paper="invoice" in reader.choices)


def _invoice(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    """An order's invoice is told of by the order's own mail, to whoever gets that."""
    head = billing.find(session, UUID(payload["invoice_id"]))
    if head.status in ("draft", "void"):
        return None
    order = session.get(Order, head.order_id) if head.order_id else None
    if order is None:
        invoice = bills.of_invoice(session, head.id, reader.locale, house.settings.public_url)
        letter = _letter(session, house, head.client_id, reader, invoice=invoice)
    elif order.state == "cancelled" or "order_received" in reader.choices:
        return None
    else:
        letter = _of_order(session, house, order, reader)
    return replace(letter, with_paper=True)


def _payment(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _of_attempt(session, house, payload, reader, (State.SUCCEEDED, State.REFUNDED))


def _pending(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _of_attempt(session, house, payload, reader, (State.PENDING,))


def _declined(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _owed(_of_attempt(session, house, payload, reader, (State.DECLINED,)))


def _returned(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _owed(_of_attempt(session, house, payload, reader, (State.RETURNED,)))


def _not_sent(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _owed(_of_attempt(session, house, payload, reader, (State.NOT_SENT,)))


def _unknown(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _of_attempt(session, house, payload, reader, (State.UNKNOWN,))


def _owed(letter: Letter | None) -> Letter | None:
    """Nobody is asked to pay what was paid, or need not be paid, meanwhile."""
    settled = letter is None or letter.invoice is None or letter.invoice.status in ("paid", "void")
    return None if settled else letter


def _of_attempt(
    session: Session, house: MailHouse, payload: Payload, reader: Reader, states: tuple[State, ...]
) -> Letter | None:
    attempt = attempts.find(session, UUID(payload["attempt_id"]))
    if attempt.state not in states or attempt.kind != "charge":
        return None
    order = session.scalar(select(Order).where(Order.invoice_id == attempt.invoice_id))
    payment, is_test = _payment_facts(house, attempt), _is_test(house, attempt.gateway)
    if order is not None:
        return _of_order(session, house, order, reader, payment=payment, test_mode=is_test)
    invoice = bills.of_invoice(session, attempt.invoice_id, reader.locale, house.settings.public_url)
    return _letter(
        session, house, attempt.client_id, reader, payment=payment, invoice=invoice, test_mode=is_test
    )


def _payment_facts(house: MailHouse, attempt: AttemptView) -> PaymentFacts:
    entry = house.plugins.gateways.get(attempt.gateway)
    by_hand = attempt.method == BY_HAND
    return PaymentFacts(
        amount=attempt.amount,
        method=(entry.spec.name if entry else "") if by_hand else method_words(attempt.method),
        at=attempt.settled_at,
        reference=(attempt.reference or "") if by_hand else "",
        reason=decline_words(attempt.code) if attempt.code else "",
        kind=entry.spec.kind.value if entry else "",
        code=attempt.code or "",
    )


def _card(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    account = clients.billing_account(session, UUID(payload["billing_account_id"]))
    if account.removed or account.expires_on is None:
        return None
    card = CardFacts(label=method_words(account.label), last_day=account.expires_on)
    is_test = _is_test(house, account.gateway)
    letter = _letter(session, house, account.client_id, reader, test_mode=is_test)
    return replace(letter, card=card, account_url=f"{house.settings.public_url}/portal/ways-to-pay")


def _suspended(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _of_service(session, house, payload, reader, "suspended")


def _enabled(session: Session, house: MailHouse, payload: Payload, reader: Reader) -> Letter | None:
    return _of_service(session, house, payload, reader, "active")


def _of_service(
    session: Session, house: MailHouse, payload: Payload, reader: Reader, status: str
) -> Letter | None:
    service = services.find(session, UUID(payload["service_id"]))
    if service.status != status:
        return None
    return package_letter(session, house, None, [service], reader)


def package_letter(
    session: Session, house: MailHouse, order: Order | None, ready: list[ServiceView], reader: Reader
) -> Letter:
    """How to use these services of one client."""
    with i18n.using(reader.language):
        packages = tuple(_package(session, one) for one in ready)
        if order is not None:
            return _of_order(session, house, order, reader, packages=packages)
        return _letter(session, house, ready[0].client_id, reader, packages=packages)


def order_of_service(session: Session, service_id: UUID) -> Order | None:
    """The order that brought a service."""
    return session.scalar(
        select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.service_id == service_id)
    )


def services_of_order(session: Session, order_id: UUID) -> list[ServiceView]:
    ids = session.scalars(select(OrderLine.service_id).where(OrderLine.order_id == order_id))
    return services.find_many(session, list(ids))


def _package(session: Session, service: ServiceView) -> PackageFacts:
    access = dict(placement.access_of(session, service.id))
    product = catalog.product_by_id(session, service.product_id)
    is_name = product is not None and product.kind == "domain" and bool(service.domain)
    expires = access.pop(EXPIRES, "") if is_name else ""
    return PackageFacts(
        label=service.label, domain=service.domain, is_name=is_name,
        until=date.fromisoformat(expires) if expires else None, facts=package_facts(access, service.domain),
    )  # fmt: skip


def _job(session: Session, house: MailHouse, payload: Payload, _reader: Reader) -> Letter | None:
    page = provisioning.job_page(session, UUID(payload["job_id"]))
    if page is None or page.job.state not in ("failed", "needs_staff"):
        return None
    job = page.job
    brand = brands.brand_by_id(session, clients.client_by_id(session, job.client_id).brand_id)
    if not brand.support_email:
        return None
    order = order_of_service(session, job.service_id)
    return Letter(
        brand=brand, reader=_staff_of(brand), test_mode=house.settings.is_demo,
        client_id=job.client_id, order=_order_facts(session, house, order) if order else None,
        job=_job_facts(house, job),
    )  # fmt: skip


def _staff_of(brand: BrandView) -> Reader:
    """Staff read the brand's language."""
    return Reader(email=brand.support_email, language=i18n.best(brand.locale), locale=brand.locale)


def _job_facts(house: MailHouse, job: JobRow) -> JobFacts:
    return JobFacts(
        number=job.number, action=job.action, service_label=job.service_label, domain=job.domain,
        client_name=job.client_name, server_name=job.server_name, tries=job.attempts,
        reason=job.error_code.replace("_", " "), in_doubt=job.in_doubt,
        note=tuple(line for line in job.staff_note.splitlines() if line.strip()),
        url=f"{house.settings.public_url}/admin/jobs/{job.id}",
    )  # fmt: skip


def _of_order(
    session: Session,
    house: MailHouse,
    order: Order,
    reader: Reader,
    *,
    payment: PaymentFacts | None = None,
    packages: tuple[PackageFacts, ...] = (),
    test_mode: bool = False,
) -> Letter:
    site = house.settings.public_url
    return _letter(
        session, house, order.client_id, reader, order=_order_facts(session, house, order),
        gateway=order.gateway, invoice=bills.of_order(session, order, reader.locale, site), payment=payment,
        packages=packages, test_mode=test_mode or _is_test(house, order.gateway),
    )  # fmt: skip


def _order_facts(session: Session, house: MailHouse, order: Order) -> OrderFacts:
    return OrderFacts(
        id=order.id,
        label=order.label,
        url=f"{house.settings.public_url}/orders/{order_token(house, order)}",
        starts=_starts(session, house, order),
        under_way=order.state in ("placed", "paid", "provisioning"),
    )


def _starts(session: Session, house: MailHouse, order: Order) -> str:
    if billing.find(session, order.invoice_id).status == "paid":
        return "nothing"
    entry = house.plugins.gateways.get(order.gateway)
    if is_manual(entry):
        return "transfer"
    return "bank" if entry is not None and entry.spec.kind is GatewayKind.ECHECK else "payment"


def is_manual(entry: GatewayEntry | None) -> bool:
    """Whether the buyer pays by hand and has to be told how."""
    return entry is not None and entry.spec.can(TakesManualPayments)


def _is_test(house: MailHouse, gateway: str) -> bool:
    entry = house.plugins.gateways.get(gateway)
    return entry is not None and entry.mode is Mode.TEST


def _letter(
    session: Session,
    house: MailHouse,
    client_id: UUID,
    reader: Reader,
    *,
    order: OrderFacts | None = None,
    gateway: str = "",
    invoice: InvoiceFacts | None = None,
    payment: PaymentFacts | None = None,
    packages: tuple[PackageFacts, ...] = (),
    test_mode: bool = False,
) -> Letter:
    brand = brands.brand_by_id(session, clients.client_by_id(session, client_id).brand_id)
    return Letter(
        brand=brand, reader=reader, client_id=client_id, order=order, gateway=gateway, invoice=invoice,
        payment=payment, packages=packages, account_url=f"{house.settings.public_url}/portal/",
        test_mode=test_mode or house.settings.is_demo,
    )  # fmt: skip


_GATHER: Mapping[str, Gather] = {
    "order_received": _order_received,
    "invoice": _invoice,
    "payment": _payment,
    "echeck_pending": _pending,
    "payment_declined": _declined,
    "payment_returned": _returned,
    "payment_not_sent": _not_sent,
    "payment_unknown": _unknown,
    "card_expiration": _card,
    "suspension": _suspended,
    "enabled": _enabled,
    "staff_job_failed": _job,
    "staff_task": _job,
}
