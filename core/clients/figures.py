"""Counts of clients for the dashboard, and whose cards expire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from core.clients.models import EXPIRES, BillingAccount, Client, ClientStatus, ClientStatusChange, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.clients.statuses import BILLABLE, OVER
from core.kernel import counting
from core.kernel.slots import slot


def active_count(session: Session, brand_id: UUID) -> int:
    """Clients whose status behaves "active"."""
    active = select(ClientStatus.id).where(ClientStatus.behaviour == BILLABLE)
    counted = select(func.count()).select_from(Client)
    here = (Client.brand_id == brand_id, Client.status_id.in_(active), Client.merged_into_id.is_(None))
    return session.scalar(counted.where(*here)) or 0


def new_and_lost(
    session: Session, brand_id: UUID, start: datetime, ends: Sequence[datetime]
) -> tuple[tuple[int, int], ...]:
    """(new, lost) in each slot of time from ``start`` on.

    New is a client that was made, or came back; lost is one whose status became one that is over (closed
    or blocked). Clients that were merged into another count in neither.
    """
    new, lost = _made(session, brand_id, start, ends), Counter[int]()
    at = slot(ClientStatusChange.at, ends)
    was_over = ClientStatusChange.from_behaviour.in_(OVER)
    is_over = ClientStatusChange.to_behaviour.in_(OVER)
    turned = and_(was_over != is_over, ClientStatusChange.from_label != "")
    statement = (
        select(at.label("slot"), ClientStatusChange.to_behaviour, func.count().label("count"))
        .join(Client, Client.id == ClientStatusChange.client_id)
        .where(ClientStatusChange.at >= start, turned)
        .where(Client.brand_id == brand_id, Client.merged_into_id.is_(None))
        .group_by("slot", ClientStatusChange.to_behaviour)
    )
    for row in session.execute(statement):
        (lost if row.to_behaviour in OVER else new)[row.slot] += row._mapping["count"]
    return tuple((new[number], lost[number]) for number in range(len(ends)))


def _made(session: Session, brand_id: UUID, start: datetime, ends: Sequence[datetime]) -> Counter[int]:
    at = slot(Client.created_at, ends)
    statement = (
        select(at.label("slot"), func.count().label("count"))
        .where(Client.brand_id == brand_id, Client.created_at >= start, Client.merged_into_id.is_(None))
        .group_by("slot")
    )
    return Counter({row.slot: row._mapping["count"] for row in session.execute(statement)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringCard:
    """A kept card or account and whose it is. ``warned`` says that its owner was written to."""

    client_id: UUID
    client_name: str
    label: str
    expires_on: date
    is_default: bool
    warned: bool


def _expiring(first: date, last: date) -> Select[UUID]:
    """Their ids, the first to expire first. In the very words of the partial index: SQLite does not see that
    ``keep = 1``, as a condition on the column would read, is what the index says with ``keep``."""
    found = select(BillingAccount.id).where(EXPIRES, BillingAccount.expires_on.between(first, last))
    return found.order_by(BillingAccount.expires_on, BillingAccount.id)


def expiring_count(session: Session, first: date, last: date, limit: int) -> int:
    """Kept ways to pay that can be charged for the last time between two days, counted up to ``limit``."""
    return session.scalar(select(counting.up_to(limit, _expiring(first, last)))) or 0


def expiring(session: Session, first: date, last: date, limit: int) -> tuple[ExpiringCard, ...]:
    """They themselves, the first to expire first, up to ``limit``."""
    statement = (
        select(
            BillingAccount.client_id, BillingAccount.brand, BillingAccount.last4, BillingAccount.expires_on,
            BillingAccount.is_default, BillingAccount.warned_for, *NAME_COLUMNS,
        )
        .join(Client, Client.id == BillingAccount.client_id)
        .outerjoin(Contact, PRIMARY)
        .where(BillingAccount.id.in_(_expiring(first, last).limit(limit)))
    )  # fmt: skip
    rows = session.execute(statement.order_by(BillingAccount.expires_on, BillingAccount.id))
    return tuple(
        ExpiringCard(
            client_id=row.client_id, expires_on=row.expires_on, is_default=row.is_default,
            client_name=display_name(row.company_name, row.first_name, row.last_name),
            label=f"{row.brand or 'Account'} ending in {row.last4}" if row.last4 else row.brand or "Account",
            warned=row.warned_for == row.expires_on,
        )
        for row in rows
    )  # fmt: skip
