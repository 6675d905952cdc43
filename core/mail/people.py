"""Mails about an account to sign in with: to staff and to clients alike, at the address of the user.

What was asked for and what guards an account always goes out; only the news of a new browser has a box,
and staff hear of that too. A link that lets its holder in comes sealed, and stays so until the mail leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.brands import service as brands
from core.brands.values import BrandView
from core.clients import audience, signing_in
from core.clients import service as clients
from core.identity import sessions, tokens
from core.identity.models import User
from core.kernel import i18n
from core.kernel.outbox import Fact
from core.mail import facts
from core.mail.agents import agent_words
from core.mail.facts import MailHouse, Payload
from core.mail.letters import DeviceFacts, Letter, Reader, UserFacts
from core.mail.storing import is_wanted, keep
from core.mail.types import MailType

PURPOSES: Mapping[str, str] = {"password_reset": tokens.RESET, "invite": tokens.INVITE}
ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A link that lets its holder in, and until when it works."""

    link: str = field(repr=False)
    good_until: datetime


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """Write the mail of something that happened to a user's account. Again writes nothing."""
    key = _key(house, mail_type, fact)
    with house.db.read() as session:
        letter = _letter(session, house, fact, key)
    if letter is not None and is_wanted(mail_type, letter):
        link, until = (key.link, key.good_until) if key else ("", None)
        keep(house, mail_type, fact, letter, link=link, until=until)


def _key(house: MailHouse, mail_type: MailType, fact: Fact) -> Key | None:
    """Raises DecryptionError when the house's key was changed meanwhile: the delivery is tried again."""
    purpose, payload = PURPOSES.get(mail_type.name), fact.payload
    if purpose is None:
        return None
    token = tokens.unseal(house.keys, payload["sealed"], UUID(payload["user_id"]), purpose)
    path = tokens.link_path(payload["area"], token)
    good_until = fact.occurred_at + tokens.LONGEST[purpose]
    return Key(link=f"{house.settings.public_url}{path}", good_until=good_until)


def _letter(session: Session, house: MailHouse, fact: Fact, key: Key | None) -> Letter | None:
    payload = fact.payload
    return letter_to(
        session, house, UUID(payload["user_id"]), area=payload.get("area", ""), at=fact.occurred_at,
        device=_device(session, payload, fact.occurred_at), good_until=key.good_until if key else None,
        change=payload.get("what", ""),
    )  # fmt: skip


def _device(session: Session, payload: Payload, at: datetime) -> DeviceFacts | None:
    """Where somebody signed in from: of their session, as long as it is known."""
    if "session_id" not in payload:
        return None
    found = sessions.session_facts(session, UUID(payload["session_id"]))
    if found is None:
        return DeviceFacts(at=at)
    return DeviceFacts(device=agent_words(found.agent), ip=found.ip, at=found.created_at)


def letter_to(
    session: Session,
    house: MailHouse,
    user_id: UUID,
    *,
    at: datetime,
    area: str = "",
    device: DeviceFacts | None = None,
    good_until: datetime | None = None,
    change: str = "",
) -> Letter | None:
    """A letter to whoever signs in as this user; None when nobody may."""
    user = session.get(User, user_id)
    if user is None or user.status != "active":
        return None
    contact = audience.of_user(session, user_id)
    client_id = contact.client_id if contact else signing_in.client_of(session, user_id)
    brand = _brand(session, client_id)
    reader = facts.reader_of(contact, brand, email=user.email) if contact else _stranger(user, brand.locale)
    site = f"{house.settings.public_url}/{area or ('portal' if client_id else ADMIN)}/"
    about = UserFacts(username=user.username, url=site, good_until=good_until, change=change, at=at)
    return Letter(
        brand=brand, reader=reader, test_mode=False, client_id=client_id, user=about, device=device,
        account_url=site,
    )  # fmt: skip


def _brand(session: Session, client_id: UUID | None) -> BrandView:
    if client_id is None:
        return brands.default_brand(session)
    return brands.brand_by_id(session, clients.client_by_id(session, client_id).brand_id)


def _stranger(user: User, home: str) -> Reader:
    """Somebody who is no contact that is written to: staff, who hear of everything about their account, and
    who signs in for a client that is closed."""
    language = i18n.best(user.locale)
    with i18n.using(language):
        locale = str(i18n.locale_for(home=home))
    return Reader(email=user.email, language=language, locale=locale, choices=("new_device",))
