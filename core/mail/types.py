"""Which fact writes which mail, which box of a contact's mail choice it obeys, how long it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PACKAGES = "package_info"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailType:
    """``name`` is also that of its templates, .html and .txt.

    ``choice`` is a key of clients' MAIL_TYPES. ``always``: it is the contract itself, and goes out
    whatever is ticked. ``for_staff``: it goes to the brand's support address.
    ``good_for``: how long after the fact it may still be sent.
    """

    name: str
    event: str
    good_for: timedelta
    choice: str = ""
    always: bool = False
    for_staff: bool = False


TYPES = (
    MailType(
        name="order_received", event="order.placed", good_for=timedelta(days=3), choice="order", always=True
    ),
    MailType(name="payment", event="payment.succeeded", good_for=timedelta(days=5), choice="payment"),
    MailType(name="echeck_pending", event="payment.pending", good_for=timedelta(days=2), choice="echeck"),
    MailType(
        name="payment_declined", event="payment.declined", good_for=timedelta(days=2), choice="payment_error"
    ),
    MailType(
        name="payment_returned", event="payment.returned", good_for=timedelta(days=5), choice="payment_error"
    ),
    MailType(
        name=PACKAGES, event="service.activated", good_for=timedelta(days=7), choice="service", always=True
    ),
    MailType(name="staff_job_failed", event="job.failed", good_for=timedelta(days=2), for_staff=True),
    MailType(name="staff_task", event="job.needs_staff", good_for=timedelta(days=2), for_staff=True),
)
_BY_NAME = {one.name: one for one in TYPES}
UNKNOWN_GOOD_FOR = timedelta(days=3)


def good_for(name: str) -> timedelta:
    """How long a mail of this type may be sent; three days for types that are no longer written."""
    return _BY_NAME[name].good_for if name in _BY_NAME else UNKNOWN_GOOD_FOR
