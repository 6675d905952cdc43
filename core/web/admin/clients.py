"""Clients: the list. One client has pages of its own: see ``core.web.admin.client``."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.clients import queries as clients
from core.clients.queries import ClientRow
from core.kernel.problems import NotFound
from core.services import queries as services
from core.web.admin import page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client.frame import country_name as country_name
from core.web.current import house


@blueprint.get("/clients", endpoint="clients")
@needs("clients.view")
def list_clients() -> Response:
    with house().db.read() as session:
        known = [one.label for one in clients.statuses(session)]
        status = page.chosen("status", tuple(known))
        found = clients.list_clients(session, page.asked_window(), q=page.searched(), status=status)
        ids = [row.id for row in found.items]
        counts, owed = services.count_by_client(session, ids), billing.owed_by_client(session, ids)
    tabs = [(label, url_for("admin.clients", status=label), label == status) for label in known]
    return page.draw(
        "clients.html", section="clients", page=found, pager=page.pager(found), q=page.searched(),
        status=status, services=counts, owed=owed,
        by_status=[("All", url_for("admin.clients"), not status), *tabs],
    )  # fmt: skip


def narrowed_to(client_id: UUID | None) -> ClientRow | None:
    """The client that a list is narrowed to, to be named above it."""
    if client_id is None:
        return None
    with house().db.read() as session:
        found = clients.client_page(session, client_id)
    if found is None:
        raise NotFound("There is no such client.")
    return found.client
