"""Mails are written once per fact and contact, in the outbox's turn, and sent by a task of their own.

Money never waits for mail: a template that fails or a server that is down leaves the books as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.outbox import Fact, Subscriber
from core.kernel.problems import Conflict, NotFound
from core.mail import transport
from core.mail.facts import Letter, MailHouse, letter_for
from core.mail.models import MailMessage
from core.mail.rendering import render
from core.mail.types import TYPES, MailType

TASK = "mail"
QUEUE = "mail"
FIRST_NUMBER = 1
RETRY = tuple(timedelta(seconds=s) for s in (30, 300, 1800, 7200, 21600))
MAX_TRIES = 12  # about three days
LEASE = timedelta(minutes=5)  # a mail whose sender died is taken up after this


def subscribers(house: MailHouse) -> tuple[Subscriber, ...]:
    """One subscriber per mail type."""
    return tuple(
        Subscriber(name=f"mail.{one.name}", event=one.event, handle=_handler(house, one)) for one in TYPES
    )


def _handler(house: MailHouse, mail_type: MailType) -> Callable[[Fact], None]:
    return lambda fact: write(house, mail_type, fact)


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """Write the mail of a fact, if the contact wants its kind. The same fact again writes nothing."""
    with house.db.read() as session:
        letter = letter_for(session, house, fact.payload)
    if not (mail_type.always or mail_type.choice in letter.contact.mail_choices):
        return
    rendered = render(mail_type.template, letter)
    dedupe_key = f"{fact.id}:{mail_type.name}:{letter.contact.id}"
    with house.db.transaction() as session:
        known = session.execute(select(MailMessage.id).where(MailMessage.dedupe_key == dedupe_key)).first()
        if known:
            return
        message = _message(session, house, mail_type, letter, dedupe_key)
        message.subject, message.body_text = rendered.subject, rendered.text
        message.body_html = rendered.html if letter.contact.email_format == "html" else ""
        session.add(message)
        session.flush()
        house.engine.enqueue(session, TASK, message.id, queue=QUEUE)


def _message(
    session: Session, house: MailHouse, mail_type: MailType, letter: Letter, dedupe_key: str
) -> MailMessage:
    message_id = new_id()
    domain = letter.brand.mail_sender.rpartition("@")[2] or "localhost"
    return MailMessage(
        id=message_id, number=numbers.take(session, "mail", first=FIRST_NUMBER)[0], brand_id=letter.brand.id,
        client_id=letter.client_id, contact_id=letter.contact.id, order_id=letter.order_id,
        type=mail_type.name, locale=letter.brand.locale, sender=letter.brand.mail_sender,
        recipient=letter.contact.email, message_id=f"<{message_id}@{domain}>", dedupe_key=dedupe_key,
        next_try_at=house.clock.now(), created_at=house.clock.now(),
    )  # fmt: skip


def send(house: MailHouse, message_id: UUID) -> None:
    """The task "mail": hand one message over. A crash in between sends it twice at most, with one id."""
    now = house.clock.now()
    with house.db.transaction() as session:
        taken = changed(
            session,
            update(MailMessage)
            .where(
                MailMessage.id == message_id, MailMessage.state == "queued", MailMessage.next_try_at <= now
            )
            .values(attempts=MailMessage.attempts + 1, next_try_at=now + LEASE),
        )
        if not taken:
            return
        message = session.get_one(MailMessage, message_id)
        sender = brands.brand_by_id(session, message.brand_id).name
    _hand_over(house, message, sender)


def _hand_over(house: MailHouse, message: MailMessage, sender: str) -> None:
    mail = transport.compose(message, sender)
    if house.settings.is_demo:
        transport.keep_file(house.settings.data / "mail", message.number, mail)
    url = house.settings.smtp_url.get_secret_value()
    try:
        if url:
            transport.send(url, mail)
    except transport.Rejected as error:
        _after(house, message, state="failed", error=str(error))
    except (OSError, SMTPException) as error:
        _retry(house, message, f"{type(error).__name__}: {error}")
    else:
        _after(house, message, state="sent" if url else "kept", error="")


def _after(house: MailHouse, message: MailMessage, *, state: str, error: str) -> None:
    sent_at = house.clock.now() if state == "sent" else None
    with house.db.transaction() as session:
        changed(
            session,
            update(MailMessage)
            .where(MailMessage.id == message.id, MailMessage.state == "queued")
            .values(state=state, error=error[:500], sent_at=sent_at),
        )


def _retry(house: MailHouse, message: MailMessage, error: str) -> None:
    if message.attempts >= MAX_TRIES:
        _after(house, message, state="failed", error=error)
        return
    later = house.clock.now() + RETRY[min(message.attempts, len(RETRY)) - 1]
    with house.db.transaction() as session:
        changed(
            session,
            update(MailMessage)
            .where(MailMessage.id == message.id, MailMessage.state == "queued")
            .values(next_try_at=later, error=error[:500]),
        )


def send_due(house: MailHouse) -> None:
    """The schedule: give every mail whose time has come to a worker."""
    with house.db.read() as session:
        rows = session.execute(
            select(MailMessage.id, MailMessage.attempts)
            .where(MailMessage.state == "queued", MailMessage.next_try_at <= house.clock.now())
            .where(MailMessage.attempts > 0)
            .order_by(MailMessage.next_try_at)
            .limit(200)
        ).all()
    for row in rows:
        with house.db.transaction() as session:
            house.engine.enqueue(session, TASK, row.id, queue=QUEUE, turn=row.attempts)


def resend(house: MailHouse, message_id: UUID, actor: str) -> None:
    """Send a mail once more as it was written. Raises NotFound, and Conflict while it is on its way."""
    with house.db.transaction() as session:
        message = session.get(MailMessage, message_id)
        if message is None:
            raise NotFound("There is no such mail.")
        if message.state == "queued":
            raise Conflict("This mail is on its way already.")
        message.state, message.next_try_at, message.error = "queued", house.clock.now(), ""
        message.attempts += 1
        session.flush()
        house.engine.enqueue(session, TASK, message_id, queue=QUEUE, turn=message.attempts)
        audit.record(
            session, actor=actor, action="mail.resend", target=f"mail:{message_id}", now=house.clock.now()
        )
