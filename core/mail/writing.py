"""Mails are written once per fact and contact, in the outbox's turn. Sending them is another matter.

A handler runs after the fact is committed, so nothing that fails here touches money: the delivery is
tried again. It may be called twice with one fact, and by two processes at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.throttling import throttle
from core.kernel import numbers
from core.kernel.ids import new_id
from core.kernel.outbox import Fact, Subscriber
from core.mail import facts
from core.mail.facts import MailHouse
from core.mail.letters import HowToPay, Letter
from core.mail.models import MailMessage, MailPackage
from core.mail.rendering import STAFF_LIMIT, Rendered, render
from core.mail.types import PACKAGES, TYPES, MailType
from core.orders.models import Order
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_api.values import Instructions
from core.plugin_host.calls import ask
from core.plugin_host.errors import PluginMissing
from core.provisioning import jobs
from core.services import service as services
from core.services.values import ServiceView

TASK = "mail"
QUEUE = "mail"
FIRST_NUMBER = 1
HOUR_SECONDS = 3600
LEASE = timedelta(minutes=5)  # longer than a conversation with a mail server may take
HOLD = timedelta(seconds=60)  # how long a ready service's mail waits for the others of its order
TOO_OLD = "It was out of date before it could be written, and was not sent."

log = logging.getLogger("innkeeper.mail")


def handlers(house: MailHouse) -> tuple[Subscriber, ...]:
    """One subscriber per mail type."""
    return tuple(
        Subscriber(name=f"mail.{one.name}", event=one.event, handle=_handler(house, one)) for one in TYPES
    )


def _handler(house: MailHouse, mail_type: MailType) -> Callable[[Fact], None]:
    if mail_type.name == PACKAGES:
        return lambda fact: write_packages(house, mail_type, fact)
    return lambda fact: write(house, mail_type, fact)


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """Write the mail of a fact, if it is still so and the reader wants its kind. Again writes nothing."""
    with house.db.read() as session:
        letter = facts.letter_for(session, house, mail_type.name, fact.payload)
    if letter is None or not is_wanted(mail_type, letter):
        return
    letter = _with_instructions(house, letter)
    rendered = render(mail_type.name, letter)
    try:
        with house.db.transaction() as session:
            _write(session, house, mail_type, fact, letter, rendered)
    except IntegrityError:
        with house.db.read() as session:
            if not _is_known(session, _key(mail_type, fact, letter)):
                raise


def is_wanted(mail_type: MailType, letter: Letter) -> bool:
    """Whether the reader's mail choice lets this letter through."""
    kind = letter.payment.kind if letter.payment else ""
    return mail_type.for_staff or mail_type.box(kind) in letter.reader.choices


def _write(
    session: Session, house: MailHouse, mail_type: MailType, fact: Fact, letter: Letter, rendered: Rendered
) -> None:
    if _is_known(session, _key(mail_type, fact, letter)):
        return
    if mail_type.for_staff and not _may_bother_staff(session, house, letter):
        log.warning("staff of brand %s get no mail of %s: enough this hour", letter.brand.slug, fact.name)
        return
    message = _message(session, house, mail_type, fact, letter)
    _fill(message, letter, rendered)
    session.add(message)
    session.flush()
    if message.state == "queued":
        house.engine.enqueue(session, TASK, message.id, queue=QUEUE)


def _key(mail_type: MailType, fact: Fact, letter: Letter) -> str:
    return f"{fact.id}:{mail_type.name}:{letter.reader.contact_id or 'staff'}"


def _is_known(session: Session, dedupe_key: str) -> bool:
    return session.scalar(select(MailMessage.id).where(MailMessage.dedupe_key == dedupe_key)) is not None


def _may_bother_staff(session: Session, house: MailHouse, letter: Letter) -> bool:
    """A panel that is down for an hour fails a thousand jobs; that is not a thousand mails."""
    bucket = f"mail:staff:{letter.brand.id}"
    return throttle(session, bucket, STAFF_LIMIT, HOUR_SECONDS, house.clock.now())


def _message(
    session: Session, house: MailHouse, mail_type: MailType, fact: Fact, letter: Letter
) -> MailMessage:
    message_id, now, sender = new_id(), house.clock.now(), _sender(house, letter)
    expires_at = fact.occurred_at + mail_type.good_for
    is_late = expires_at <= now
    return MailMessage(
        id=message_id, number=numbers.take(session, "mail", first=FIRST_NUMBER)[0], brand_id=letter.brand.id,
        client_id=letter.client_id, contact_id=letter.reader.contact_id,
        order_id=letter.order.id if letter.order else None, type=mail_type.name,
        locale=letter.brand.locale, sender=sender, recipient=letter.reader.email,
        message_id=f"<{message_id}@{sender.rpartition('@')[2]}>",
        dedupe_key=_key(mail_type, fact, letter), state="failed" if is_late else "queued",
        error=TOO_OLD if is_late else "", next_try_at=now + LEASE, expires_at=expires_at, created_at=now,
    )  # fmt: skip


def _sender(house: MailHouse, letter: Letter) -> str:
    """The brand's sender; for a brand that never set one, what comes closest."""
    host = urlsplit(house.settings.public_url).hostname or "localhost"
    return letter.brand.mail_sender or letter.brand.support_email or f"no-reply@{host}"


def _fill(message: MailMessage, letter: Letter, rendered: Rendered) -> None:
    message.subject, message.body_text = rendered.subject, rendered.text
    message.body_html = rendered.html if letter.reader.wants_html else ""


def _with_instructions(house: MailHouse, letter: Letter) -> Letter:
    """How to pay by hand, as the gateway says it. Asked outside any transaction.

    A plugin that does not answer stops no mail: the order's page says it too.
    """
    if letter.order is None or letter.order.starts != "transfer" or letter.invoice is None:
        return letter
    label, amount = letter.invoice.label, letter.invoice.open
    try:
        plugin = house.plugins.build_gateway(letter.gateway)
        if not isinstance(plugin, TakesManualPayments):
            return letter
        manual = plugin
        told = ask(lambda: manual.instructions(label, amount), Instructions, db=house.db, plugin=plugin)
    except (PluginError, PluginMissing) as error:
        log.warning("order %s: %s gives no instructions: %s", letter.order.label, letter.gateway, error)
        return letter
    said = (f"Amount: {amount}", f"Reference: {label}")  # the mail has rows of its own for these
    lines = tuple(line for line in told.lines if line not in said)
    return replace(letter, how_to_pay=HowToPay(title=told.title, lines=lines))


def write_packages(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """A service is ready: tell how to use it, once, and in one mail with the others of its order.

    While others of the order are being built its mail waits a moment for them. A service that is ready
    before that mail has left is added to it.
    """
    try:
        with house.db.transaction() as session:
            _write_packages(session, house, mail_type, fact)
    except IntegrityError:  # somebody else has told of one of them in this moment: look again
        with house.db.transaction() as session:
            _write_packages(session, house, mail_type, fact)


def _write_packages(session: Session, house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    service_id = UUID(fact.payload["service_id"])
    order = facts.order_of_service(session, service_id)
    family = facts.services_of_order(session, order.id) if order else [services.find(session, service_id)]
    untold = _untold(session, family)
    if not untold:
        return
    message = _waiting_mail(session, order)
    told_there = _told_in(session, message, family)
    letter = facts.package_letter(session, house, order, told_there + untold)
    if not is_wanted(mail_type, letter):
        return
    if message is None:
        message = _message(session, house, mail_type, fact, letter)
        session.add(message)
    _fill(message, letter, render(mail_type.name, letter))
    session.flush()
    for one in sorted(untold, key=lambda service: service.id):
        session.add(MailPackage(service_id=one.id, mail_id=message.id))
        session.flush()
    _let_go(session, house, message, waits=_is_coming(session, family))


def _untold(session: Session, family: Sequence[ServiceView]) -> list[ServiceView]:
    ids = [one.id for one in family]
    told = set(session.scalars(select(MailPackage.service_id).where(MailPackage.service_id.in_(ids))))
    return [one for one in family if one.status == "active" and one.id not in told]


def _waiting_mail(session: Session, order: Order | None) -> MailMessage | None:
    """The order's mail that no sender has taken yet, held for us until commit."""
    if order is None:
        return None
    statement = (
        update(MailMessage)
        .where(MailMessage.order_id == order.id, MailMessage.type == PACKAGES)
        .where(MailMessage.state == "queued", MailMessage.attempts == 0)
        .values(turn=MailMessage.turn + 1)
        .returning(MailMessage.id)
    )
    found = session.execute(statement, execution_options={"synchronize_session": False}).scalars().first()
    return session.get_one(MailMessage, found) if found else None


def _told_in(
    session: Session, message: MailMessage | None, family: Sequence[ServiceView]
) -> list[ServiceView]:
    if message is None:
        return []
    told = set(session.scalars(select(MailPackage.service_id).where(MailPackage.mail_id == message.id)))
    return [one for one in family if one.id in told]


def _is_coming(session: Session, family: Sequence[ServiceView]) -> bool:
    """Whether another service of the order may be ready any moment: none stands still for staff."""
    pending = [one.id for one in family if one.status == "pending"]
    stopped = {
        job.service_id
        for job in jobs.of_services(session, pending)
        if job.state in ("failed", "needs_staff", "cancelled")
    }
    return any(one not in stopped for one in pending)


def _let_go(session: Session, house: MailHouse, message: MailMessage, *, waits: bool) -> None:
    if message.state != "queued":
        return
    if waits:
        message.next_try_at = min(message.next_try_at, house.clock.now() + HOLD)
    else:
        house.engine.enqueue(session, TASK, message.id, queue=QUEUE, turn=message.turn)
    session.flush()
