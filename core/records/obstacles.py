"""What keeps a client from being closed or erased, in words that say what to do first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.models import Invoice
from core.clients.models import BillingAccount, Client
from core.kernel.i18n import gettext as _
from core.kernel.i18n import ngettext
from core.kernel.money import Money
from core.kernel.paging import AnySelect
from core.mail.models import MailMessage
from core.payments.models import Attempt
from core.payments.rules import MOVING
from core.provisioning.jobs import OPEN
from core.provisioning.models import Job
from core.provisioning.rules import JobState
from core.services.models import Service

LIVE = ("pending", "active", "suspended")
OWED = ("unpaid", "pending")
AT_WORK = (*OPEN, JobState.NEEDS_STAFF, JobState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One thing that is still open. ``kind``: services, invoices, payments, jobs, credit, methods, mails,
    status."""

    kind: str
    count: int
    text: str


def of_closing(session: Session, client_id: UUID) -> tuple[Obstacle, ...]:
    """What must be over before the client is closed; nothing when it can be."""
    found = [_services(session, client_id), _invoices(session, client_id)]
    found += [_payments(session, client_id), _jobs(session, client_id), _credit(session, client_id)]
    return tuple(one for one in found if one.count)


def of_erasing(session: Session, client_id: UUID) -> tuple[Obstacle, ...]:
    """What must be over before the client is erased: all of closing, and nothing left to forget or send."""
    found = [_methods(session, client_id), _mails(session, client_id)]
    return (*of_closing(session, client_id), *(one for one in found if one.count))


def _services(session: Session, client_id: UUID) -> Obstacle:
    count = _count(
        session, select(Service.id).where(Service.client_id == client_id, Service.status.in_(LIVE))
    )
    sentence = ngettext(
        "{count} service is not over. End it first: terminate it if it runs, cancel it if it waits.",
        "{count} services are not over. End them first: terminate what runs, cancel what waits.",
        count,
    )
    return Obstacle(kind="services", count=count, text=sentence.format(count=count))


def _invoices(session: Session, client_id: UUID) -> Obstacle:
    count = _count(
        session, select(Invoice.id).where(Invoice.client_id == client_id, Invoice.status.in_(OWED))
    )
    sentence = ngettext(
        "{count} invoice is open. Have it paid, or void it if nothing was paid on it.",
        "{count} invoices are open. Have them paid, or void those on which nothing was paid.",
        count,
    )
    return Obstacle(kind="invoices", count=count, text=sentence.format(count=count))


def _payments(session: Session, client_id: UUID) -> Obstacle:
    moving = select(Attempt.id).where(Attempt.client_id == client_id, Attempt.state.in_(MOVING))
    count = _count(session, moving)
    sentence = ngettext(
        "{count} payment is under way. Wait for its answer, or settle it if it is in doubt.",
        "{count} payments are under way. Wait for their answers, or settle those in doubt.",
        count,
    )
    return Obstacle(kind="payments", count=count, text=sentence.format(count=count))


def _jobs(session: Session, client_id: UUID) -> Obstacle:
    jobs = select(Job.id).join(Service, Service.id == Job.service_id)
    count = _count(session, jobs.where(Service.client_id == client_id, Job.state.in_(AT_WORK)))
    sentence = ngettext(
        "{count} job on a panel is not over. Finish it or give it up.",
        "{count} jobs on panels are not over. Finish them or give them up.",
        count,
    )
    return Obstacle(kind="jobs", count=count, text=sentence.format(count=count))


def _credit(session: Session, client_id: UUID) -> Obstacle:
    row = session.execute(
        select(Client.credit_minor, Client.currency).where(Client.id == client_id)
    ).one_or_none()
    left = Money(row.credit_minor, row.currency) if row else Money.zero("USD")
    text = _("{amount} of credit is the client's. Pay it out, or use it.").format(amount=left)
    return Obstacle(kind="credit", count=1 if left else 0, text=text)


def _methods(session: Session, client_id: UUID) -> Obstacle:
    """A way to pay is over once its gateway has forgotten it: what it knows is personal too."""
    known = select(BillingAccount.id).where(
        BillingAccount.client_id == client_id, BillingAccount.detached_at.is_(None)
    )
    count = _count(session, known)
    sentence = ngettext(
        "{count} billing account is not forgotten yet. Remove it; its gateway is asked by itself.",
        "{count} billing accounts are not forgotten yet. Remove them; the gateways are asked by themselves.",
        count,
    )
    return Obstacle(kind="methods", count=count, text=sentence.format(count=count))


def _mails(session: Session, client_id: UUID) -> Obstacle:
    waiting = select(MailMessage.id).where(MailMessage.client_id == client_id, MailMessage.state == "queued")
    count = _count(session, waiting)
    sentence = ngettext(
        "{count} mail waits to be sent. Let it go out first.",
        "{count} mails wait to be sent. Let them go out first.",
        count,
    )
    return Obstacle(kind="mails", count=count, text=sentence.format(count=count))


def _count(session: Session, statement: AnySelect) -> int:
    few = statement.limit(1000).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0
