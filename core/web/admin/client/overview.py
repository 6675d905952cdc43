"""One client at a glance: what they owe, have and pay, and what happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.kernel.paging import Window
from core.mail import queries as mail
from core.orders import queries as orders
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web.admin import access, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house

FEW = Window(size=page.LISTED_BESIDE)


@blueprint.get("/clients/<uuid:client_id>", endpoint="client")
@needs("clients.view")
def show_client(client_id: UUID) -> Response:
    """Raises NotFound. What the person may not see elsewhere is left out here too."""
    client = frame.read(client_id)
    with house().db.read() as session:
        bought = services.list_services(session, FEW, client_id=client_id)
        lists = {
            "orders": orders.list_orders(session, FEW, client_id=client_id),
            "services": bought,
            "invoices": billing.list_invoices(session, FEW, client_id=client_id),
            "payments": payments.list_attempts(session, FEW, client_id=client_id),
            "jobs": provisioning.list_jobs(session, FEW, client_id=client_id),
            "mails": mail.list_mails(session, FEW, client_id=client_id),
        }
        accounts = provisioning.accounts(session, [row.id for row in bought.items])
        owed = billing.owed_by_client(session, [client_id]).get(client_id, ())
        received = payments.received_of(session, client_id)
        count = services.count_by_client(session, [client_id]).get(client_id, 0)
    allowed: dict[str, Any] = {
        name: rows if access.may(f"{name}.view") else None for name, rows in lists.items()
    }
    return frame.draw(
        "overview.html", client, tab="overview", accounts=accounts, owed=owed, received=received,
        service_count=count, **allowed,
    )  # fmt: skip

