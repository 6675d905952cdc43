"""Questions to registrars that change nothing."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from core.plugin_api.errors import Misconfigured
from core.plugin_api.registrar import Availability
from core.plugin_host.calls import ask
from core.plugin_host.house import PluginHouse
from core.provisioning import placement
from core.provisioning.models import Server


def availability(house: PluginHouse, spec_id: str, name: str) -> Availability:
    """Whether a name can be registered through this registrar's first account. Raises PluginError."""
    entry = house.plugins.registrars.get(spec_id)
    if entry is None:
        return Availability.UNKNOWN
    with house.db.read() as session:
        server_id = session.execute(
            select(Server.id).where(Server.plugin == spec_id, Server.state == "ok").order_by(Server.name)
        ).scalar()
        if server_id is None:
            raise Misconfigured(f"no account is set up for {spec_id}")
        settings = placement.open_settings(session, house, server_id)
    desk = house.plugins.build_registrar(spec_id, settings)
    answer: Mapping[str, Availability] = ask(
        lambda: desk.availability([name]), Mapping, db=house.db, plugin=desk
    )
    return answer.get(name, Availability.UNKNOWN)
