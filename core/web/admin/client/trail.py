"""Who did what to one client, and to what belongs to it."""

from __future__ import annotations

from uuid import UUID

from werkzeug.wrappers import Response

from core.records import belongings
from core.web.admin import page, people
from core.web.admin.access import needs
from core.web.admin.audit import changes
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house


@blueprint.get("/clients/<uuid:client_id>/audit", endpoint="client_trail")
@needs("audit.view")
def show_trail(client_id: UUID) -> Response:
    """Raises NotFound."""
    client = frame.read(client_id)
    with house().db.read() as session:
        found = belongings.trail(session, client_id, page.asked_window(int))
        name = people.named(session, [row.actor for row in found.items])
    return frame.draw(
        "trail.html", client, tab="trail", page=found, pager=page.pager(found), actor_name=name,
        changes=lambda row: list(changes(row)),
    )  # fmt: skip
