"""What the admin reads of the kernel: the audit log and the deliveries of the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxDelivery, OutboxEvent
from core.kernel.paging import AnyRow, Page, Window, fetch_page


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who did what. ``actor`` is "staff:<user id>", "client:<user id>" or "system"."""

    id: UUID
    sequence: int
    at: datetime
    actor: str
    ip: str
    action: str
    target: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A fact that a subscriber could not take, however often it was offered."""

    id: UUID
    event: str
    payload: Mapping[str, str]
    subscriber: str
    attempts: int
    error: str
    created_at: datetime


def list_audit(
    session: Session, window: Window, *, target: str = "", targets: Collection[str] = ()
) -> Page[AuditRow]:
    """Audit entries by running number, newest first; ``target`` is "invoice:<id>", ``targets`` several."""
    table = AuditEntry
    statement = select(
        table.id, table.sequence, table.at, table.actor, table.ip, table.action, table.target,
        table.before, table.after,
    )  # fmt: skip
    if target:
        statement = statement.where(table.target == target)
    if targets:
        statement = statement.where(table.target.in_(targets))
    return fetch_page(session, statement, table.sequence, window, _audit_row)


def _audit_row(row: AnyRow) -> AuditRow:
    return AuditRow(
        id=row.id, sequence=row.sequence, at=row.at, actor=row.actor, ip=row.ip, action=row.action,
        target=row.target, before=row.before or {}, after=row.after or {},
    )  # fmt: skip


def list_dead_deliveries(session: Session, window: Window) -> Page[DeliveryRow]:
    """Deliveries that were given up, newest first."""
    table = OutboxDelivery
    statement = (
        select(
            table.id, table.subscriber, table.attempts, table.error, OutboxEvent.name, OutboxEvent.payload,
            OutboxEvent.created_at,
        )
        .join(OutboxEvent, OutboxEvent.id == table.event_id)
        .where(table.state == "dead")
    )  # fmt: skip
    return fetch_page(session, statement, table.id, window, _delivery_row)


def _delivery_row(row: AnyRow) -> DeliveryRow:
    return DeliveryRow(
        id=row.id, event=row.name, payload=row.payload, subscriber=row.subscriber,
        attempts=row.attempts, error=row.error, created_at=row.created_at,
    )  # fmt: skip


def dead_deliveries(session: Session, limit: int = 100) -> int:
    """How many deliveries were given up, counted up to ``limit``."""
    dead = select(OutboxDelivery.id).where(OutboxDelivery.state == "dead").limit(limit)
    return session.scalar(select(func.count()).select_from(dead.subquery())) or 0
