"""How many calls a server bears at once, as its plugin says."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.plugin_host.registry import Registry
from core.provisioning.models import Server
from core.work.lanes import Limits


def server_limits(plugins: Registry) -> Limits:
    """Looks a server's plugin up once per process: it never changes."""
    known: dict[str, int] = {}

    def limit(session: Session, queue: str) -> int | None:
        if queue not in known and (found := _look_up(session, plugins, queue)) is not None:
            known[queue] = found
        return known.get(queue)

    return limit


def _look_up(session: Session, plugins: Registry, queue: str) -> int | None:
    kind, _, server = queue.partition(":")
    if kind != "server":
        return None
    try:
        plugin = session.scalar(select(Server.plugin).where(Server.id == UUID(server)))
    except ValueError:
        return None
    entry = plugins.provisioners.get(plugin or "") or plugins.registrars.get(plugin or "")
    return entry.spec.concurrency if entry else None
