"""The list of contacts of all clients."""

from __future__ import annotations

from collections.abc import Sequence

from core.clients.contact_list import ContactRow, list_contacts
from core.kernel import i18n
from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.web.admin.client.frame import country_name
from core.web.admin.listing.spec import Asked, Beside, Bulk, Column, Filter, Listing, Span
from core.web.admin.lists.common import BRAND, chosen_id

KINDS = (("primary", "Primary contacts"), ("other", "Other contacts"), ("signs_in", "Who sign in"))


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[ContactRow]:
    return list_contacts(
        session, window, q=wish.q, kind=wish.values.get("kind", ""), client_id=wish.client_id,
        brand_id=chosen_id(wish, "brand"), since=span.since, until=span.until,
    )  # fmt: skip


def _beside(_session: DbSession, _rows: Sequence[ContactRow]) -> Beside:
    return {"country": country_name, "languages": dict(i18n.languages())}


def _roles(row: ContactRow, _beside: Beside) -> str:
    return ", ".join((*(("primary",) if row.is_primary else ()), *row.roles))


CONTACTS = Listing(
    name="contacts", title="Contacts", one="contact", many="contacts", permission="clients.view",
    placeholder="Name, company or email", read=_read, beside=_beside, name_of=lambda row: row.name,
    columns=(
        Column(key="name", label="Contact", text=lambda row, _: row.name),
        Column(key="email", label="Email", text=lambda row, _: row.email, shown_from="md"),
        Column(key="client", label="Client", text=lambda row, _: row.company_name, shown_from="sm"),
        Column(key="phone", label="Phone", text=lambda row, _: row.phone, shown_from="lg"),
        Column(key="place", label="Place", text=lambda row, _: row.city, shown_from="xl"),
        Column(key="roles", label="Roles", text=_roles, shown_from="sm"),
        Column(key="language", label="Language", shown_from="lg", usual=False,
               text=lambda row, _: row.language),
        Column(key="signs_in", label="Signs in", shown_from="lg", usual=False,
               text=lambda row, _: "yes" if row.may_sign_in else "no"),
        Column(key="country", label="Country", text=lambda row, _: row.country, file_only=True),
        Column(key="number", label="Client number", file_only=True,
               text=lambda row, _: str(row.client_number)),
    ),
    filters=(
        Filter(name="kind", label="Kind", any_label="All contacts", choices=lambda _: KINDS,
               as_tabs=True),
        BRAND,
    ),
    bulk=(Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),),
    empty=("No contacts yet", "A contact is added with each client.", "user"),
)  # fmt: skip
