"""Whether a client may be billed, now and in the past: only active accounts can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clients.models import Client, ClientStatus, ClientStatusChange
from core.clients.statuses import OVER, is_billable
from core.kernel.clock import local_date
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, NotFound


class NotBillable(Conflict):
    """The status of the client forbids it: the way out is to change the status first."""

    code = "not_billable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a client stands: the host's label, and what it stands for."""

    label: str
    behaviour: str

    @property
    def is_billable(self) -> bool:
        return is_billable(self.behaviour)

    @property
    def why_not(self) -> str:
        """Why the client cannot be billed; "" when it can."""
        if self.is_billable:
            return ""
        return _("Only active accounts can be billed. This one is {status}: change its status first.").format(
            status=self.label
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Days on which a client could not be billed: ``until`` is the first on which it could, None for never.

    The day the account stopped being active is the first of them, the day it became active is not.
    """

    since: date
    until: date | None


def standing(session: Session, client_id: UUID) -> Standing:
    """Raises NotFound."""
    found = session.execute(
        select(ClientStatus.label, ClientStatus.behaviour)
        .join(Client, Client.status_id == ClientStatus.id)
        .where(Client.id == client_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such client."))
    return Standing(label=found.label, behaviour=found.behaviour)


def hold(session: Session, client_id: UUID) -> Standing:
    """The same, held until the transaction ends: nobody changes its status, bills, joins or erases it
    meanwhile. Two who bill one client at once stand in line here. Raises NotFound."""
    if not changed(session, update(Client).where(Client.id == client_id).values(version=Client.version)):
        raise NotFound(_("There is no such client."))
    return standing(session, client_id)


def hold_billable(session: Session, client_id: UUID) -> None:
    """As ``hold``. Raises NotBillable, whose text is the reason."""
    found = hold(session, client_id)
    if not found.is_billable:
        raise NotBillable(found.why_not)


def hold_chargeable(session: Session, client_id: UUID, *, asked: bool) -> None:
    """Hold a client of whom money may be taken now, as ``hold`` does. Raises NotBillable, with the reason.

    ``asked``: its buyer asked for this payment, so it is no billing: it is taken of everybody whose account
    is not over. What nobody asked for is taken of active clients only.
    """
    found = hold(session, client_id)
    if found.behaviour in OVER and asked:
        raise NotBillable(_("This account is closed, so no payment is taken for it. Please write to us."))
    if not asked and not found.is_billable:
        raise NotBillable(found.why_not)


def idle_times(session: Session, client_id: UUID, zone: str) -> tuple[Idle, ...]:
    """The times in which the client could not be billed, oldest first, by its brand's calendar.

    Read from the history of its statuses; a client without one was always billable.
    """
    rows = session.execute(
        select(ClientStatusChange.at, ClientStatusChange.from_behaviour, ClientStatusChange.to_behaviour)
        .where(ClientStatusChange.client_id == client_id)
        .order_by(ClientStatusChange.at, ClientStatusChange.id)
    ).all()
    steps = [(local_date(row.at, zone), is_billable(row.to_behaviour)) for row in rows]
    if rows and rows[0].from_behaviour and not is_billable(rows[0].from_behaviour):
        steps.insert(0, (date.min, False))  # what was before the history began
    return _spans(steps)


def _spans(steps: list[tuple[date, bool]]) -> tuple[Idle, ...]:
    spans: list[Idle] = []
    since: date | None = None
    for day, billable in steps:
        if not billable and since is None:
            since = day
        elif billable and since is not None:
            if since < day:
                spans.append(Idle(since=since, until=day))
            since = None
    return (*spans, Idle(since=since, until=None)) if since is not None else tuple(spans)
