"""The list of jobs on panels and registrars."""

from __future__ import annotations

from uuid import UUID

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.provisioning import queries as provisioning
from core.provisioning import staff
from core.provisioning.queries import JobRow
from core.web.admin import access, words
from core.web.admin.listing.spec import Asked, Bulk, Choices, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import chosen_id, moment
from core.web.current import house


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[JobRow]:
    return provisioning.list_jobs(
        session, window, q=wish.q, state=wish.values.get("state", ""), client_id=wish.client_id,
        server_id=chosen_id(wish, "server"), since=span.since, until=span.until,
    )  # fmt: skip


def _servers(session: DbSession) -> Choices:
    return [(str(one.id), one.name) for one in provisioning.servers(session)]


def _retry(job_id: UUID, _wanted: object) -> None:
    staff.retry(house(), job_id, access.actor())


JOBS = Listing(
    name="jobs", title="Jobs", one="job", many="jobs", permission="jobs.view", read=_read,
    placeholder="Number, domain, server or client", name_of=lambda row: f"J-{row.number}",
    columns=(
        Column(key="number", label="Job", text=lambda row, _: f"J-{row.number}"),
        Column(key="client", label="Client", text=lambda row, _: row.client_name, shown_from="md"),
        Column(key="server", label="Server", text=lambda row, _: row.server_name, shown_from="lg"),
        Column(key="tries", label="Tries", shown_from="sm",
               text=lambda row, _: str(row.attempts), is_number=True),
        Column(key="state", label="State", text=lambda row, _: row.state),
        Column(key="begun", label="Begun", text=lambda row, _: moment(row.created_at), shown_from="sm"),
        Column(key="action", label="Action", text=lambda row, _: row.action, file_only=True),
        Column(key="service", label="Service", file_only=True, text=lambda row, _: f"S-{row.service_number}"),
        Column(key="domain", label="Domain", text=lambda row, _: row.domain, file_only=True),
    ),
    filters=(
        Filter(name="state", label="State", any_label="Any state", as_tabs=True,
               choices=lambda _: texts(words.JOB, provisioning.STATES)),
        Filter(name="server", label="Server", any_label="Any server", choices=_servers),
    ),
    bulk=(
        Bulk(key="retry", label="Try again", icon="refresh", permission="jobs.work", run=_retry,
             done="{count} jobs are tried again."),
        Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),
    ),
    empty=("No jobs yet", "A paid order brings the first ones.", "subtask"),
)  # fmt: skip
