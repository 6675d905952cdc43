"""The frame around a client's pages: name, status, tabs. Each tab's module draws into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, url_for
from werkzeug.wrappers import Response

from core.billing import of_client
from core.clients import fate as fates
from core.clients import files, notes, places
from core.clients import queries as clients
from core.clients.queries import ClientPage
from core.kernel.problems import NotFound
from core.mail import queries as mail
from core.services import queries as services
from core.web import shown
from core.web.admin import access, page
from core.web.current import house

# (tab, words, endpoint, permission); a tab whose page is not there is left out
TABS = (
    ("overview", "Overview", "client", "clients.view"),
    ("contacts", "Contacts", "client_contacts", "clients.view"),
    ("billing_accounts", "Billing accounts", "client_billing_accounts", "clients.view"),
    ("services", "Services", "client_services", "services.view"),
    ("invoices", "Invoices", "client_invoices", "invoices.view"),
    ("credit", "Credit", "client_credit", "invoices.view"),
    ("mails", "Mails", "client_mails", "mails.view"),
    ("notes", "Notes", "client_notes", "clients.view"),
    ("files", "Files", "client_files", "files.view"),
    ("trail", "Audit trail", "client_trail", "audit.view"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    name: str
    label: str
    url: str
    is_here: bool
    note: str = ""  # how many there are, or how much


def read(client_id: UUID) -> ClientPage:
    """The client, for the frame and its tabs. Raises NotFound."""
    with house().db.read() as session:
        found = clients.client_page(session, client_id)
    if found is None:
        raise NotFound("There is no such client.")
    return found


def draw(template: str, client: ClientPage, /, *, tab: str, status: int = 200, **context: Any) -> Response:
    """One tab of a client's page. ``template`` extends ``admin/client/frame.html`` and fills ``tab``."""
    with house().db.read() as session:
        fate = fates.fate_of(session, client.client.id)
    return page.draw(
        f"client/{template}", status, section="clients", client=client, client_tabs=tabs(client, tab),
        tab=tab, country_name=country_name, status_url=_status_url(client), fate=fate, has=has, **context,
    )  # fmt: skip


def has(endpoint: str) -> bool:
    """Whether the admin has a page of this name: parts of a house can be left out."""
    return f"admin.{endpoint}" in current_app.view_functions


def _status_url(client: ClientPage) -> str:
    """Where the status is changed; "" for who may not."""
    if not access.may("clients.edit") or "admin.client_status" not in current_app.view_functions:
        return ""
    return url_for("admin.client_status", client_id=client.client.id)


def country_name(code: str) -> str:
    """``United States``; the code itself where the language has no name for it."""
    return places.country_name(code, str(shown.locale()))


def tabs(client: ClientPage, here: str) -> list[Tab]:
    beside = _beside(client)
    return [
        Tab(
            name=name, label=label, is_here=name == here, note=beside.get(name, ""),
            url=url_for(f"admin.{endpoint}", client_id=client.client.id),
        )
        for name, label, endpoint, permission in TABS
        if access.may(permission) and f"admin.{endpoint}" in current_app.view_functions
    ]  # fmt: skip


def _beside(client: ClientPage) -> dict[str, str]:
    """What stands small beside the words of a tab; nothing where there is nothing."""
    client_id = client.client.id
    with house().db.read() as session:
        counts = {
            "contacts": len(client.contacts),
            "billing_accounts": len(client.billing_accounts),
            "services": services.count_by_client(session, [client_id]).get(client_id, 0),
            "invoices": of_client.count_invoices(session, client_id),
            "mails": mail.count_of_client(session, client_id),
            "notes": notes.count(session, client_id),
            "files": files.used(session, client_id)[0],
        }
    found = {name: f"{count:,}" for name, count in counts.items() if count}
    return found | ({"credit": shown.money(client.credit)} if client.credit else {})
