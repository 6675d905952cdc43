"""Who did what: an append-only log whose rows are chained by hash, so that a change shows, and whose end is
sealed with a key, so that nobody without it can chain other rows (``core.kernel.audit_seal``)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from core.kernel import audit_seal
from core.kernel.audit_seal import End
from core.kernel.crypto import KeyRing
from core.kernel.db import Base, changed
from core.kernel.ids import new_id

GENESIS = "0" * 64
MASKED = "****"
SECRET_WORDS = ("password", "token", "secret", "account_number", "routing_number", "license", "birth")
_PENDING = "audit.pending"
_MARKS = "audit.marks"


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]  # "staff:<id>", "client:<id>", "system"
    acting_for: Mapped[str] = mapped_column(default="")
    ip: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str] = mapped_column(default="")
    action: Mapped[str]  # "invoice.mark_paid"
    target: Mapped[str] = mapped_column(index=True)  # "invoice:<id>"
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    previous_hash: Mapped[str]
    hash: Mapped[str]
    seal: Mapped[str] = mapped_column(default="", server_default="")


class AuditHead(Base):
    """One row: the end of the chain. Updating it puts writers in line, for the moment of commit only."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    hash: Mapped[str]
    seal: Mapped[str] = mapped_column(default="", server_default="")
    sealed_from: Mapped[int] = mapped_column(default=0, server_default="0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Where the chain does not hold."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """From where something is done: known to the door of the house (a request, a shell), noted with all
    that is recorded meanwhile. ``acting_for``: in whose account, when it is not one's own."""

    ip: str = ""
    request_id: str = ""
    acting_for: str = ""


NOWHERE = Circumstances()
_circumstances: ContextVar[Circumstances] = ContextVar("innkeeper.audit", default=NOWHERE)


@contextmanager
def acting(*, ip: str = "", request_id: str = "", acting_for: str = "") -> Iterator[None]:
    """Note this with every record inside the block that does not say otherwise itself."""
    token = _circumstances.set(Circumstances(ip=ip, request_id=request_id, acting_for=acting_for))
    try:
        yield
    finally:
        _circumstances.reset(token)


def set_circumstances(circumstances: Circumstances) -> None:
    """For doors that cannot wrap what they let in: a web framework calls before and after a request. Set
    NOWHERE when it is over."""
    _circumstances.set(circumstances)


def circumstances() -> Circumstances:
    """What is noted with a record made now."""
    return _circumstances.get()


def mask(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Replace what a name says is secret. Values become text, numbers or lists of them."""
    if facts is None:
        return None
    return {
        name: MASKED if any(word in name.lower() for word in SECRET_WORDS) else _plain(value)
        for name, value in facts.items()
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return str(value)


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    target: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    ip: str = "",
    acting_for: str = "",
    request_id: str = "",
) -> None:
    """Write one entry with the caller's transaction. It is chained just before the commit.

    What is not given of ``ip``, ``acting_for`` and ``request_id`` is as ``acting`` says.
    """
    here = circumstances()
    row = {
        "id": new_id(), "at": now, "actor": actor, "acting_for": acting_for or here.acting_for,
        "ip": ip or here.ip, "request_id": request_id or here.request_id, "action": action, "target": target,
        "before": mask(before), "after": mask(after),
    }  # fmt: skip
    session.info.setdefault(_PENDING, []).append(row)


@event.listens_for(Session, "before_commit")
def _chain(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released: what it recorded is chained with the whole
    pending = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    was, keys = _take_head(session, len(pending)), audit_seal.keys_of(session)
    previous = was.hash
    for sequence, row in enumerate(pending, was.sequence + 1):
        row |= {"sequence": sequence, "previous_hash": previous}
        row["hash"] = previous = digest(row)
        row["seal"] = audit_seal.of_entry(keys, sequence, previous)
    session.execute(insert(AuditEntry), pending)
    values = audit_seal.continued(session, was, was.sequence + len(pending), previous)
    session.execute(update(AuditHead).where(AuditHead.id == 1).values(**values))


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    """Remember how much was recorded when a savepoint began."""
    if transaction.nested:
        marks = session.info.setdefault(_MARKS, WeakKeyDictionary())
        marks[transaction] = len(session.info.get(_PENDING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """A savepoint that failed takes what was recorded in it; the whole takes all."""
    if transaction.nested:
        kept = session.info.get(_MARKS, {}).get(transaction, 0)
    elif transaction.parent is None:
        kept = 0
    else:
        return  # a flush within one of those, which is rolled back by itself
    del session.info.get(_PENDING, [])[kept:]


def _take_head(session: Session, count: int) -> End:
    """Move the end on, held until commit; gives what it was."""
    advance = (
        update(AuditHead)
        .where(AuditHead.id == 1)
        .values(sequence=AuditHead.sequence + count)
        .returning(AuditHead.sequence, AuditHead.hash, AuditHead.sealed_from, AuditHead.seal)
    )
    row = session.execute(advance, execution_options={"synchronize_session": False}).one()
    return End(sequence=row.sequence - count, hash=row.hash, sealed_from=row.sealed_from, seal=row.seal)


def end(session: Session) -> End | None:
    """Where the chain ends: number and hash of its last entry. None when even that was taken away."""
    head = session.get(AuditHead, 1)
    if head is None:
        return None
    return End(sequence=head.sequence, hash=head.hash, sealed_from=head.sealed_from, seal=head.seal)


def stands(session: Session, sequence: int, digest: str) -> bool:
    """Whether the entry of this number has this hash: an end that was noted elsewhere is there still, and
    with it all that was before. Number 0 is a log without entries."""
    if sequence == 0:
        return digest == GENESIS
    found = session.scalar(select(AuditEntry.hash).where(AuditEntry.sequence == sequence))
    return found == digest


def seal_end(session: Session, keys: KeyRing) -> None:
    """Seal the end as it is: for the first time, after the key was changed, or when somebody has found out
    why it did not hold. ``verify`` first: this makes good whatever stands there.

    The seals of entries are looked at from where they were before if any key of the ring sealed that end,
    else from the next entry on.
    """
    was = _take_head(session, 0)
    if not keys.is_sealed(was.seal, was.text, audit_seal.HEAD):
        was = replace(was, sealed_from=was.sequence + 1)
    values = {"sealed_from": was.sealed_from, "seal": audit_seal.sealed(keys, was)}
    changed(session, update(AuditHead).where(AuditHead.id == 1).values(**values))


def digest(row: Mapping[str, Any]) -> str:
    """SHA-256 over every column but the hash itself, in a fixed order."""
    names = ("sequence", "id", "at", "actor", "acting_for", "ip", "request_id", "action", "target",
             "before", "after", "previous_hash")  # fmt: skip
    facts = {name: row[name] for name in names}
    facts["id"], facts["at"] = str(row["id"]), row["at"].astimezone(UTC).isoformat()
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(session: Session) -> Iterator[Problem]:
    """Walk the whole chain in order and tell every place where it breaks; where the session has keys, what is
    wrong with the seals too."""
    previous, expected, keys, found = GENESIS, 1, audit_seal.keys_of(session), end(session)
    seals = audit_seal.Entries(keys, found) if keys and found else None
    columns = AuditEntry.__table__.columns
    rows = session.execute(select(*columns).order_by(AuditEntry.sequence)).yield_per(1000)
    for row in map(dict[str, Any], rows.mappings()):
        if row["sequence"] != expected:
            yield Problem(sequence=expected, reason="an entry is missing")
        if row["previous_hash"] != previous:
            yield Problem(sequence=row["sequence"], reason="the entry before it was changed or removed")
        if digest(row) != row["hash"]:
            yield Problem(sequence=row["sequence"], reason="the entry was changed")
        if seals and seals.begins_to_fail(row["sequence"], row["hash"], row["seal"]):
            yield Problem(sequence=row["sequence"], reason=audit_seal.NO_SEAL)
        previous, expected = row["hash"], row["sequence"] + 1
    if found is None or (found.sequence, found.hash) != (expected - 1, previous):
        yield Problem(sequence=expected, reason="the end of the chain was cut off")
    if keys and found and (fault := audit_seal.fault_of_end(keys, found)):
        yield Problem(sequence=found.sequence, reason=fault)
