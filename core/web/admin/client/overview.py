"""One client at a glance: what they owe, have and pay, and what happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from core.billing import of_client
from core.billing import queries as billing
from core.clients import notes
from core.kernel.paging import Window
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.services import of_client as recurring
from core.services import queries as services
from core.web.admin import access, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame, timeline
from core.web.current import house

FEW = Window(size=5)


@blueprint.get("/clients/<uuid:client_id>", endpoint="client")
@needs("clients.view")
def show_client(client_id: UUID) -> Response:
    """Raises NotFound. What the person may not see elsewhere is left out here too."""
    client = frame.read(client_id)
    with house().db.read() as session:
        bought = services.list_services(session, FEW, client_id=client_id)
        lists = {"services": bought, "invoices": billing.list_invoices(session, FEW, client_id=client_id)}
        accounts = provisioning.accounts(session, [row.id for row in bought.items])
        money: dict[str, Any] = {
            "owed": billing.owed_by_client(session, [client_id]).get(client_id, ()),
            "open_count": of_client.earliest_due(session, client_id),
            "received": payments.received_of(session, client_id),
            "recurring": recurring.recurring(session, client_id),
        }
        count = services.count_by_client(session, [client_id]).get(client_id, 0)
        kept = notes.pinned(session, client_id, 3) or notes.newest(session, client_id, 1)
    allowed: dict[str, Any] = {
        name: rows if access.may(f"{name}.view") else None for name, rows in lists.items()
    }
    return frame.draw(
        "overview.html", client, tab="overview", accounts=accounts, service_count=count, notes=kept,
        happenings=timeline.happenings(client_id), zone_name=page.zone_name(), **money, **allowed,
    )  # fmt: skip
