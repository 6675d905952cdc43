"""How states read on the admin's screens: a word and a tone. Tones are those of the badge:
success = finished, info = under way, warning = waits for someone, danger = failed or stopped,
unknown = never repeat it, "" = over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.billing.queries import InvoiceRow
from core.orders.queries import OrderRow
from core.payments.rules import DECLINE_WORDS
from core.plugin_api.values import DeclineCode
from core.provisioning.queries import JobRow


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tone: str = ""


CLIENT: Mapping[str, str] = {
    "pending": "info", "active": "success", "suspended": "warning", "closed": "", "blocked": "danger",
}  # fmt: skip
ORDER: Mapping[str, Word] = {
    "placed": Word("Awaiting payment", "warning"),
    "paid": Word("Paid", "info"),
    "provisioning": Word("Provisioning", "info"),
    "completed": Word("Completed", "success"),
    "cancelled": Word("Cancelled"),
}
INVOICE: Mapping[str, Word] = {
    "draft": Word("Draft"),
    "unpaid": Word("Open", "warning"),
    "pending": Word("Payment on its way", "info"),
    "paid": Word("Paid", "success"),
    "void": Word("Void"),
}
SERVICE: Mapping[str, Word] = {
    "pending": Word("Pending", "info"),
    "active": Word("Active", "success"),
    "suspended": Word("Suspended", "warning"),
    "terminated": Word("Terminated"),
    "cancelled": Word("Cancelled"),
}
ATTEMPT: Mapping[str, Word] = {
    "created": Word("Not begun"),
    "sent": Word("Sent", "info"),
    "pending": Word("Pending", "info"),
    "succeeded": Word("Succeeded", "success"),
    "declined": Word("Declined", "danger"),
    "not_sent": Word("Not sent"),
    "unknown": Word("Unknown", "unknown"),
    "returned": Word("Returned", "danger"),
    "refunded": Word("Refunded"),
}
JOB: Mapping[str, Word] = {
    "ready": Word("In the queue", "info"),
    "running": Word("Running", "info"),
    "waiting": Word("Waiting"),
    "needs_staff": Word("Needs staff", "warning"),
    "done": Word("Done", "success"),
    "failed": Word("Failed", "danger"),
    "cancelled": Word("Given up"),
}
MAIL: Mapping[str, Word] = {
    "queued": Word("In the queue", "info"),
    "sent": Word("Delivered", "success"),
    "failed": Word("Failed", "danger"),
    "kept": Word("Kept here"),
}
SERVER: Mapping[str, Word] = {
    "ok": Word("Answers", "success"),
    "full": Word("Full", "warning"),
    "cordoned": Word("Takes no new accounts"),
    "down": Word("Does not answer", "danger"),
}
ACCOUNT: Mapping[str, Word] = {
    "absent": Word("Not there"),
    "building": Word("Being built", "info"),
    "active": Word("Active", "success"),
    "suspended": Word("Suspended", "warning"),
    "failed": Word("Failed", "danger"),
    "unknown": Word("Unknown", "unknown"),
}
ACTIONS: Mapping[str, str] = {
    "create": "Open account", "suspend": "Suspend", "resume": "Resume", "terminate": "Terminate",
}  # fmt: skip
DRIFT: Mapping[str, str] = {
    "missing": "Billed here, not there",
    "stray": "There, not billed here",
    "state": "States differ",
    "stranger": "Marked as somebody else's",
}
UNMATCHED: Mapping[str, str] = {
    "no_attempt": "No payment of ours is known under this reference",
    "wrong_amount": "Not the amount that was asked for",
    "wrong_currency": "Not the currency that was asked for",
    "wrong_reference": "The reference belongs to another payment",
    "invoice_closed": "The invoice was closed already",
}
_CYCLES: Mapping[tuple[str, int], str] = {
    ("month", 1): "monthly", ("month", 3): "quarterly", ("month", 6): "every half-year",
    ("month", 12): "yearly", ("year", 1): "yearly", ("week", 1): "weekly", ("day", 1): "daily",
}  # fmt: skip


def _known(table: Mapping[str, Word], state: str) -> Word:
    return table.get(state, Word(state.replace("_", " ").capitalize()))


def client(label: str, behaviour: str) -> Word:
    """The host's own label in the tone of what it stands for."""
    return Word(label, CLIENT.get(behaviour, ""))


def order(row: OrderRow) -> Word:
    """What staff must know first: a doubtful payment, then a failed job, then where the order stands."""
    if row.payment_unknown:
        return Word("Payment unknown", "unknown")
    if row.job_failed:
        return Word("Job failed", "danger")
    if row.job_needs_staff:
        return Word("Needs staff", "warning")
    if row.state == "placed" and row.invoice_status == "pending":
        return Word("Payment on its way", "info")
    return _known(ORDER, row.state)


def order_owes(row: OrderRow) -> Word | None:
    """What to say beside an order that went on although its invoice is open (again); None of all others."""
    if row.payment_returned:
        return Word("Payment came back", "danger")
    if row.state in ("provisioning", "completed") and row.invoice_status in ("unpaid", "pending"):
        return (
            Word("Payment on its way", "info")
            if row.invoice_status == "pending"
            else Word("Not paid", "warning")
        )
    return None


def invoice(row: InvoiceRow, today: date) -> Word:
    if row.kind == "credit_note":
        return Word("Credit note")
    if row.status == "unpaid" and row.paid.minor:
        return Word("Partly paid", "warning")
    if row.status == "unpaid" and row.due_on < today:
        return Word("Overdue", "danger")
    return _known(INVOICE, row.status)


def service(status: str) -> Word:
    return _known(SERVICE, status)


def attempt(state: str) -> Word:
    return _known(ATTEMPT, state)


def job(state: str) -> Word:
    return _known(JOB, state)


def mail(state: str) -> Word:
    return _known(MAIL, state)


def server(state: str) -> Word:
    return _known(SERVER, state)


def account(state: str) -> Word:
    return _known(ACCOUNT, state)


def job_title(row: JobRow, *, registers: bool) -> str:
    """``registers``: the job's plugin is a registrar, which opens no accounts."""
    if row.action == "create" and registers:
        return f"Register {row.domain or row.service_label}"
    where = f" on {row.server_name}" if row.server_name else ""
    if row.action == "create":
        return f"Open account{where}"
    return f"{ACTIONS.get(row.action, row.action.capitalize())} {row.domain or row.service_label}{where}"


def code(text: str) -> str:
    """A stable code as words: ``insufficient_funds`` -> ``insufficient funds``."""
    return text.replace("_", " ").replace(".", ": ")


def fact(name: str) -> str:
    """What a panel told of an account: ``IP``, ``Host name``."""
    return name.upper() if len(name) <= 3 else code(name).capitalize()


def decline(text: str) -> str:
    """Why a payment was refused, as the buyer was told."""
    try:
        return DECLINE_WORDS[DeclineCode(text)]
    except ValueError:
        return code(text)


def cycle(unit: str, count: int) -> str:
    """``yearly``, ``every 2 years``, ``once``."""
    if unit == "once":
        return "once"
    return _CYCLES.get((unit, count), f"every {count} {unit}{'' if count == 1 else 's'}")


def nth_try(number: int) -> str:
    """``third try``."""
    words = ("no", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
    return f"{words[number]} try" if number < len(words) else f"try {number}"


def counted(number: int, one: str, many: str = "", *, limit: int = 100) -> str:
    """``1 failed job``, ``3 failed jobs``, ``100 or more failed jobs`` where counting stopped."""
    if number >= limit:
        return f"{limit} or more {many or one + 's'}"
    return f"{number} {one if number == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Two letters for the round picture beside a name; one where a name is one word."""
    parts = [part[0] for part in name.split() if part[0].isalnum()]
    return "".join(parts[:2] or name[:1]).upper()


def noted(value: object) -> str:
    """A value of the audit log as people read it; "nothing" where there was none."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "nothing"
    return str(value)
