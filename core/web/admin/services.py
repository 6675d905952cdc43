"""Services: the list, and one service with its jobs and where it lives."""

from __future__ import annotations

from uuid import UUID

from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.orders import queries as orders
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web.admin import access, page, words
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


@blueprint.get("/services/<uuid:service_id>", endpoint="service")
@needs("services.view")
def show_service(service_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = services.service_page(session, service_id)
        if found is None:
            raise NotFound("There is no such service.")
        jobs = provisioning.jobs_of_services(session, [service_id])
        account = provisioning.accounts(session, [service_id]).get(service_id)
        order = orders.order_of_service(session, service_id)
    return page.draw(
        "service.html", section="services", page=found, account=account, order=order,
        jobs=jobs[::-1] if access.may("jobs.view") else None,
    )  # fmt: skip
