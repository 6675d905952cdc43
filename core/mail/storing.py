"""A letter becomes a row in the table of mails, once, and work for a sender."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.throttling import throttle
from core.kernel import numbers
from core.kernel.ids import new_id
from core.kernel.outbox import Fact
from core.mail.facts import MailHouse
from core.mail.letters import Letter
from core.mail.models import MailMessage
from core.mail.rendering import STAFF_LIMIT, Rendered, render
from core.mail.types import MailType

TASK = "mail"
QUEUE = "mail"
FIRST_NUMBER = 1
HOUR_SECONDS = 3600
LEASE = timedelta(minutes=5)  # longer than a conversation with a mail server may take
TOO_OLD = "It was out of date before it could be written, and was not sent."

log = logging.getLogger("innkeeper.mail")


def is_wanted(mail_type: MailType, letter: Letter) -> bool:
    """Whether the reader's mail choice lets this letter through. What has no box goes out."""
    payment = letter.payment
    box = mail_type.box(payment.kind, payment.code) if payment else mail_type.box()
    return not box or box in letter.reader.choices


def keep(
    house: MailHouse,
    mail_type: MailType,
    fact: Fact,
    letter: Letter,
    *,
    link: str = "",
    until: datetime | None = None,
) -> None:
    """Write down one mail of a fact and have it sent. Again, or by another process too, writes nothing.

    ``link`` lets its holder in: it is sealed. ``until``: when the mail is of no use any more, where its
    type does not say so.
    """
    rendered = render(mail_type.name, letter)
    dedupe_key = key_of(mail_type, fact, letter)
    try:
        with house.db.transaction() as session:
            message = _keep(session, house, mail_type, fact, letter, until)
            if message is not None:
                message.link_encrypted = _sealed(house, message, link)
                put(session, house, message, letter, rendered)
    except IntegrityError:
        with house.db.read() as session:
            if not is_known(session, dedupe_key):
                raise


def _keep(
    session: Session,
    house: MailHouse,
    mail_type: MailType,
    fact: Fact,
    letter: Letter,
    until: datetime | None,
) -> MailMessage | None:
    dedupe_key = key_of(mail_type, fact, letter)
    if is_known(session, dedupe_key):
        return None
    if mail_type.for_staff and not _may_bother_staff(session, house, letter):
        log.warning("staff of brand %s get no mail of %s: enough this hour", letter.brand.slug, fact.name)
        return None
    return message_for(
        session, house, mail_type, letter, dedupe_key=dedupe_key, at=fact.occurred_at, until=until
    )


def _sealed(house: MailHouse, message: MailMessage, link: str) -> str:
    return house.keys.encrypt(link.encode(), sealed_to(message.id)) if link else ""


def sealed_to(message_id: UUID) -> str:
    return f"mail_message/link_encrypted/{message_id}"


def put(session: Session, house: MailHouse, message: MailMessage, letter: Letter, rendered: Rendered) -> None:
    """The row with its texts, and the work to send it unless it is too late already."""
    fill(message, letter, rendered)
    session.add(message)
    session.flush()
    if message.state == "queued":
        house.engine.enqueue(session, TASK, message.id, queue=QUEUE)


def key_of(mail_type: MailType, fact: Fact, letter: Letter) -> str:
    """One fact, one type, one reader: one mail."""
    reader = letter.reader.contact_id or ("staff" if mail_type.for_staff else "user")
    return f"{fact.id}:{mail_type.name}:{reader}"


def is_known(session: Session, dedupe_key: str) -> bool:
    return session.scalar(select(MailMessage.id).where(MailMessage.dedupe_key == dedupe_key)) is not None


def _may_bother_staff(session: Session, house: MailHouse, letter: Letter) -> bool:
    """A panel that is down for an hour fails a thousand jobs; that is not a thousand mails."""
    bucket = f"mail:staff:{letter.brand.id}"
    return throttle(session, bucket, STAFF_LIMIT, HOUR_SECONDS, house.clock.now())


def message_for(
    session: Session,
    house: MailHouse,
    mail_type: MailType,
    letter: Letter,
    *,
    dedupe_key: str,
    at: datetime,
    until: datetime | None = None,
) -> MailMessage:
    """The row of a mail about something that happened ``at`` this instant, still without its texts."""
    message_id, now, sender = new_id(), house.clock.now(), _sender(house, letter)
    expires_at = until or at + mail_type.good_for
    is_late = expires_at <= now
    return MailMessage(
        id=message_id, number=numbers.take(session, "mail", first=FIRST_NUMBER)[0], brand_id=letter.brand.id,
        client_id=letter.client_id, contact_id=letter.reader.contact_id,
        order_id=letter.order.id if letter.order else None, invoice_id=_paper_of(letter),
        type=mail_type.name, locale=letter.reader.locale, sender=sender, recipient=letter.reader.email,
        message_id=f"<{message_id}@{sender.rpartition('@')[2]}>", dedupe_key=dedupe_key,
        state="failed" if is_late else "queued", error=TOO_OLD if is_late else "", next_try_at=now + LEASE,
        expires_at=expires_at, created_at=now,
    )  # fmt: skip


def _paper_of(letter: Letter) -> UUID | None:
    return letter.invoice.id if letter.invoice and letter.with_paper else None


def _sender(house: MailHouse, letter: Letter) -> str:
    """The brand's sender; for a brand that never set one, what comes closest."""
    host = urlsplit(house.settings.public_url).hostname or "localhost"
    return letter.brand.mail_sender or letter.brand.support_email or f"no-reply@{host}"


def fill(message: MailMessage, letter: Letter, rendered: Rendered) -> None:
    message.subject, message.body_text = rendered.subject, rendered.text
    message.body_html = rendered.html if letter.reader.wants_html else ""
