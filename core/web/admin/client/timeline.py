"""What happened with one client, newest first: orders, money, jobs, mails, notes, its status.

Put together from what the slices' read models tell; nothing is decided here. Each kind is read as far as
the page needs it, so that a client with a million mails costs as much as one with ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from core.billing import of_client
from core.billing import queries as billing
from core.clients import notes, statuses
from core.kernel.paging import Window
from core.kernel.queries import list_audit
from core.mail import queries as mail
from core.orders import queries as orders
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.web import shown
from core.web.admin import access, page, people, timeline, words
from core.web.admin.client.credit import movement
from core.web.current import house

SHOWN = 20
LONGEST = 200
_STATES = {
    "success": "done", "info": "running", "warning": "waiting", "danger": "failed", "unknown": "unknown",
}  # fmt: skip


# What is told of the audit log: the rest has lines of its own, or says nothing to who looks after a client.
_CHANGES = {
    "client.edit": ("edit", "Account changed"), "contact.edit": ("edit", "Contact changed"),
    "client.sign_in_as": ("login-2", "Signed in as the client"), "file.add": ("file-text", "File added"),
    "client.export": ("download", "Everything handed out"), "file.delete": ("trash", "File deleted"),
    "client.merge": ("users", "Joined with another client"), "client.erase": ("shield-lock", "Erased"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the timeline. ``state`` colours its mark; ``url`` is the way to it, "" for none."""

    at: datetime
    icon: str
    title: str
    text: str = ""
    state: str = ""
    url: str = ""


def happenings(client_id: UUID, count: int = SHOWN) -> tuple[Happening, ...]:
    """The newest of everything this person may see."""
    few = Window(size=count)
    found = [
        *_statuses(client_id, count), *_notes(client_id, count),
        *(_orders(client_id, few) if access.may("orders.view") else ()),
        *(_invoices(client_id, few) if access.may("invoices.view") else ()),
        *(_payments(client_id, few) if access.may("payments.view") else ()),
        *(_jobs(client_id, few) if access.may("jobs.view") else ()),
        *(_mails(client_id, few) if access.may("mails.view") else ()),
        *(_changes(client_id, few) if access.may("audit.view") else ()),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:count])


def _statuses(client_id: UUID, count: int) -> Iterator[Happening]:
    with house().db.read() as session:
        rows = statuses.history(session, client_id, count)
        name = people.named(session, [row.actor for row in rows])
    for row in rows:
        title = f"Status {row.to_label}" if row.from_label else f"Client made, status {row.to_label}"
        yield Happening(
            at=row.at, icon="user-check", title=title, text=_by(name, row.actor, row.reason),
            state="done" if row.to_behaviour == statuses.BILLABLE else "waiting",
        )  # fmt: skip


def _by(name: Callable[[str], str], actor: str, text: str) -> str:
    who = f"By {name(actor)}"
    return f"{who}: {text}" if text else who


def _notes(client_id: UUID, count: int) -> Iterator[Happening]:
    url = url_for("admin.client_notes", client_id=client_id)
    with house().db.read() as session:
        rows = notes.newest(session, client_id, count)
    for row in rows:
        text = " ".join(row.text.split())
        short = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
        yield Happening(
            at=row.created_at, icon="message", title=f"Note of {row.author_name}", text=short, url=url
        )


def _orders(client_id: UUID, few: Window) -> Iterator[Happening]:
    with house().db.read() as session:
        rows = orders.list_orders(session, few, client_id=client_id).items
    for row in rows:
        word = words.order(row)
        yield Happening(
            at=row.placed_at, icon="shopping-bag", title=f"Order {row.label} placed",
            text=f"{shown.money(row.total)}, {word.text.lower()}", state=_STATES.get(word.tone, ""),
            url=url_for("admin.order", order_id=row.id),
        )  # fmt: skip


def _invoices(client_id: UUID, few: Window) -> Iterator[Happening]:
    """Those of no order (an order tells of its own), and every movement of credit."""
    with house().db.read() as session:
        made = of_client.made_at(session, client_id, few)
        rows = billing.list_invoices(session, few, client_id=client_id).items
        moves = of_client.credit_movements(session, client_id, few).items
    for row in rows:
        if row.order_id is None and row.id in made:
            word = words.invoice(row, page.today())
            yield Happening(
                at=made[row.id], icon="file-invoice", title=f"Invoice {row.label} issued",
                text=f"{shown.money(row.total)}, {word.text.lower()}", state=_STATES.get(word.tone, ""),
                url=url_for("admin.invoice", invoice_id=row.id),
            )  # fmt: skip
    url = url_for("admin.client_credit", client_id=client_id)
    for one in moves:
        what, beside = movement(one)
        title = f"Credit of {shown.money(one.amount)}: {what[:1].lower()}{what[1:]}"
        yield Happening(at=one.at, icon="coin", title=title, text=beside, url=url)


def _payments(client_id: UUID, few: Window) -> Iterator[Happening]:
    with house().db.read() as session:
        rows = payments.list_attempts(session, few, client_id=client_id).items
    for row in rows:
        word = words.attempt(row.state)
        kind = "Refund" if row.kind == "refund" else "Payment"
        how = row.method or page.gateway_name(row.gateway)
        yield Happening(
            at=row.settled_at or row.sent_at or row.created_at, icon="credit-card",
            title=f"{kind} of {shown.money(row.amount)}, {word.text.lower()}",
            text=f"A-{row.number}, {how}, {row.invoice_label}", state=_STATES.get(word.tone, ""),
            url=url_for("admin.payment", attempt_id=row.id),
        )  # fmt: skip


def _jobs(client_id: UUID, few: Window) -> Iterator[Happening]:
    registrars = house().plugins.registrars
    with house().db.read() as session:
        rows = provisioning.list_jobs(session, few, client_id=client_id).items
    for row in rows:
        word = words.job(row.state)
        yield Happening(
            at=row.finished_at or row.created_at, icon="server-2",
            title=f"{words.job_title(row, registers=row.plugin in registrars)}: {word.text.lower()}",
            text=timeline.job_text(row, shown.moment), state=_STATES.get(word.tone, ""),
            url=url_for("admin.job", job_id=row.id),
        )  # fmt: skip


def _mails(client_id: UUID, few: Window) -> Iterator[Happening]:
    with house().db.read() as session:
        rows = mail.list_mails(session, few, client_id=client_id).items
    for row in rows:
        word = words.mail(row.state)
        yield Happening(
            at=row.sent_at or row.created_at, icon="mail",
            title=f"Mail “{row.subject}” {word.text.lower()}", text=f"To {row.recipient}",
            state=_STATES.get(word.tone, "done" if row.state == "kept" else ""),
            url=url_for("admin.mail", mail_id=row.id),
        )  # fmt: skip


def _changes(client_id: UUID, few: Window) -> Iterator[Happening]:
    """What the audit log has of the client itself."""
    with house().db.read() as session:
        rows = list_audit(session, few, target=f"client:{client_id}").items
        name = people.named(session, [row.actor for row in rows])
    url = url_for("admin.client_trail", client_id=client_id)
    for row in rows:
        if row.action in _CHANGES:
            icon, title = _CHANGES[row.action]
            what = ", ".join(one.replace("_", " ") for one in dict.fromkeys((*row.before, *row.after)))
            text = _by(name, row.actor, what)
            yield Happening(at=row.at, icon=icon, title=title, text=text, url=url)
