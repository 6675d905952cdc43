"""The list of clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.billing import queries as billing
from core.brands import queries as brands
from core.clients import bulk, statuses
from core.clients import queries as clients
from core.clients.queries import ClientRow
from core.kernel.db import DbSession
from core.kernel.i18n import gettext as _
from core.kernel.paging import Page, Window
from core.kernel.problems import InvalidFields
from core.records import closing
from core.services import queries as services
from core.web.admin import access
from core.web.admin.client.frame import country_name
from core.web.admin.listing.spec import Asked, Beside, Bulk, Choices, Column, Filter, Listing, Span
from core.web.admin.lists.common import BRAND, amount, chosen_id, moment
from core.web.current import house, visitor_ip


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[ClientRow]:
    return clients.list_clients(
        session, window, q=wish.q, status=wish.values.get("status", ""), group=wish.values.get("group", ""),
        brand_id=chosen_id(wish, "brand"), since=span.since, until=span.until,
    )  # fmt: skip


def _beside(session: DbSession, rows: Sequence[ClientRow]) -> Beside:
    ids = [row.id for row in rows]
    if not ids:
        return {}
    return {
        "services": services.count_by_client(session, ids), "owed": billing.owed_by_client(session, ids),
        "brands": {one.id: one.name for one in brands.names(session)}, "country": country_name,
    }  # fmt: skip


def _groups(session: DbSession) -> Choices:
    known = [(str(one), name) for one, name in clients.group_names(session)]
    return [*known, ("none", "No group")] if known else []


def _statuses(session: DbSession) -> Choices:
    return [(one.label, one.label) for one in clients.statuses(session)]


def _owes(row: ClientRow, beside: Beside) -> str:
    return ", ".join(f"{amount(one)} {one.currency}" for one in beside["owed"].get(row.id, ()))


def _read_group(session: DbSession, form: Mapping[str, str]) -> UUID | None:
    value = form.get("group", "")
    if value not in {one for one, _label in _groups(session)} | {"none"}:
        raise InvalidFields({"group": _("Choose a group from the list.")})
    return None if value == "none" else UUID(value)


def _change_group(client_id: UUID, group_id: UUID | None) -> None:
    with house().db.transaction() as session:
        bulk.change_group(session, house(), client_id, group_id, actor=access.actor(), ip=visitor_ip())


def _read_status(session: DbSession, form: Mapping[str, str]) -> tuple[UUID, str]:
    """The status and the reason, which stands in the history of each."""
    known = {str(one): one for one, _label in clients.status_names(session)}
    wrong = {}
    if form.get("status") not in known:
        wrong["status"] = _("Choose a status from the list.")
    if not form.get("reason"):
        wrong["reason"] = _("Say why: it is kept with each client.")
    if wrong:
        raise InvalidFields(wrong)
    return known[form["status"]], form["reason"]


def _change_status(client_id: UUID, wanted: tuple[UUID, str]) -> None:
    status_id, reason = wanted
    with house().db.transaction() as session:
        statuses.change_status(
            session, house(), client_id, status_id, closing=closing.check, reason=reason,
            actor=access.actor(), ip=visitor_ip(),
        )  # fmt: skip


def _group_facts(session: DbSession) -> dict[str, Any]:
    return {"groups": [one for one in _groups(session) if one[0] != "none"]}


def _status_facts(session: DbSession) -> dict[str, Any]:
    return {"statuses": [(str(one), label) for one, label in clients.status_names(session)]}


CLIENTS = Listing(
    name="clients", title="Clients", one="client", many="clients", permission="clients.view",
    placeholder="Name, company, email, number or last four", read=_read, beside=_beside,
    name_of=lambda row: row.name, by_client=False,
    columns=(
        Column(key="name", label="Client", text=lambda row, _: row.name),
        Column(key="email", label="Email", text=lambda row, _: row.email, shown_from="xl"),
        Column(key="group", label="Group", text=lambda row, _: row.group, shown_from="lg"),
        Column(key="status", label="Status", text=lambda row, _: row.status),
        Column(key="services", label="Services", is_number=True, shown_from="md",
               text=lambda row, beside: str(beside["services"].get(row.id, 0))),
        Column(key="owes", label="Owes", text=_owes, is_number=True, shown_from="sm"),
        Column(key="country", label="Country", text=lambda row, _: row.country, shown_from="lg", usual=False),
        Column(key="brand", label="Brand", shown_from="lg", usual=False,
               text=lambda row, beside: beside["brands"].get(row.brand_id, "")),
        Column(key="since", label="Since", text=lambda row, _: moment(row.created_at), shown_from="md"),
        Column(key="number", label="Number", text=lambda row, _: str(row.number), file_only=True),
        Column(key="person", label="Contact", text=lambda row, _: row.person, file_only=True),
    ),
    filters=(
        Filter(name="status", label="Status", any_label="Any status", choices=_statuses, as_tabs=True),
        Filter(name="group", label="Client group", any_label="Any group", choices=_groups),
        BRAND,
    ),
    bulk=(
        Bulk(key="group", label="Change group", icon="tag", permission="clients.edit",
             done="{count} clients are in their new group.", run=_change_group, read=_read_group,
             fields="admin/bulk/group.html", facts=_group_facts),
        Bulk(key="status", label="Change status", icon="player-pause", permission="clients.edit",
             done="{count} clients have their new status.", run=_change_status, read=_read_status,
             fields="admin/bulk/status.html", facts=_status_facts),
        Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),
    ),
    empty=("No clients yet", "A client is made with the first order, or by hand.", "users"),
)  # fmt: skip
