"""Services: the list. One service has a page of its own: see ``core.web.admin.service``."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web.admin import page, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.clients import narrowed_to
from core.web.current import house


@blueprint.get("/services", endpoint="services")
@needs("services.view")
def list_services() -> Response:
    status, client = page.chosen("status", services.STATUSES), narrowed_to(page.asked_client())
    with house().db.read() as session:
        found = services.list_services(
            session,
            page.asked_window(),
            q=page.searched(),
            status=status,
            client_id=client.id if client else None,
        )
        accounts = provisioning.accounts(session, [row.id for row in found.items])
    return page.draw(
        "services.html", section="services", page=found, pager=page.pager(found), q=page.searched(),
        filter=status, client=client, accounts=accounts,
        by_state=page.state_tabs("services", "status", services.STATUSES, words.SERVICE),
    )  # fmt: skip
