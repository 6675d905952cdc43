"""What the pages of a client say above everything else: its group, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from core.clients.models import Client, ClientGroup
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """``merged_into`` is (id, number) of the client that it was joined to. Instants are UTC."""

    group: str
    merged_into: tuple[UUID, int] | None
    erased_at: datetime | None
    closed_at: datetime | None

    @property
    def is_gone(self) -> bool:
        """Joined to another or erased: nothing new begins with it."""
        return self.merged_into is not None or self.erased_at is not None


def fate_of(session: Session, client_id: UUID) -> Fate:
    """Of an unknown client: nothing."""
    other = aliased(Client)
    row = session.execute(
        select(
            Client.erased_at, Client.closed_at, ClientGroup.name, other.id.label("into_id"),
            other.number.label("into_number"),
        )
        .outerjoin(ClientGroup, ClientGroup.id == Client.group_id)
        .outerjoin(other, other.id == Client.merged_into_id)
        .where(Client.id == client_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return Fate(group="", merged_into=None, erased_at=None, closed_at=None)
    into = (row.into_id, row.into_number) if row.into_id else None
    return Fate(group=row.name or "", merged_into=into, erased_at=row.erased_at, closed_at=row.closed_at)


def hold_living(session: Session, client_id: UUID) -> None:
    """Hold the client until the transaction ends, to change what is known of it.

    Raises NotFound, and Conflict for one that was joined to another or erased: what is written there nobody
    looks for, and what was erased stays so.
    """
    session.flush()
    if not changed(session, update(Client).where(Client.id == client_id).values(version=Client.version)):
        raise NotFound(_("There is no such client."))
    if fate_of(session, client_id).is_gone:
        raise Conflict(
            _("This client was joined to another one or erased: nothing of it is changed any more.")
        )
