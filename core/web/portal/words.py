"""How things stand, in words for clients: a word and the tone of its badge. Pure.

Nobody outside the house can act on a failed job, so none is told of as one: our staff are on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from core.billing.queries import InvoiceRow
from core.catalog.values import cycle_inside
from core.kernel.calendar import Cycle
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark, ngettext
from core.provisioning.queries import JobPage, JobRow


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tone: str = ""
    is_due: bool = False  # an invoice that may still be paid in time: the page says until when


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One change to a service. ``state`` is a task's: done, running, waiting, unknown."""

    title: str
    text: str
    state: str
    at: datetime | None = None


SERVICE: Mapping[str, Word] = {
    "pending": Word(mark("Getting ready"), "info"),
    "active": Word(mark("Active"), "success"),
    "suspended": Word(mark("Paused"), "warning"),
    "terminated": Word(mark("Ended")),
    "cancelled": Word(mark("Cancelled")),
}
INVOICE: Mapping[str, Word] = {
    "pending": Word(mark("Payment on its way"), "info"),
    "paid": Word(mark("Paid"), "success"),
    "void": Word(mark("Void")),
}
# action of a job -> (while it runs, once it is done); {} is what the service is called
_TITLES: Mapping[str, tuple[str, str]] = {
    "create": (mark("Opening {}"), mark("{} was opened")),
    "register": (mark("Registering {}"), mark("{} was registered")),
    "suspend": (mark("Pausing {}"), mark("{} was paused")),
    "resume": (mark("Starting {} again"), mark("{} was started again")),
    "terminate": (mark("Closing {}"), mark("{} was closed")),
}
_TEXTS: Mapping[str, tuple[str, str]] = {
    "ready": ("running", mark("This starts in a moment.")),
    "running": ("running", mark("We are on it now.")),
    "waiting": ("running", mark("This takes a little longer. We go on by ourselves.")),
    "needs_staff": ("waiting", mark("A person on our side finishes this. You need not do anything.")),
    "failed": ("waiting", mark("Our staff have been told and look at it. You need not do anything.")),
    "cancelled": ("waiting", mark("This was not carried out.")),
    "done": ("done", ""),
}  # fmt: skip


def service(status: str) -> Word:
    return _said(SERVICE.get(status, Word(status.capitalize())))


def invoice(row: InvoiceRow, today: date) -> Word:
    """Unpaid is left to the page, which says until when: see ``is_late``."""
    if row.kind == "credit_note":
        return Word(_("Credit note"))
    if row.status == "unpaid":
        late = is_late(row, today)
        return Word(_("Overdue") if late else _("Due"), "warning", is_due=not late)
    return _said(INVOICE.get(row.status, Word(row.status.capitalize())))


def _said(word: Word) -> Word:
    return replace(word, text=_(word.text))


def is_late(row: InvoiceRow, today: date) -> bool:
    return row.status == "unpaid" and row.due_on < today


def in_numbers(counts: Mapping[str, int]) -> str:
    """``Running: 2 services. Getting ready: 1 service.``; "" without any that is not over."""
    found = [(service(status).text, counts.get(status, 0)) for status in ("active", "pending", "suspended")]
    return " ".join(f"{word}: {_services(count)}." for word, count in found if count)


def _services(count: int) -> str:
    return ngettext("{count} service", "{count} services", count).format(count=count)


def expecting(jobs: Sequence[JobPage]) -> str:
    """What a service that is not ready yet waits for; ``jobs`` are its own."""
    if not jobs:
        return _("Starts when your payment has arrived")
    slow = jobs[-1].job.state in ("needs_staff", "failed", "waiting")
    return _("This takes a little longer; we are on it") if slow else _("We are getting it ready now")


def story(job: JobRow, *, registers: bool) -> Story:
    """``registers``: the service is a domain name, which is registered and not opened."""
    action = "register" if registers and job.action == "create" else job.action
    state, text = _TEXTS.get(job.state, ("running", ""))
    begun, done = _TITLES.get(action, (mark("Changing {}"), mark("{} was changed")))
    title = _(done if job.state == "done" else begun).format(job.domain or job.service_label)
    return Story(title=title, text=_(text) if text else "", state=state, at=job.finished_at or job.created_at)


def cycle(unit: str, count: int) -> str:
    """``yearly``, ``every 2 years``, ``once``."""
    return cycle_inside(Cycle.of(unit, count))
