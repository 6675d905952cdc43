"""Mails about an account to sign in with: to staff and to clients alike, at the address of the user.

What was asked for and what guards an account always goes out; only the news of a new browser has a box,
and staff hear of that too. A link that lets its holder in is sealed until the mail leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.brands import service as brands
from core.clients import audience
from core.clients import service as clients
from core.identity.models import User
from core.kernel import i18n
from core.kernel.ids import new_id
from core.kernel.outbox import Fact
from core.mail import facts, types
from core.mail.facts import MailHouse, Payload
from core.mail.letters import DeviceFacts, Letter, Reader, UserFacts
from core.mail.rendering import render
from core.mail.storing import is_wanted, keep, message_for, put
from core.mail.types import MailType


def password_reset(session: Session, house: MailHouse, user_id: UUID, link: str, *, minutes: int) -> None:
    """Send a link that lets its holder choose a new password, in the caller's transaction.

    Nothing for a user that does not exist or is disabled. Each call is a mail of its own.
    """
    _send_link(session, house, "password_reset", user_id, link, timedelta(minutes=minutes))


def invite(
    session: Session, house: MailHouse, user_id: UUID, link: str, *, days: int, invited_by: str = ""
) -> None:
    """Send a new user the link to choose their first password, in the caller's transaction.

    Nothing for a user that does not exist or is disabled. Each call is a mail of its own.
    """
    _send_link(session, house, "invite", user_id, link, timedelta(days=days), invited_by)


def _send_link(
    session: Session, house: MailHouse, name: str, user_id: UUID, link: str, good_for: timedelta, by: str = ""
) -> None:
    now = house.clock.now()
    letter = letter_to(session, house, user_id, at=now, good_until=now + good_for, invited_by=by)
    if letter is None:
        return
    mail_type = types.find(name)
    message = message_for(session, house, mail_type, letter, dedupe_key=f"asked:{new_id()}", at=now)
    message.expires_at = now + good_for
    message.link_encrypted = house.keys.encrypt(link.encode(), sealed_to(message.id))
    put(session, house, message, letter, render(name, letter))


def sealed_to(message_id: UUID) -> str:
    return f"mail_message/link_encrypted/{message_id}"


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """Write the mail of something that happened to a user's account. Again writes nothing."""
    with house.db.read() as session:
        letter = _letter(session, house, fact.payload, fact.occurred_at)
    if letter is not None and is_wanted(mail_type, letter):
        keep(house, mail_type, fact, letter)


def _letter(session: Session, house: MailHouse, payload: Payload, at: datetime) -> Letter | None:
    device = DeviceFacts(device=payload.get("device", ""), ip=payload.get("ip", ""), at=at)
    change = payload.get("what", "")
    return letter_to(session, house, UUID(payload["user_id"]), at=at, device=device, change=change)


def letter_to(
    session: Session,
    house: MailHouse,
    user_id: UUID,
    *,
    at: datetime,
    device: DeviceFacts | None = None,
    good_until: datetime | None = None,
    invited_by: str = "",
    change: str = "",
) -> Letter | None:
    """A letter to whoever signs in as this user; None when nobody may."""
    user = session.get(User, user_id)
    if user is None or user.status != "active":
        return None
    contact = audience.of_user(session, user_id)
    if contact is None:
        brand, client_id = brands.default_brand(session), None
        reader = _stranger(user, brand.locale)
    else:
        client_id = contact.client_id
        brand = brands.brand_by_id(session, clients.client_by_id(session, client_id).brand_id)
        reader = facts.reader_of(contact, brand, email=user.email)
    site = f"{house.settings.public_url}/{'portal' if client_id else 'admin'}/"
    about = UserFacts(
        username=user.username, url=site, good_until=good_until, invited_by=invited_by, change=change, at=at
    )
    return Letter(
        brand=brand, reader=reader, test_mode=False, client_id=client_id, user=about, device=device,
        account_url=site,
    )  # fmt: skip


def _stranger(user: User, home: str) -> Reader:
    """Somebody who is no contact of a client: staff, who hear of everything about their account."""
    language = i18n.best(user.locale)
    with i18n.using(language):
        locale = str(i18n.locale_for(home=home))
    return Reader(email=user.email, language=language, locale=locale, choices=("new_device",))
