"""One search over everything that has a number or a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.clients import queries as clients
from core.kernel.db import DbSession
from core.kernel.paging import Window
from core.mail import queries as mail
from core.orders import queries as orders
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.web import shown
from core.web.admin import access, page, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house

FEW = Window(size=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    title: str
    text: str
    url: str
    word: words.Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: str
    url: str
    hits: tuple[Hit, ...]


@blueprint.get("/search", endpoint="search")
@needs(access.SIGNED_IN)
def search() -> Response:
    """Shows only kinds of things that this person may see."""
    q = page.searched()
    with house().db.read() as session:
        groups = [
            Group(title=title, url=url_for(f"admin.{name}", q=q), hits=tuple(hits))
            for name, title, permission, find in _KINDS
            if q and access.may(permission) and (hits := find(session, q))
        ]
    return page.draw("search.html", find=q, groups=groups)


def _clients(session: DbSession, q: str) -> Sequence[Hit]:
    """With the card or account that was meant, where four digits are looked for."""
    rows = clients.search(session, q)
    methods = clients.methods_ending(session, [row.id for row in rows], q)
    return [_client(row, methods.get(row.id, "")) for row in rows]


def _client(row: clients.ClientRow, method: str) -> Hit:
    return Hit(
        title=row.name, text=", ".join(filter(None, (str(row.number), row.email, method))),
        url=url_for("admin.client", client_id=row.id), word=words.client(row.status, row.behaviour),
    )  # fmt: skip


def _payment(row: payments.AttemptRow) -> Hit:
    return Hit(
        title=f"A-{row.number}", text=f"{row.client_name}, {shown.money(row.amount)}, {row.invoice_label}",
        url=url_for("admin.payment", attempt_id=row.id), word=words.attempt(row.state),
    )  # fmt: skip


def _job(row: provisioning.JobRow) -> Hit:
    return Hit(
        title=f"J-{row.number}", text=f"{row.domain or row.service_label} of {row.client_name}",
        url=url_for("admin.job", job_id=row.id), word=words.job(row.state),
    )  # fmt: skip


def _mail(row: mail.MailRow) -> Hit:
    return Hit(
        title=row.subject, text=f"M-{row.number} to {row.recipient}, {shown.day(row.created_at)}",
        url=url_for("admin.mail", mail_id=row.id), word=words.mail(row.state),
    )  # fmt: skip


def _order(row: orders.OrderRow) -> Hit:
    return Hit(
        title=row.label, text=f"{row.client_name}, {shown.money(row.total)}, {shown.day(row.placed_at)}",
        url=url_for("admin.order", order_id=row.id), word=words.order(row),
    )  # fmt: skip


def _invoice(row: billing.InvoiceRow) -> Hit:
    return Hit(
        title=row.label, text=f"{row.client_name}, {shown.money(row.total)}, {shown.day(row.issued_on)}",
        url=url_for("admin.invoice", invoice_id=row.id), word=words.invoice(row, page.today()),
    )  # fmt: skip


def _service(row: services.ServiceRow) -> Hit:
    return Hit(
        title=row.domain or row.label, text=f"{row.label} of {row.client_name}, S-{row.number}",
        url=url_for("admin.service", service_id=row.id), word=words.service(row.status),
    )  # fmt: skip


def _by(find: Callable[[DbSession, str], Sequence[Any]], draw: Callable[[Any], Hit]) -> _Find:
    return lambda session, q: [draw(row) for row in find(session, q)]


_Find = Callable[[DbSession, str], Sequence[Hit]]
_KINDS: tuple[tuple[str, str, str, _Find], ...] = (
    ("clients", "Clients", "clients.view", _clients),
    ("orders", "Orders", "orders.view", _by(orders.search, _order)),
    ("invoices", "Invoices", "invoices.view", _by(billing.search, _invoice)),
    ("services", "Services", "services.view", _by(services.search, _service)),
    ("payments", "Payments", "payments.view",
     _by(lambda session, q: payments.list_attempts(session, FEW, q=q).items, _payment)),
    ("jobs", "Jobs", "jobs.view",
     _by(lambda session, q: provisioning.list_jobs(session, FEW, q=q).items, _job)),
    ("mails", "Mails", "mails.view",
     _by(lambda session, q: mail.list_mails(session, FEW, q=q).items, _mail)),
)  # fmt: skip
