"""What the admin reads of the kernel: the audit log and the deliveries of the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core.kernel import counting
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
    acting_for: str = ""
    request_id: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What narrows the audit log. ``actors`` None is everybody, empty is nobody; ``action`` is a whole
    action or its first part ("invoice"); ``since`` is included, ``until`` is not."""

    target: str = ""
    actors: Collection[str] | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_audit(
    session: Session,
    window: Window,
    *,
    target: str = "",
    targets: Collection[str] = (),
    narrowed: AuditFilter | None = None,
) -> Page[AuditRow]:
    """Audit entries by running number, newest first; ``target`` is "invoice:<id>", ``targets`` several."""
    table = AuditEntry
    statement = select(
        table.id, table.sequence, table.at, table.actor, table.ip, table.action, table.target,
        table.before, table.after, table.acting_for, table.request_id,
    ).where(*_conditions(narrowed or AuditFilter()))  # fmt: skip
    if target:
        statement = statement.where(table.target == target)
    if targets:
        statement = statement.where(table.target.in_(targets))
    return fetch_page(session, statement, table.sequence, window, _audit_row)


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    table = AuditEntry
    found: list[ColumnElement[bool]] = []
    if wanted.target:
        found.append(table.target == wanted.target)
    if wanted.actors is not None:
        found.append(or_(table.actor.in_(wanted.actors), table.acting_for.in_(wanted.actors)))
    if wanted.action:
        found.append(or_(table.action == wanted.action, table.action.startswith(f"{wanted.action}.")))
    if wanted.since is not None:
        found.append(table.at >= wanted.since)
    if wanted.until is not None:
        found.append(table.at < wanted.until)
    return found


def _audit_row(row: AnyRow) -> AuditRow:
    return AuditRow(
        id=row.id, sequence=row.sequence, at=row.at, actor=row.actor, ip=row.ip, action=row.action,
        target=row.target, before=row.before or {}, after=row.after or {}, acting_for=row.acting_for,
        request_id=row.request_id,
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
    dead = select(OutboxDelivery.id).where(OutboxDelivery.state == "dead")
    return session.scalar(select(counting.up_to(limit, dead))) or 0
