"""The first password of an account: made by core, sealed, sent to the panel, and shown to its client alone.

It never stands in a mail, on an order's page (its link is all one needs there) or on a screen of staff.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel import audit
from core.kernel.problems import NotFound
from core.plugin_host.house import PluginHouse
from core.provisioning.models import RemoteAccount, Server
from core.provisioning.placement import password_of


def with_password(session: Session, house: PluginHouse, service_ids: Collection[UUID]) -> tuple[UUID, ...]:
    """Those of the services whose account runs and is signed in to with a password that we made."""
    signed_in_to = [name for name, entry in house.plugins.provisioners.items() if entry.spec.has_password]
    statement = (
        select(RemoteAccount.service_id)
        .join(Server, Server.id == RemoteAccount.server_id)
        .where(RemoteAccount.service_id.in_(service_ids), RemoteAccount.state == "active")
        .where(Server.plugin.in_(signed_in_to))
    )
    found = set(session.execute(statement).scalars())
    return tuple(one for one in service_ids if one in found)


def show_password(session: Session, house: PluginHouse, service_id: UUID, actor: str) -> str:
    """The first password, for the client who asks; each look is audited. Raises NotFound.

    Changed on the panel meanwhile, it is no longer the one that holds: nobody tells us of that.
    """
    if not with_password(session, house, [service_id]):
        raise NotFound("There is no password for this service.")
    audit.record(
        session, actor=actor, action="service.show_password", target=f"service:{service_id}",
        now=house.clock.now(),
    )  # fmt: skip
    return password_of(session, house, service_id)
