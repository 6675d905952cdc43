"""The statuses of clients: which there are, and a client's way through them.

A status is a label of the host's and the behaviour it stands for. Only ``active`` may be billed. Nobody gets
a status of the closed kind by any way but ``change_status``, which asks whether everything is over first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clients import fate
from core.clients.models import Client, ClientStatus, ClientStatusChange
from core.clients.rules import LONGEST, check_text, tidy
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.kernel.work import House, publish

# Raises Conflict while something of a client is open. Invoices, services and payments stand floors above, so
# whoever calls brings it: ``core.records.closing.check``.
Closing = Callable[[Session, UUID], None]
BILLABLE = "active"
CLOSED = "closed"
OVER = frozenset({"closed", "blocked"})  # of whom nothing is taken, and who get nothing new
# behaviour -> what it means, for the screens
BEHAVIOURS: tuple[tuple[str, str], ...] = (
    ("pending", "Pending: not billed yet"),
    ("active", "Active: billed"),
    ("suspended", "Suspended: not billed"),
    ("closed", "Closed: not billed any more"),
    ("blocked", "Blocked: not billed, may not order"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One step of a client's way; labels as they were called then. ``at`` is UTC."""

    from_label: str  # empty: the client was made
    from_behaviour: str
    to_label: str
    to_behaviour: str
    reason: str
    actor: str
    at: datetime


def is_billable(behaviour: str) -> bool:
    """Whether a client whose status has this behaviour may be billed: only active ones are."""
    return behaviour == BILLABLE


def change_status(
    session: Session, house: House, client_id: UUID, status_id: UUID, *, closing: Closing, reason: str,
    actor: str, ip: str = "",
) -> bool:  # fmt: skip
    """Give a client another status: history, audit and event in the caller's transaction.

    False when it has that status already (nothing is written). Raises NotFound, InvalidFields for the
    reason, Conflict when two change it at once, for a client that was joined to another or erased, and
    what ``closing`` raises where the new status is of the closed kind and the old one was not.
    """
    reason = _checked_reason(reason)
    fate.hold_living(session, client_id)
    before, after = _of_client(session, client_id), _status(session, status_id)
    if before.id == after.id:
        return False
    if after.behaviour == CLOSED != before.behaviour:
        closing(session, client_id)
    now = house.clock.now()
    gone = {"closed_at": now if after.behaviour == CLOSED else None, "version": Client.version + 1}
    held = update(Client).where(Client.id == client_id, Client.status_id == before.id)
    if not changed(session, held.values(status_id=after.id, **gone)):
        raise Conflict(_("Somebody else changed the status of this client just now. Look at it again."))
    note(session, client_id, before, after, reason=reason, actor=actor, now=now)
    audit.record(
        session, actor=actor, action="client.status", target=f"client:{client_id}", ip=ip, now=now,
        before={"status": before.label},
        after={"status": after.label} | ({"reason": reason} if reason else {}),
    )  # fmt: skip
    facts = {"client_id": client_id, "behaviour": after.behaviour, "was": before.behaviour}
    publish(house, session, "client.status_changed", facts)
    return True


def _checked_reason(text: str) -> str:
    reason = tidy(text)
    if wrong := check_text(reason):
        raise InvalidFields({"reason": wrong})
    return reason[:LONGEST]


def note(
    session: Session, client_id: UUID, before: ClientStatus | None, after: ClientStatus, *, reason: str,
    actor: str, now: datetime,
) -> None:  # fmt: skip
    """Write the step into the client's history; ``before`` None: the client was made."""
    session.add(
        ClientStatusChange(
            id=new_id(), client_id=client_id, to_label=after.label, to_behaviour=after.behaviour,
            from_label=before.label if before else "", from_behaviour=before.behaviour if before else "",
            reason=reason, actor=actor, at=now,
        )
    )  # fmt: skip
    session.flush()


def _of_client(session: Session, client_id: UUID) -> ClientStatus:
    statement = select(ClientStatus).join(Client, Client.status_id == ClientStatus.id)
    found = session.scalar(statement.where(Client.id == client_id))
    if found is None:
        raise NotFound(_("There is no such client."))
    return found


def _status(session: Session, status_id: UUID) -> ClientStatus:
    found = session.get(ClientStatus, status_id)
    if found is None:
        raise InvalidFields({"status": _("Choose a status from the list.")})
    return found


def find(session: Session, wanted: str) -> UUID:
    """The status of this id, label (in whatever case) or behaviour, the first of several. Raises
    InvalidFields when there is none."""
    rows = session.scalars(select(ClientStatus).order_by(ClientStatus.position, ClientStatus.id)).all()
    text = tidy(wanted).casefold()
    for names in (("id", "label"), ("behaviour",)):
        for row in rows:
            if text in (str(getattr(row, name)).casefold() for name in names):
                return row.id
    raise InvalidFields({"status": _("Choose a status from the list.")})


def history(session: Session, client_id: UUID, limit: int = 200) -> tuple[StatusChange, ...]:
    """The client's way through the statuses, newest first."""
    rows = session.scalars(
        select(ClientStatusChange)
        .where(ClientStatusChange.client_id == client_id)
        .order_by(ClientStatusChange.at.desc(), ClientStatusChange.id.desc())
        .limit(limit)
    )
    return tuple(
        StatusChange(
            from_label=row.from_label, from_behaviour=row.from_behaviour, to_label=row.to_label,
            to_behaviour=row.to_behaviour, reason=row.reason, actor=row.actor, at=row.at,
        )
        for row in rows
    )  # fmt: skip
