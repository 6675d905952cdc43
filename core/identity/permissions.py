"""What staff may do, by name. A role is a set of these; what is not in a role is refused."""

from __future__ import annotations

ADMINISTRATOR = "Administrator"  # the role that always has every permission

PERMISSIONS: dict[str, str] = {
    "orders.view": "See orders and their timelines.",
    "orders.cancel": "Cancel orders.",
    "clients.view": "See clients, their contacts and their mails' subjects.",
    "clients.edit": "Change clients and contacts.",
    "services.view": "See services.",
    "services.edit": "Suspend, resume and terminate services.",
    "invoices.view": "See and download invoices.",
    "payments.view": "See payments and unmatched money.",
    "payments.record": "Mark invoices paid and settle payments by hand.",
    "payments.lookup": "Ask a gateway what became of a payment.",
    "payments.refund": "Give money back.",
    "jobs.view": "See provisioning jobs and what panels answered.",
    "jobs.work": "Retry, look up, resolve and cancel provisioning jobs.",
    "servers.view": "See servers and drift.",
    "servers.check": "Check servers and compare them with what is billed.",
    "mails.view": "Read mails that were sent or kept.",
    "mails.resend": "Send a mail once more.",
    "plugins.view": "See plugins and their health.",
    "audit.view": "Read the audit log, and the events that nobody took.",
    "events.offer": "Offer an event once more that a subscriber did not take.",
    "reports.view": "See the figures on the dashboard.",
}
