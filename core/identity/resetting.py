"""Choosing a password: with a link from a mail, after an invitation, or signed in.

Asking for a link tells nothing. The request does the same whether anybody is known by that name; who it is
for is found out afterwards, behind the outbox.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from core.identity import devices, factors, tokens
from core.identity.models import User
from core.identity.passwords import hash_password, verify_password
from core.identity.rules import check_password_rules, fold
from core.identity.sessions import belongs, rotate
from core.identity.signing import find_user
from core.identity.throttling import bucket_name, network_of, throttle
from core.identity.users import set_password
from core.identity.values import AREAS, Identity
from core.kernel import audit
from core.kernel.crypto import DecryptionError
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.outbox import Fact, Subscriber
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused
from core.kernel.work import House, publish

WANTED = "identity.reset_wanted"  # ours alone: somebody typed a name
ASKED = "user.password_reset_asked"
INVITED = "user.invited"
CHANGED = "user.password_changed"
ASKS_PER_NETWORK, ASK_WINDOW = 20, 15 * 60
ASKS_PER_ACCOUNT, ACCOUNT_WINDOW = 3, 60 * 60  # whoever asks: nobody's mailbox is filled
GUESSES_PER_NETWORK, GUESS_WINDOW = 30, 15 * 60
LONGEST_NAME = 320
_ONCE = 24 * 60 * 60

log = structlog.get_logger(__name__)


def ask(house: House, *, area: str, username: str, ip: str) -> None:
    """Somebody forgot their password. The same work and no answer, known or not, too often or not."""
    now, name = house.clock.now(), username.strip()[:LONGEST_NAME]
    buckets = (
        (bucket_name("reset-network", network_of(ip)), ASKS_PER_NETWORK, ASK_WINDOW),
        (bucket_name("reset-account", area, fold(name)), ASKS_PER_ACCOUNT, ACCOUNT_WINDOW),
    )
    with house.db.transaction() as session:
        is_open = all([throttle(session, bucket, limit, window, now) for bucket, limit, window in buckets])
        if not is_open or area not in AREAS:
            return
        ask_id = new_id()
        sealed = house.keys.encrypt(name.encode("utf-8", "replace"), _aad(ask_id))
        publish(house, session, WANTED, {"id": ask_id, "area": area, "sealed": sealed, "ip": ip[:64]})


def subscribers(house: House) -> list[Subscriber]:
    return [Subscriber(name="identity.reset", event=WANTED, handle=_answer(house))]


def _answer(house: House) -> Callable[[Fact], None]:
    def handle(fact: Fact) -> None:
        """Make the link and have it mailed, if there is somebody to have it."""
        try:
            name = house.keys.decrypt(fact.payload["sealed"], _aad(UUID(fact.payload["id"]))).decode()
        except DecryptionError:
            return  # the key was changed meanwhile: nobody can act on it any more
        with house.db.transaction() as session:
            _link(session, house, name, fact)

    return handle


def _link(session: Session, house: House, name: str, fact: Fact) -> None:
    now, area, ip = house.clock.now(), fact.payload["area"], fact.payload["ip"]
    if not throttle(session, f"reset-fact:{fact.id}", 1, _ONCE, now):
        return  # offered a second time
    user_id = find_user(session, name)
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.status != "active" or not belongs(session, user.id, area):
        return
    token = tokens.make(session, user.id, tokens.RESET, tokens.LONGEST[tokens.RESET], ip, now)
    sealed = tokens.seal(house.keys, token, user.id, tokens.RESET)
    target = f"user:{user.id}"
    audit.record(session, actor="system", action="user.ask_reset", target=target, ip=ip, now=now)
    publish(house, session, ASKED, {"user_id": user.id, "area": area, "sealed": sealed, "ip": ip})


def _aad(ask_id: UUID) -> str:
    return f"outbox_event/reset/{ask_id}"


def invite(house: House, session: Session, user_id: UUID, *, area: str, ip: str) -> None:
    """Mail somebody a link with which they choose their password: seven days, once, older ones die."""
    now = house.clock.now()
    token = tokens.make(session, user_id, tokens.INVITE, tokens.LONGEST[tokens.INVITE], ip, now)
    sealed = tokens.seal(house.keys, token, user_id, tokens.INVITE)
    publish(house, session, INVITED, {"user_id": user_id, "area": area, "sealed": sealed})


def check_link(house: House, token: str, *, ip: str) -> bool:
    """Whether a link of a mail still works; nothing is used up. Raises Refused after many guesses."""
    _count_guess(house, ip)
    with house.db.read() as session:
        return _owner(session, token, house.clock.now()) is not None


def choose(house: House, token: str, *, password: str, confirm: str, ip: str) -> None:
    """Choose the password with a link: its one use. Every session of the user ends, and whoever signs in
    afterwards is asked for the second factor as ever.

    Raises NotFound for a link that does not work (any more), InvalidFields, Refused after many guesses.
    """
    _count_guess(house, ip)
    with house.db.read() as session:
        found = _owner(session, token, house.clock.now())
        user = session.get(User, found[0]) if found else None
    if found is None or user is None:
        raise dead_link()
    check_new_password(password, confirm, user.username, user.email)
    password_hash = hash_password(password)
    with house.db.transaction() as session:
        now = house.clock.now()
        if tokens.take(session, token, found[1], now) is None:
            raise dead_link()
        set_password(session, user.id, password_hash, now)
        devices.forget(session, user.id)
        action = "user.accept_invitation" if found[1] == tokens.INVITE else "user.reset_password"
        audit.record(
            session, actor=f"user:{user.id}", action=action, target=f"user:{user.id}", ip=ip, now=now
        )
        if found[1] == tokens.RESET:
            publish(house, session, CHANGED, {"user_id": user.id, "area": "", "ip": ip[:64]})


def dead_link() -> NotFound:
    """The same for a link that was used, is too old, was overtaken by a newer one, or never was."""
    return NotFound(
        _("This link does not work any more. Links work once and not for long: ask for a new one.")
    )


def _owner(session: Session, token: str, now: datetime) -> tuple[UUID, str] | None:
    for purpose in (tokens.RESET, tokens.INVITE):
        user_id = tokens.peek(session, token, purpose, now)
        user = session.get(User, user_id) if user_id is not None else None
        if user is not None and user.status == "active":
            return user.id, purpose
    return None


def _count_guess(house: House, ip: str) -> None:
    bucket = bucket_name("link-guess", network_of(ip))
    with house.db.transaction() as session:
        is_open = throttle(session, bucket, GUESSES_PER_NETWORK, GUESS_WINDOW, house.clock.now())
    if not is_open:
        log.warning("link.throttled")
        raise Refused(_("That was tried too often. Wait a quarter of an hour, then try again."))


def check_new_password(password: str, confirm: str, username: str, email: str) -> None:
    """Raises InvalidFields under "password" or "confirm_password"."""
    if sentence := check_password_rules(password, username, email):
        raise InvalidFields({"password": sentence})
    if password != confirm:
        raise InvalidFields({"confirm_password": _("Type the same password twice.")})


def change(house: House, person: Identity, *, current: str, password: str, confirm: str) -> str:
    """Change one's own password, signed in: every other session ends, this one gets a new token.

    Raises InvalidFields, Conflict when the session has ended meanwhile.
    """
    with house.db.read() as session:
        user = session.get_one(User, person.user_id)
    wrong = {} if current else {"current_password": _("Enter your present password.")}
    try:
        check_new_password(password, confirm, user.username, user.email)
    except InvalidFields as problem:
        wrong |= problem.messages
    if wrong:
        raise InvalidFields(wrong)
    if not factors.count_try(house, person.user_id):
        raise InvalidFields({"current_password": _("Too many tries. Wait a quarter of an hour.")})
    if not verify_password(user.password_hash, current):
        raise InvalidFields({"current_password": _("This is not your present password.")})
    password_hash = hash_password(password)
    with house.db.transaction() as session:
        now = house.clock.now()
        factors.forget_tries(session, person.user_id)
        set_password(session, user.id, password_hash, now, keep=person.session_id)
        token = rotate(session, person.session_id)
        if token is None:
            raise Conflict(_("You were signed out meanwhile."))
        target = f"user:{user.id}"
        audit.record(session, actor=person.actor, action="user.set_password", target=target, now=now)
        publish(house, session, CHANGED, {"user_id": user.id, "area": person.area, "ip": ""})
    return token
