"""Which billing account pays for which service; a service that names none is paid by its client's default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.db import changed
from core.kernel.paging import Page, Window, fetch_page
from core.services.models import Service

OVER = ("terminated", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """A service, and the account it has chosen (None: the default)."""

    service_id: UUID
    label: str
    domain: str
    status: str
    billing_account_id: UUID | None


def payers(session: Session, client_id: UUID, window: Window) -> Page[Payer]:
    """The services of a client that are not over, newest first, each with what pays for it."""
    statement = select(
        Service.id.label("service_id"), Service.label, Service.domain, Service.status,
        Service.billing_account_id,
    ).where(Service.client_id == client_id, Service.status.not_in(OVER))  # fmt: skip
    return fetch_page(session, statement, Service.id, window, lambda row: Payer(**row._mapping))


def paid_by(session: Session, account_id: UUID, limit: int = 50) -> tuple[Payer, ...]:
    """The services that have chosen this account and are not over."""
    statement = select(
        Service.id.label("service_id"), Service.label, Service.domain, Service.status,
        Service.billing_account_id,
    ).where(Service.billing_account_id == account_id, Service.status.not_in(OVER))  # fmt: skip
    rows = session.execute(statement.order_by(Service.id).limit(limit))
    return tuple(Payer(**row._mapping) for row in rows)


def choose(
    session: Session, client_id: UUID, service_id: UUID, account_id: UUID | None, was: UUID | None
) -> bool:
    """Have this account (None: the default) pay for a service; ``was`` is what the chooser saw.

    False when the service is not this client's, or somebody else has chosen meanwhile.
    """
    seen = Service.billing_account_id.is_(None) if was is None else Service.billing_account_id == was
    mine = update(Service).where(Service.id == service_id, Service.client_id == client_id, seen)
    return changed(session, mine.values(billing_account_id=account_id))


def let_go(session: Session, account_id: UUID) -> int:
    """An account is gone: the services that had chosen it are paid by the default. Returns how many."""
    chose = update(Service).where(Service.billing_account_id == account_id)
    ids: Sequence[UUID] = session.scalars(
        chose.values(billing_account_id=None).returning(Service.id),
        execution_options={"synchronize_session": False},
    ).all()
    session.expire_all()
    return len(ids)
