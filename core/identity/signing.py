"""Signing in, step by step: the password, then the second factor where there is one."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.identity import devices, factors, guesses, passkeys, tokens
from core.identity.models import SignInSession, User
from core.identity.passwords import hash_password, is_outdated, verify_password
from core.identity.rules import fold
from core.identity.sessions import WAIT_FOR_FACTOR, belongs, open_session, rotate, waiting
from core.identity.throttling import bucket_name, clear, give_back, network_of, throttle
from core.identity.values import AREAS, Answer, FactorRefused, Identity, Party, ProofRefused, SignInRefused
from core.kernel import audit
from core.kernel.work import House

TRIES_PER_ACCOUNT = 8  # from one network, per window
TRIES_PER_NETWORK = 60  # that failed, whatever the account, per window
WINDOW_SECONDS = 15 * 60
NO_BROWSER = "none"  # a caller that tells nothing of the browser: its devices are not watched

log = structlog.get_logger(__name__)


def sign_in(
    house: House, *, area: str, username: str, password: str, ip: str, agent: str, device: str = NO_BROWSER
) -> str:
    """Open a session and give its token: put it in a cookie, only its hash is stored.

    Of somebody with a second factor the session is half-way: ``session_of`` knows nobody by it until
    ``show_factor``. ``username`` may be the email; ``device`` is the token of the browser's own cookie.
    Raises SignInRefused, the same for an unknown user, a wrong password, a disabled user, no place in this
    area, and too many tries: from one network for one account (the owner still gets in from elsewhere), or
    from anywhere (then from a browser they have used before).
    Takes two short transactions with the hash between them.
    """
    buckets = (bucket_name("sign-in-network", network_of(ip)),
               bucket_name("sign-in", network_of(ip), fold(username)))  # fmt: skip
    if not _count_try(house, buckets, username, device):
        log.warning("sign_in.throttled", area=area)
        raise SignInRefused
    proven = _prove(house, username, password)
    stronger = hash_password(password) if is_outdated(proven.password_hash) else proven.password_hash
    with house.db.transaction() as session:
        give_back(session, buckets[0])
        clear(session, buckets[1])
        guesses.forget(session, proven.user_id)
        user = _still_good(session, proven, area)
        user.password_hash = stronger
        return _begin(session, house, user.id, area, ip, agent, device)


class _Proven(NamedTuple):
    user_id: UUID
    password_hash: str  # that the password was checked against


def _prove(house: House, username: str, password: str) -> _Proven:
    with house.db.read() as session:
        user = _find_user(session, username)
        known = None if user is None else _Proven(user.id, user.password_hash)
    right = verify_password(None if known is None else known.password_hash, password)
    if known is None or not right:
        log.warning("sign_in.refused")
        raise SignInRefused
    return known


def _count_try(house: House, buckets: tuple[str, str], username: str, device: str) -> bool:
    now, (network, account) = house.clock.now(), buckets
    with house.db.transaction() as session:
        return (
            throttle(session, network, TRIES_PER_NETWORK, WINDOW_SECONDS, now)
            and throttle(session, account, TRIES_PER_ACCOUNT, WINDOW_SECONDS, now)
            and guesses.count(session, find_user(session, username), username, device, now)
        )


def _find_user(session: Session, username: str) -> User | None:
    folded = fold(username)
    if not folded or "\0" in folded or len(folded) > 320:
        return None
    rows = session.scalars(
        select(User).where(or_(User.username_folded == folded, User.email_folded == folded))
    ).all()
    # A user name may look like another user's mail address: the name wins, for it was chosen here.
    return next(iter(sorted(rows, key=lambda row: row.username_folded != folded)), None)


def find_user(session: Session, username: str) -> UUID | None:
    """Who signs in with this user name or email."""
    found = _find_user(session, username)
    return None if found is None else found.id


def _still_good(session: Session, proven: _Proven, area: str) -> User:
    user = session.get(User, proven.user_id)
    if user is None or user.status != "active" or user.password_hash != proven.password_hash:
        raise SignInRefused  # disabled, or the password was changed while the old one was checked
    if area not in AREAS or not belongs(session, user.id, area):
        raise SignInRefused
    return user


def _begin(
    session: Session, house: House, user_id: UUID, area: str, ip: str, agent: str, device: str
) -> str:  # fmt: skip
    now = house.clock.now()
    token, row = open_session(session, user_id, AREAS[area], ip=ip, agent=agent, now=now)
    if factors.has_any(session, user_id):
        row.expires_at = now + WAIT_FOR_FACTOR
    else:
        row.proven_at = now
        _enter(session, house, row, device)
    session.flush()
    return token


def _enter(session: Session, house: House, row: SignInSession, device: str) -> None:
    """Somebody is in: what is to be noted then."""
    now, area = house.clock.now(), AREAS[row.area]
    tokens.kill(session, row.user_id, now, tokens.RESET)  # who can sign in needs no way around
    if device != NO_BROWSER and devices.seen(session, row.user_id, device, now):
        devices.tell(house, session, user_id=row.user_id, session_id=row.id, area=row.area)
    actor, target = f"{area.actor}:{row.user_id}", f"user:{row.user_id}"
    audit.record(session, actor=actor, action="user.sign_in", target=target, ip=row.ip, now=now)


def show_factor(
    house: House, token: str, area: str, answer: Answer, party: Party | None, *, device: str = NO_BROWSER
) -> str:
    """The second step: gives the session's new token; the old one is dead.

    Raises SignInRefused when nobody waits with this token, FactorRefused for a wrong, used or too often
    tried answer.
    """
    held = waiting(house, token, area)
    if held is None:
        raise SignInRefused
    if not factors.count_try(house, held.user_id):
        raise FactorRefused
    with house.db.transaction() as session:
        kind = factors.accept(session, house, held.user_id, answer, party)
        fresh = _finish(session, house, held.session_id, device) if kind else None
        if fresh is not None:
            factors.forget_tries(session, held.user_id)
    if fresh is None:
        log.warning("sign_in.factor_refused", area=area)
        raise FactorRefused
    return fresh


def _finish(session: Session, house: House, session_id: UUID, device: str) -> str | None:
    now = house.clock.now()
    row = session.get_one(SignInSession, session_id)
    until = now + AREAS[row.area].idle
    fresh = rotate(session, session_id, factor_at=now, proven_at=now, expires_at=until, last_seen_at=now)
    if fresh is not None:
        _enter(session, house, session.get_one(SignInSession, session_id), device)
    return fresh


def sign_in_with_passkey(
    house: House, *, area: str, credential: str, party: Party, ip: str, agent: str, device: str = NO_BROWSER
) -> str:
    """Both factors in one: a passkey that checked its owner itself. Raises SignInRefused."""
    bucket, now = bucket_name("sign-in-network", network_of(ip)), house.clock.now()
    with house.db.transaction() as session:
        is_open = throttle(session, bucket, TRIES_PER_NETWORK, WINDOW_SECONDS, now)
    if not is_open:
        raise SignInRefused
    with house.db.transaction() as session:
        token = _passkey_in(session, house, area, credential, party, ip, agent, device)
        if token is not None:
            give_back(session, bucket)
    if token is None:
        log.warning("sign_in.passkey_refused", area=area)
        raise SignInRefused
    return token


def _passkey_in(
    session: Session, house: House, area: str, credential: str, party: Party, ip: str, agent: str,
    device: str,
) -> str | None:  # fmt: skip
    now = house.clock.now()
    user_id = passkeys.who_answered(session, credential, party, now)
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.status != "active" or area not in AREAS or not belongs(session, user.id, area):
        return None
    token, row = open_session(session, user.id, AREAS[area], ip=ip, agent=agent, now=now)
    row.factor_at = row.proven_at = now
    _enter(session, house, row, device)
    session.flush()
    return token


def prove(
    house: House, person: Identity, *, password: str, answer: Answer, party: Party | None, ip: str
) -> str:  # fmt: skip
    """Show once more who is there, before money and secrets: gives the session's new token.

    The password, and the second factor where there is one; a passkey alone is both. Raises ProofRefused,
    after five tries for a quarter of an hour whatever is shown.
    """
    if not factors.count_try(house, person.user_id):
        raise ProofRefused
    with house.db.read() as session:
        record = session.get_one(User, person.user_id).password_hash
    is_passkey = bool(answer.credential)
    if not is_passkey and not verify_password(record, password):
        raise ProofRefused
    with house.db.transaction() as session:
        fresh = _proven(session, house, person, answer, party)
    if fresh is None:
        raise ProofRefused
    return fresh


def _proven(
    session: Session, house: House, person: Identity, answer: Answer, party: Party | None
) -> str | None:  # fmt: skip
    now, needs_factor = house.clock.now(), factors.has_any(session, person.user_id)
    if (needs_factor or answer.credential) and not factors.accept(
        session, house, person.user_id, answer, party
    ):
        return None
    factors.forget_tries(session, person.user_id)
    shown = {"factor_at": now} if needs_factor else {}
    fresh = rotate(session, person.session_id, proven_at=now, **shown)
    if fresh is not None:
        target = f"session:{person.session_id}"
        audit.record(session, actor=person.actor, action="user.prove", target=target, now=now)
    return fresh
