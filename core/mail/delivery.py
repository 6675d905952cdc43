"""Mails on their way: handed to the server by a task of their own, tried again on a ladder, given up late.

At least once: a sender that dies between the server's yes and our note leaves the mail to the next one, and
its Message-ID is the same both times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.brands.values import BrandView
from core.clients import audience
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.outbox import Subscriber
from core.kernel.problems import Conflict, NotFound
from core.mail import transport
from core.mail.facts import MailHouse
from core.mail.letters import HIDDEN_LINK
from core.mail.models import MailMessage
from core.mail.storing import LEASE, QUEUE, TASK, sealed_to
from core.mail.transport import BadServer, MailServer
from core.mail.types import good_for
from core.mail.words import one_line
from core.mail.writing import handlers
from core.settings import SettingsError

__all__ = ["TASK", "resend", "send", "send_due", "subscribers"]

RETRY = tuple(timedelta(seconds=s) for s in (30, 300, 1800, 7200, 21600))  # then every six hours
AT_A_TIME = 100
Papers = Callable[[UUID, str], "transport.Paper | None"]  # (invoice, locale) -> its PDF, if one can be made
GONE = "Its reader is no longer a contact, or their client is closed."
LATE = "It could not be sent while it was still of use."
LONGEST_ERROR = 500


log = logging.getLogger("innkeeper.mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A mail in one sender's hands."""

    message: MailMessage
    brand: BrandView
    link: str = field(default="", repr=False)


def subscribers(house: MailHouse) -> tuple[Subscriber, ...]:
    """Who listens for mail. Raises SettingsError when ``smtp_url`` is not one."""
    try:
        _server(house)
    except BadServer as error:
        raise SettingsError(f"{house.settings.config_file}: {error}") from None
    return handlers(house)


def _server(house: MailHouse) -> MailServer | None:
    url = house.settings.smtp_url.get_secret_value()
    return MailServer.parse(url) if url else None


def send(house: MailHouse, message_id: UUID, *, papers: Papers | None = None) -> None:
    """The task "mail": hand one message over, or keep it where no server is set up.

    ``papers`` draws the invoice that goes with some; without it they go without.

    Sent already, in another sender's hands or out of date: nothing is sent.
    """
    server = _server(house)
    parcel = _look(house, message_id) if server is None else _claim(house, message_id)
    if parcel is None:
        return
    try:
        paper = _paper(parcel.message, papers) if server is not None else None
        mail = transport.compose(parcel.message, parcel.brand, link=parcel.link, paper=paper)
        if house.settings.is_demo:
            transport.keep_file(house.settings.data / "mail", parcel.message.number, mail)
        if server is not None:
            transport.send(server, mail)
    except transport.Rejected as error:
        _note(house, parcel.message, fenced=True, state="failed", error=_text(error))
    except (OSError, SMTPException) as error:
        _try_later(house, parcel.message, f"{type(error).__name__}: {error}")
    else:
        sent_at = house.clock.now() if server else None
        _note(house, parcel.message, state="sent" if server else "kept", error="", sent_at=sent_at)


def _look(house: MailHouse, message_id: UUID) -> _Parcel | None:
    """To be kept only, which may be done twice: nobody needs to have it alone."""
    with house.db.read() as session:
        message = session.get(MailMessage, message_id)
        if message is None or message.state != "queued":
            return None
        return _parcel(session, house, message)


def _parcel(session: Session, house: MailHouse, message: MailMessage) -> _Parcel:
    sealed = message.link_encrypted
    link = house.keys.decrypt(sealed, sealed_to(message.id)).decode() if sealed else ""
    return _Parcel(message=message, brand=brands.brand_by_id(session, message.brand_id), link=link)


def _paper(message: MailMessage, papers: Papers | None) -> transport.Paper | None:
    """The invoice as it is now. Without it the mail still says all that matters, so it waits for none."""
    if message.invoice_id is None or papers is None:
        return None
    try:
        return papers(message.invoice_id, message.locale)
    except Exception:
        log.exception("mail M-%d goes without its invoice: it could not be drawn", message.number)
        return None


def _claim(house: MailHouse, message_id: UUID) -> _Parcel | None:
    """Take it for as long as a conversation with the server may last."""
    now = house.clock.now()
    with house.db.transaction() as session:
        message = session.get(MailMessage, message_id)
        if message is None or message.state != "queued":
            return None
        if message.expires_at is not None and message.expires_at <= now:
            _give_up(session, message, LATE)
            return None
        if message.contact_id is not None and not audience.is_reachable(session, message.contact_id):
            _give_up(session, message, GONE)
            return None
        claim = (
            update(MailMessage)
            .where(MailMessage.id == message_id, MailMessage.state == "queued")
            .where(or_(MailMessage.leased_until.is_(None), MailMessage.leased_until <= now))
            .values(attempts=MailMessage.attempts + 1, leased_until=now + LEASE, next_try_at=now + LEASE)
        )
        if not changed(session, claim):
            return None
        return _parcel(session, house, session.get_one(MailMessage, message_id))


def _give_up(session: Session, message: MailMessage, why: str) -> None:
    told = f"{why} The last try ended with: {message.error}" if message.error else why
    changed(
        session,
        update(MailMessage)
        .where(MailMessage.id == message.id, MailMessage.state == "queued")
        .values(state="failed", error=told[:LONGEST_ERROR], leased_until=None, link_encrypted=""),
    )


def _note(house: MailHouse, message: MailMessage, *, fenced: bool = False, **values: Any) -> None:
    """Write down how it ended. ``fenced``: only while this try is the last one. That it was sent holds
    even for a sender who was thought dead."""
    statement = update(MailMessage).where(MailMessage.id == message.id, MailMessage.state == "queued")
    if "state" in values:  # it is over: a link that is a key is not kept
        values["link_encrypted"] = ""
    if fenced:
        statement = statement.where(MailMessage.attempts == message.attempts)
    with house.db.transaction() as session:
        changed(session, statement.values(leased_until=None, **values))


def _try_later(house: MailHouse, message: MailMessage, error: str) -> None:
    """Plan the next try, or give up when it would come too late."""
    later = house.clock.now() + RETRY[min(message.attempts, len(RETRY)) - 1]
    if message.expires_at is not None and later >= message.expires_at:
        _note(house, message, fenced=True, state="failed", error=_text(f"{LATE} {error}"))
    else:
        _note(house, message, fenced=True, next_try_at=later, error=_text(error))


def _text(error: object) -> str:
    return one_line(str(error), LONGEST_ERROR)


def send_due(house: MailHouse) -> None:
    """The schedule: ask for a run of every mail whose time has come.

    Each request is a turn of its own, so that a run that came to nothing holds up none after it. Of
    several processes at once one asks.
    """
    now = house.clock.now()
    statement = (
        select(MailMessage.id, MailMessage.turn)
        .where(MailMessage.state == "queued", MailMessage.next_try_at <= now)
        .order_by(MailMessage.next_try_at)
        .limit(AT_A_TIME)
    )
    with house.db.read() as session:
        rows = session.execute(statement).all()
    if not rows:
        return
    with house.db.transaction() as session:
        for row in rows:
            _ask(session, house, row.id, row.turn)


def _ask(session: Session, house: MailHouse, message_id: UUID, turn: int) -> None:
    asked = changed(
        session,
        update(MailMessage)
        .where(MailMessage.id == message_id, MailMessage.state == "queued", MailMessage.turn == turn)
        .values(turn=turn + 1, next_try_at=house.clock.now() + LEASE),
    )
    if asked:
        house.engine.enqueue(session, TASK, message_id, queue=QUEUE, turn=turn + 1)


def resend(house: MailHouse, message_id: UUID, actor: str) -> None:
    """Send a mail once more as it was written. Raises NotFound, and Conflict while it is on its way."""
    now = house.clock.now()
    with house.db.transaction() as session:
        message = session.get(MailMessage, message_id)
        if message is None:
            raise NotFound(_("There is no such mail."))
        if HIDDEN_LINK in message.body_text:
            raise Conflict(_("Its link is gone, for safety. Ask for a new one instead."))
        if not message.body_text:
            raise Conflict(_("Its text is not kept any more, so it can not be sent again."))
        again = (
            update(MailMessage)
            .where(MailMessage.id == message_id, MailMessage.state != "queued")
            .values(
                state="queued",
                turn=MailMessage.turn + 1,
                next_try_at=now + LEASE,
                leased_until=None,
                expires_at=now + good_for(message.type),
                error="",
            )
        )
        if not changed(session, again):
            raise Conflict(_("This mail is on its way already."))
        turn = session.get_one(MailMessage, message_id).turn
        house.engine.enqueue(session, TASK, message_id, queue=QUEUE, turn=turn)
        audit.record(session, actor=actor, action="mail.resend", target=f"mail:{message_id}", now=now)
