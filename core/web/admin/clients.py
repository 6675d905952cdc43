"""Clients: the list, and one client with everything that belongs to them."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.clients import queries as clients
from core.clients.queries import ClientRow
from core.kernel.paging import Window
from core.kernel.problems import NotFound
from core.mail import queries as mail
from core.orders import queries as orders
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web import shown
from core.web.admin import access, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house

FEW = Window(size=page.LISTED_BESIDE)


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


@blueprint.get("/clients/<uuid:client_id>", endpoint="client")
@needs("clients.view")
def show_client(client_id: UUID) -> Response:
    """Raises NotFound. What the person may not see elsewhere is left out here too."""
    with house().db.read() as session:
        found = clients.client_page(session, client_id)
        if found is None:
            raise NotFound("There is no such client.")
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
    allowed = {name: rows if access.may(f"{name}.view") else None for name, rows in lists.items()}
    return page.draw(
        "client.html", section="clients", page=found, accounts=accounts, owed=owed, received=received,
        service_count=count, country_name=country_name, **allowed,
    )  # fmt: skip


def country_name(code: str) -> str:
    """``United States``; the code itself where the language has no name for it."""
    return str(shown.locale().territories.get(code, code))


def narrowed_to(client_id: UUID | None) -> ClientRow | None:
    """The client that a list is narrowed to, to be named above it."""
    if client_id is None:
        return None
    with house().db.read() as session:
        found = clients.client_page(session, client_id)
    if found is None:
        raise NotFound("There is no such client.")
    return found.client
