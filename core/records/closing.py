"""Closing a client: only once nothing of it runs and nothing is owed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients import standing, statuses
from core.clients.models import ClientStatus
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import House
from core.orders import packages
from core.plugin_host.house import PluginHouse
from core.records import obstacles
from core.records.obstacles import LIVE
from core.services.models import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a client's services: ended at once, asked of a panel, and those that could not be."""

    ended: int
    asked: int
    refused: tuple[str, ...]


class NotOver(Conflict):
    """Something of the client is open; the text says what to do first."""

    code = "not_over"


def check(session: Session, client_id: UUID) -> None:
    """Whether the client may get a status of the closed kind: asked by all who give it one, see
    ``core.clients.statuses``.

    Raises NotOver while services live, money is owed or moves, or credit is left.
    """
    if found := obstacles.of_closing(session, client_id):
        raise NotOver(" ".join(one.text for one in found))


def close(
    house: House, client_id: UUID, *, reason: str, actor: str, status: str = "", ip: str = ""
) -> None:  # fmt: skip
    """Give the client a status of the kind "closed": ``status`` by id or label, "" for the host's first.

    Raises NotOver as ``check`` does, Conflict where it is closed already or the host has no such status,
    InvalidFields (reason, status), NotFound. Closed again it stays as it is.
    """

    def work(session: Session) -> None:
        if standing.hold(session, client_id).behaviour == statuses.CLOSED:
            raise Conflict(_("This client is closed already."))
        wanted = _chosen(session, status) if status else closed_status(session)
        statuses.change_status(
            session, house, client_id, wanted, closing=check, reason=reason, actor=actor, ip=ip
        )

    house.db.run(work)


def _chosen(session: Session, status: str) -> UUID:
    found = statuses.find(session, status)
    if found not in {one for one, _label in closed_statuses(session)}:
        raise InvalidFields({"status": _("Choose a status from the list.")})
    return found


def closed_statuses(session: Session) -> tuple[tuple[UUID, str], ...]:
    """(id, label) of those that stand for closed clients, in the host's order."""
    statement = select(ClientStatus.id, ClientStatus.label).where(ClientStatus.behaviour == statuses.CLOSED)
    rows = session.execute(statement.order_by(ClientStatus.position, ClientStatus.id))
    return tuple((row.id, row.label) for row in rows)


def closed_status(session: Session) -> UUID:
    """Raises Conflict where the host has none of that kind."""
    found = closed_statuses(session)
    if not found:
        raise Conflict(_("No status stands for closed clients. Add one first."))
    return found[0][0]


def end_services(house: PluginHouse, client_id: UUID, *, reason: str, actor: str, ip: str = "") -> Ended:
    """Terminate what runs and cancel what waits, one service at a time.

    What a panel has to do first is asked of it; the client can be closed once it is done. A service that
    cannot be ended now (a job of it is open) is named and left. Raises InvalidFields (reason).
    """
    with house.db.read() as session:
        rows = session.execute(
            select(Service.id, Service.number, Service.status)
            .where(Service.client_id == client_id, Service.status.in_(LIVE))
            .order_by(Service.number)
        ).all()
    ended, asked, refused = 0, 0, list[str]()
    for row in rows:
        action = "cancel" if row.status == "pending" else "terminate"
        try:
            if packages.act(house, row.id, action, reason=reason, actor=actor, ip=ip):
                asked += 1
            else:
                ended += 1
        except Conflict as problem:
            refused.append(f"S-{row.number}: {problem}")
    return Ended(ended=ended, asked=asked, refused=tuple(refused))
