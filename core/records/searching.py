"""Writing anew what everything is found by: after a restored backup, or when texts are made differently."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.billing.models import Invoice
from core.clients import search as clients
from core.clients.models import Client
from core.kernel import search, search_index
from core.kernel.db import Database
from core.kernel.search import NewEntry, SearchEntry
from core.orders.models import Order
from core.services.models import Service

CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many things of a kind were written, and how many there are about."""

    kind: str
    done: int
    total: int


def rebuild(db: Database) -> Iterator[Progress]:
    """Write every text anew, a chunk at a time, drop those of things that are gone, and index them all.

    The house may go on working meanwhile. Ended and run again, it begins anew and changes nothing else.
    """
    for kind, (key, _) in _KINDS.items():
        with db.read() as session:
            total = session.scalar(select(func.count()).select_from(key.class_)) or 0
        done, last = 0, None
        while ids := _after(db, key, last):
            with db.transaction() as session:
                write(session, kind, ids)
            done, last = done + len(ids), ids[-1]
            yield Progress(kind=kind, done=done, total=max(total, done))
        _drop_gone(db, kind, key)
    search_index.make(db)


def write(session: Session, kind: str, ids: Sequence[UUID]) -> None:
    """Write anew what some things of a kind are found by, oldest first."""
    _KINDS[kind][1](session, ids)


def _after(db: Database, key: InstrumentedAttribute[UUID], last: UUID | None) -> list[UUID]:
    statement = select(key).order_by(key).limit(CHUNK)
    with db.read() as session:
        return list(session.scalars(statement.where(key > last) if last else statement))


def _drop_gone(db: Database, kind: str, key: InstrumentedAttribute[UUID]) -> None:
    is_there = select(key).where(key == SearchEntry.subject_id).exists()
    with db.transaction() as session:
        session.execute(delete(SearchEntry).where(SearchEntry.kind == kind, ~is_there))


def _services(session: Session, ids: Sequence[UUID]) -> None:
    columns = (Service.id, Service.client_id, Service.number, Service.domain, Service.label)
    rows = session.execute(select(*columns).where(Service.id.in_(ids)).order_by(Service.id))
    _put(
        session,
        "service",
        [(row.id, row.client_id, (f"S-{row.number}", row.domain, row.label)) for row in rows],
    )


def _labelled(kind: str, table: Any) -> Callable[[Session, Sequence[UUID]], None]:
    def write_those(session: Session, ids: Sequence[UUID]) -> None:
        found = select(table.id, table.client_id, table.label).where(table.id.in_(ids)).order_by(table.id)
        _put(session, kind, [(row.id, row.client_id, (row.label,)) for row in session.execute(found)])

    return write_those


def _put(session: Session, kind: str, rows: Sequence[tuple[UUID, UUID, tuple[str, ...]]]) -> None:
    entries = [NewEntry(subject_id=one, client_id=client, texts=texts) for one, client, texts in rows]
    search.put_many(session, kind, entries)


_Write = Callable[[Session, Sequence[UUID]], None]
_KINDS: dict[str, tuple[InstrumentedAttribute[UUID], _Write]] = {
    "client": (Client.id, clients.reindex_many),
    "service": (Service.id, _services),
    "invoice": (Invoice.id, _labelled("invoice", Invoice)),
    "order": (Order.id, _labelled("order", Order)),
}
