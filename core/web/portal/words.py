"""How things stand, in words for clients: a word and the tone of its badge. Pure.

Nobody outside the house can act on a failed job, so none is told of as one: our staff are on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.billing.queries import InvoiceRow
from core.provisioning.queries import JobPage, JobRow


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One change to a service. ``state`` is a task's: done, running, waiting, unknown."""

    title: str
    text: str
    state: str
    at: datetime | None = None


SERVICE: Mapping[str, Word] = {
    "pending": Word("Getting ready", "info"),
    "active": Word("Active", "success"),
    "suspended": Word("Paused", "warning"),
    "terminated": Word("Ended"),
    "cancelled": Word("Cancelled"),
}
INVOICE: Mapping[str, Word] = {
    "pending": Word("Payment on its way", "info"),
    "paid": Word("Paid", "success"),
    "void": Word("Void"),
}
_COUNTED: tuple[tuple[str, str], ...] = (
    ("active", "running"), ("pending", "getting ready"), ("suspended", "paused"),
)  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# action of a job -> (while it runs, once it is done); {} is what the service is called
_TITLES: Mapping[str, tuple[str, str]] = {
    "create": ("Opening {}", "{} was opened"),
    "register": ("Registering {}", "{} was registered"),
    "suspend": ("Pausing {}", "{} was paused"),
    "resume": ("Starting {} again", "{} was started again"),
    "terminate": ("Closing {}", "{} was closed"),
}
_TEXTS: Mapping[str, tuple[str, str]] = {
    "ready": ("running", "This starts in a moment."),
    "running": ("running", "We are on it now."),
    "waiting": ("running", "This takes a little longer. We go on by ourselves."),
    "needs_staff": ("waiting", "A person on our side finishes this. You need not do anything."),
    "failed": ("waiting", "Our staff have been told and look at it. You need not do anything."),
    "cancelled": ("waiting", "This was not carried out."),
    "done": ("done", ""),
}  # fmt: skip


def service(status: str) -> Word:
    return SERVICE.get(status, Word(status.capitalize()))


def invoice(row: InvoiceRow, today: date) -> Word:
    """Unpaid is left to the page, which says until when: see ``is_late``."""
    if row.kind == "credit_note":
        return Word("Credit note")
    if row.status == "unpaid":
        return Word("Overdue" if is_late(row, today) else "Due", "warning")
    return INVOICE.get(row.status, Word(row.status.capitalize()))


def is_late(row: InvoiceRow, today: date) -> bool:
    return row.status == "unpaid" and row.due_on < today


def in_numbers(counts: Mapping[str, int]) -> str:
    """``Two services are running, one is getting ready.``; "" without any that is not over."""
    parts: list[str] = []
    for status, words in _COUNTED:
        count = counts.get(status, 0)
        if count:
            number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
            noun = "" if parts else " service" if count == 1 else " services"
            parts.append(f"{number}{noun} {'is' if count == 1 else 'are'} {words}")
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def expecting(jobs: Sequence[JobPage]) -> str:
    """What a service that is not ready yet waits for; ``jobs`` are its own."""
    if not jobs:
        return "Starts when your payment has arrived"
    slow = jobs[-1].job.state in ("needs_staff", "failed", "waiting")
    return "This takes a little longer; we are on it" if slow else "We are getting it ready now"


def story(job: JobRow, *, registers: bool) -> Story:
    """``registers``: the service is a domain name, which is registered and not opened."""
    action = "register" if registers and job.action == "create" else job.action
    state, text = _TEXTS.get(job.state, ("running", ""))
    begun, done = _TITLES.get(action, ("Changing {}", "{} was changed"))
    title = (done if job.state == "done" else begun).format(job.domain or job.service_label)
    return Story(title=title, text=text, state=state, at=job.finished_at or job.created_at)
