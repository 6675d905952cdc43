"""The labels of statuses as a host keeps them: adding, renaming, ordering, deleting.

One active status always stays: new clients of the shop get the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.clients import ordering
from core.clients.models import Client, ClientStatus
from core.clients.rules import check_text, tidy
from core.clients.service import ensure_statuses
from core.clients.statuses import BEHAVIOURS, BILLABLE
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.i18n import ngettext
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.kernel.work import House

LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLabel:
    """``members`` counts the clients that have it."""

    id: UUID
    label: str
    behaviour: str
    members: int


def labels(session: Session) -> tuple[StatusLabel, ...]:
    """All statuses in the host's order."""
    counts = select(Client.status_id, func.count()).group_by(Client.status_id)
    members = {status_id: count for status_id, count in session.execute(counts)}
    return tuple(
        StatusLabel(id=row.id, label=row.label, behaviour=row.behaviour, members=members.get(row.id, 0))
        for row in _rows(session)
    )


def _rows(session: Session) -> list[ClientStatus]:
    statement = select(ClientStatus).order_by(ClientStatus.position, ClientStatus.id)
    return list(session.scalars(statement))


def add(
    session: Session, house: House, label: str, behaviour: str, *, actor: str, ip: str = ""
) -> UUID:  # fmt: skip
    """Raises InvalidFields (label, behaviour)."""
    ensure_statuses(session)
    clean = _checked(session, None, label, behaviour)
    row = ClientStatus(id=new_id(), label=clean, behaviour=behaviour, position=len(_rows(session)))
    session.add(row)
    session.flush()
    _record(
        session, house, row.id, "status.create", actor, ip, after={"label": clean, "behaviour": behaviour}
    )
    return row.id


def _checked(session: Session, status_id: UUID | None, label: str, behaviour: str) -> str:
    clean, wrong = tidy(label), {}
    if not clean or len(clean) > LONGEST:
        wrong["label"] = _("Enter a label of up to {count} characters.").format(count=LONGEST)
    elif problem := check_text(clean):
        wrong["label"] = problem
    elif any(row.label.casefold() == clean.casefold() and row.id != status_id for row in _rows(session)):
        wrong["label"] = _("Another status has this label. Choose another.")
    if behaviour not in dict(BEHAVIOURS):
        wrong["behaviour"] = _("Choose one of the list.")
    if wrong:
        raise InvalidFields(wrong)
    return clean


def change(
    session: Session, house: House, status_id: UUID, label: str, behaviour: str, *, actor: str, ip: str = ""
) -> bool:
    """Rename a status or let it stand for something else; False when it does already.

    What a used status stands for stays: its clients' billing would change without a word in their history.
    Raises NotFound, InvalidFields, Conflict for that and for the last active one.
    """
    row = _row(session, status_id)
    clean = _checked(session, status_id, label, behaviour)
    if (row.label, row.behaviour) == (clean, behaviour):
        return False
    if row.behaviour != behaviour:
        if _members(session, status_id):
            raise Conflict(
                _(
                    "{label} is used, so what it stands for stays. Add another status and move its clients."
                ).format(label=row.label)
            )
        _keep_an_active_one(session, row)
    before = {"label": row.label, "behaviour": row.behaviour}
    row.label, row.behaviour = clean, behaviour
    session.flush()
    after = {"label": clean, "behaviour": behaviour}
    _record(session, house, status_id, "status.edit", actor, ip, before=before, after=after)
    return True


def _row(session: Session, status_id: UUID) -> ClientStatus:
    row = session.get(ClientStatus, status_id)
    if row is None:
        raise NotFound(_("There is no such status."))
    return row


def _members(session: Session, status_id: UUID) -> int:
    return session.scalar(select(func.count()).where(Client.status_id == status_id)) or 0


def _keep_an_active_one(session: Session, row: ClientStatus) -> None:
    others = select(ClientStatus.id).where(ClientStatus.behaviour == BILLABLE, ClientStatus.id != row.id)
    if row.behaviour == BILLABLE and session.scalar(others.limit(1)) is None:
        raise Conflict(_("This is the last active status. Add another active one first."))


def remove(session: Session, house: House, status_id: UUID, *, actor: str, ip: str = "") -> None:
    """Raises NotFound, Conflict while clients have it and for the last active one."""
    row = _row(session, status_id)
    _keep_an_active_one(session, row)
    if count := _members(session, status_id):
        sentence = ngettext(
            "{label} is the status of {count} client. Give it another one first.",
            "{label} is the status of {count} clients. Give them another one first.",
            count,
        )
        raise Conflict(sentence.format(label=row.label, count=count))
    session.execute(delete(ClientStatus).where(ClientStatus.id == status_id))
    _record(session, house, status_id, "status.delete", actor, ip, before={"label": row.label})


def reorder(session: Session, status_id: UUID, *, up: bool) -> None:
    """Move a status one place. Raises NotFound."""
    _row(session, status_id)
    ordering.move(_rows(session), status_id, up=up)
    session.flush()


def _record(
    session: Session, house: House, status_id: UUID, action: str, actor: str, ip: str, *,
    before: dict[str, str] | None = None, after: dict[str, str] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"client_status:{status_id}", before=before, after=after,
        ip=ip, now=house.clock.now(),
    )  # fmt: skip
