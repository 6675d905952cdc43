"""What belongs to one client, over all slices: by ids, for its audit trail and for what is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.billing.models import Invoice
from core.clients.models import BillingAccount, Contact
from core.identity.models import Membership
from core.kernel.paging import Page, Window
from core.kernel.queries import AuditRow, list_audit
from core.mail.models import MailMessage
from core.orders.models import Order
from core.payments.models import Attempt
from core.provisioning.models import Job
from core.services.models import Service

Key = InstrumentedAttribute[UUID]
MOST_OF_A_KIND = 1000  # the newest: a trail is read from its end
_OWN: tuple[tuple[str, Key, InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]], ...] = (
    ("contact", Contact.id, Contact.client_id),
    ("billing_account", BillingAccount.id, BillingAccount.client_id),
    ("service", Service.id, Service.client_id),
    ("order", Order.id, Order.client_id),
    ("invoice", Invoice.id, Invoice.client_id),
    ("attempt", Attempt.id, Attempt.client_id),
    ("mail", MailMessage.id, MailMessage.client_id),
    ("user", Membership.user_id, Membership.client_id),
)


def targets_of(session: Session, client_id: UUID) -> tuple[str, ...]:
    """How the audit log names the client and what belongs to it: "client:<id>", "invoice:<id>", ..."""
    return (f"client:{client_id}", *_of_own(session, client_id), *_jobs(session, client_id))


def _of_own(session: Session, client_id: UUID) -> Iterator[str]:
    for kind, key, owner in _OWN:
        ids = session.scalars(
            select(key).where(owner == client_id).order_by(key.desc()).limit(MOST_OF_A_KIND)
        )
        yield from (f"{kind}:{one}" for one in ids)


def _jobs(session: Session, client_id: UUID) -> Iterator[str]:
    statement = select(Job.id).join(Service, Service.id == Job.service_id)
    ids = session.scalars(
        statement.where(Service.client_id == client_id).order_by(Job.id.desc()).limit(MOST_OF_A_KIND)
    )
    yield from (f"job:{one}" for one in ids)


def trail(session: Session, client_id: UUID, window: Window) -> Page[AuditRow]:
    """What was done to a client and to what belongs to it, newest first."""
    return list_audit(session, window, targets=targets_of(session, client_id))
