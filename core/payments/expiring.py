"""Cards that end soon: each is told of once for its date, early enough to enter another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from core.clients.models import BillingAccount, Client, ClientStatus
from core.kernel.db import changed
from core.kernel.work import House, publish
from core.services.models import Service
from core.services.paying import OVER

EVENT = "billing_account.expiring"
AHEAD = timedelta(days=30)
LATE = timedelta(days=31)  # what ended while nobody looked is told of for this long
CHUNK = 100
SERVED = ("pending", "active", "suspended")  # clients who may be billed again


def warn(house: House) -> int:
    """Publish ``billing_account.expiring`` for every kept card that ends within 30 days, once for each date.

    Only of cards that will be charged: the default, or one that a service has chosen. Harmless in several
    processes at once. Returns how many were told of.
    """
    today = house.clock.now().date()
    told = 0
    while True:
        with house.db.read() as session:
            found = _ending(session, today)
        told += sum(_tell(house, found))
        if len(found) < CHUNK:
            return told


def _ending(session: Session, today: date) -> Sequence[tuple[UUID, UUID, date | None]]:
    statement = (
        select(BillingAccount.id, BillingAccount.client_id, BillingAccount.expires_on)
        .join(Client, Client.id == BillingAccount.client_id)
        .join(ClientStatus, ClientStatus.id == Client.status_id)
        .where(_ends_soon(today), _is_used(), ClientStatus.behaviour.in_(SERVED))
        .order_by(BillingAccount.expires_on, BillingAccount.id)
        .limit(CHUNK)
    )
    return [(row.id, row.client_id, row.expires_on) for row in session.execute(statement)]


def _ends_soon(today: date) -> ColumnElement[bool]:
    return (
        BillingAccount.keep
        & BillingAccount.removed_at.is_(None)
        & BillingAccount.expires_on.between(today - LATE, today + AHEAD)
        & _is_untold()
    )


def _is_untold() -> ColumnElement[bool]:
    return or_(BillingAccount.warned_for.is_(None), BillingAccount.warned_for != BillingAccount.expires_on)


def _is_used() -> ColumnElement[bool]:
    chosen = select(Service.id).where(
        Service.billing_account_id == BillingAccount.id, Service.client_id == BillingAccount.client_id,
        Service.status.not_in(OVER),
    )  # fmt: skip
    return or_(BillingAccount.is_default, chosen.exists())


def _tell(house: House, found: Sequence[tuple[UUID, UUID, date | None]]) -> list[bool]:
    with house.db.transaction() as session:
        return [_tell_one(session, house, *one) for one in found]


def _tell_one(session: Session, house: House, account_id: UUID, client_id: UUID, ends: date | None) -> bool:
    """Of two who tell at once only one changes the row."""
    mine = update(BillingAccount).where(
        BillingAccount.id == account_id, BillingAccount.expires_on == ends, _is_untold(),
        BillingAccount.removed_at.is_(None),
    )  # fmt: skip
    if not changed(session, mine.values(warned_for=ends)):
        return False
    publish(house, session, EVENT, {"billing_account_id": account_id, "client_id": client_id})
    return True
