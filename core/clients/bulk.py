"""Changes that staff make to many clients, one at a time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clients import fate
from core.clients.models import Client, ClientGroup
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import House


def change_group(
    session: Session, house: House, client_id: UUID, group_id: UUID | None, *, actor: str, ip: str = ""
) -> bool:
    """Put a client into a group, or into none; False when it is there already.

    Raises NotFound, InvalidFields (group), Conflict when somebody else changed it at the same moment or the
    client was joined to another or erased.
    """
    fate.hold_living(session, client_id)
    client = session.execute(select(Client.group_id).where(Client.id == client_id)).one()
    if client.group_id == group_id:
        return False
    before, after = _name(session, client.group_id), _name(session, group_id)
    held = update(Client).where(Client.id == client_id, Client.group_id.is_not_distinct_from(client.group_id))
    if not changed(session, held.values(group_id=group_id, version=Client.version + 1)):
        raise Conflict(_("Somebody else changed this client just now. Look at it again."))
    audit.record(
        session, actor=actor, action="client.edit", target=f"client:{client_id}", ip=ip,
        before={"client_group": before}, after={"client_group": after}, now=house.clock.now(),
    )  # fmt: skip
    return True


def _name(session: Session, group_id: UUID | None) -> str:
    if group_id is None:
        return ""
    name = session.scalar(select(ClientGroup.name).where(ClientGroup.id == group_id))
    if name is None:
        raise InvalidFields({"group": _("Choose a group from the list.")})
    return name
