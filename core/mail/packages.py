"""The mails that tell how to use what was bought: to each contact once, services of one order together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.outbox import Fact
from core.mail import facts
from core.mail.facts import MailHouse
from core.mail.letters import Reader
from core.mail.models import MailMessage, MailTold
from core.mail.rendering import render
from core.mail.storing import QUEUE, TASK, fill, key_of, message_for
from core.mail.types import PACKAGES, MailType
from core.orders.models import Order
from core.provisioning import jobs
from core.services import service as services
from core.services.values import ServiceView

HOLD = timedelta(seconds=60)  # how long a ready service's mail waits for the others of its order


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """A service is ready: tell how to use it, once, and in one mail with the others of its order.

    While others of the order are being built its mail waits a moment for them. A service that is ready
    before that mail has left is added to it.
    """
    with house.db.read() as session:
        everybody = facts.readers(session, UUID(fact.payload["client_id"]))
    for reader in everybody:
        if mail_type.box() in reader.choices:
            _tell(house, mail_type, fact, reader)


def _tell(house: MailHouse, mail_type: MailType, fact: Fact, reader: Reader) -> None:
    try:
        with house.db.transaction() as session:
            _write(session, house, mail_type, fact, reader)
    except IntegrityError:  # somebody else has told of one of them in this moment: look again
        with house.db.transaction() as session:
            _write(session, house, mail_type, fact, reader)


def _write(session: Session, house: MailHouse, mail_type: MailType, fact: Fact, reader: Reader) -> None:
    service_id = UUID(fact.payload["service_id"])
    order = facts.order_of_service(session, service_id)
    family = facts.services_of_order(session, order.id) if order else [services.find(session, service_id)]
    untold = _untold(session, family, reader)
    if not untold:
        return
    message = _waiting_mail(session, order, reader)
    told_there = _told_in(session, message, family)
    letter = facts.package_letter(session, house, order, told_there + untold, reader)
    if message is None:
        message = message_for(
            session, house, mail_type, letter, dedupe_key=key_of(mail_type, fact, letter), at=fact.occurred_at
        )
        session.add(message)
    fill(message, letter, render(mail_type.name, letter))
    session.flush()
    _note_told(session, message, untold, reader)
    _let_go(session, house, message, waits=_is_coming(session, family))


def _note_told(session: Session, message: MailMessage, untold: Sequence[ServiceView], reader: Reader) -> None:
    for one in sorted(untold, key=lambda service: service.id):
        session.add(MailTold(service_id=one.id, contact_id=reader.contact_id, mail_id=message.id))
        session.flush()


def _untold(session: Session, family: Sequence[ServiceView], reader: Reader) -> list[ServiceView]:
    ids = [one.id for one in family]
    told = set(
        session.scalars(
            select(MailTold.service_id)
            .where(MailTold.service_id.in_(ids))
            .where(MailTold.contact_id == reader.contact_id)
        )
    )
    return [one for one in family if one.status == "active" and one.id not in told]


def _waiting_mail(session: Session, order: Order | None, reader: Reader) -> MailMessage | None:
    """The order's mail to this reader that no sender has taken yet, held for us until commit."""
    if order is None:
        return None
    statement = (
        update(MailMessage)
        .where(MailMessage.order_id == order.id, MailMessage.type == PACKAGES)
        .where(MailMessage.contact_id == reader.contact_id)
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
    told = set(session.scalars(select(MailTold.service_id).where(MailTold.mail_id == message.id)))
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
