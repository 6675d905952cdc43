"""How often something may be tried: a counter per bucket and window, in one table on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.models import Throttle
from core.kernel.db import changed

KEPT = timedelta(days=1)  # what a window is kept for; most are over in minutes


def throttle(session: Session, bucket: str, limit: int, seconds: int, now: datetime) -> bool:
    """Count one try against ``bucket``; False when ``limit`` tries were counted in this window.

    Commit the transaction before acting on the answer, whatever becomes of the try. A refused try is
    not counted. Buckets hold what a person typed only as a hash: see ``bucket_name``.
    """
    if limit < 1:
        return False
    if _count(session, bucket, limit, seconds, now) or _restart(session, bucket, seconds, now):
        return True
    return _first(session, bucket, now) or _count(session, bucket, limit, seconds, now)


def is_full(session: Session, bucket: str, limit: int, seconds: int, now: datetime) -> bool:
    """Whether ``limit`` tries were counted in this window; counts nothing."""
    used = select(Throttle.used).where(
        Throttle.bucket == bucket,
        Throttle.window_start > now - timedelta(seconds=seconds),
        Throttle.window_start <= now + timedelta(seconds=seconds),
    )
    return (session.scalar(used) or 0) >= limit


def _count(session: Session, bucket: str, limit: int, seconds: int, now: datetime) -> bool:
    open_window = (
        Throttle.bucket == bucket,
        Throttle.window_start > now - timedelta(seconds=seconds),
        Throttle.window_start <= now + timedelta(seconds=seconds),  # else: the clock was wrong once
        Throttle.used < limit,
    )
    return changed(session, update(Throttle).where(*open_window).values(used=Throttle.used + 1))


def _restart(session: Session, bucket: str, seconds: int, now: datetime) -> bool:
    over = or_(
        Throttle.window_start <= now - timedelta(seconds=seconds),
        Throttle.window_start > now + timedelta(seconds=seconds),
    )
    statement = update(Throttle).where(Throttle.bucket == bucket, over)
    return changed(session, statement.values(used=1, window_start=now))


def _first(session: Session, bucket: str, now: datetime) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(Throttle).values(bucket=bucket, window_start=now, used=1))
    except IntegrityError:
        return False  # it exists: full, or made a moment ago by somebody else
    return True


def clear(session: Session, bucket: str) -> None:
    """Forget the tries of a bucket: they ended well."""
    changed(session, delete(Throttle).where(Throttle.bucket == bucket))


def sweep(session: Session, now: datetime, *, longer: Mapping[str, int]) -> None:
    """Forget windows that began more than a day ago; those of the scopes in ``longer`` after as many seconds
    as it says."""
    of_scope = {scope: Throttle.bucket.startswith(f"{scope}:", autoescape=True) for scope in longer}
    session.execute(delete(Throttle).where(Throttle.window_start < now - KEPT, ~or_(*of_scope.values())))
    for scope, seconds in longer.items():
        begun = Throttle.window_start < now - timedelta(seconds=seconds)
        session.execute(delete(Throttle).where(of_scope[scope], begun))


def give_back(session: Session, bucket: str) -> None:
    """Take one counted try back: it ended well, and the others who share the bucket go on."""
    one_less = update(Throttle).where(Throttle.bucket == bucket, Throttle.used > 0)
    changed(session, one_less.values(used=Throttle.used - 1))


def bucket_name(scope: str, *parts: str) -> str:
    """A bucket for a scope and what tells one subject from another; ``parts`` are hashed."""
    joined = "\0".join(f"{len(part)}:{part}" for part in parts)
    return f"{scope}:{hashlib.sha256(joined.encode()).hexdigest()[:32]}"


def network_of(ip: str) -> str:
    """What one person holds of the address space: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
