"""Which fact writes which mail, which box of a contact's mail choice it obeys, how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

PACKAGES = "package_info"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailType:
    """``name`` is also that of its templates, .html and .txt.

    ``boxes`` are the keys of clients' MAIL_TYPES that let it through: one, or for money one for each kind
    of gateway (BOX_OF_KIND). ``for_staff``: it goes to the brand's support address.
    ``good_for``: how long after the fact it may still be sent.
    """

    name: str
    event: str
    good_for: timedelta
    boxes: tuple[str, ...] = ()
    for_staff: bool = False

    def box(self, kind: str) -> str:
        """The box to look at, for a payment through a gateway of this kind ("" for none)."""
        return self.boxes[0] if len(self.boxes) == 1 else BOX_OF_KIND.get(kind, BOX_OF_KIND["manual"])


BOX_OF_KIND: Mapping[str, str] = {
    "card": "card_payment",
    "echeck": "echeck_payment",
    "manual": "bank_draft_payment",  # a transfer, a cheque: money that comes without our asking for it
    "redirect": "third_party_payment",
}
PAYMENTS = tuple(BOX_OF_KIND.values())
TYPES = (
    MailType(
        name="order_received", event="order.placed", good_for=timedelta(days=3), boxes=("order_received",)
    ),
    MailType(name="payment", event="payment.succeeded", good_for=timedelta(days=5), boxes=PAYMENTS),
    MailType(name="echeck_pending", event="payment.pending", good_for=timedelta(days=2), boxes=PAYMENTS),
    MailType(
        name="declined_payment", event="payment.declined", good_for=timedelta(days=2),
        boxes=("declined_payment",),
    ),
    MailType(
        name="payment_error", event="payment.returned", good_for=timedelta(days=5), boxes=("payment_error",)
    ),
    MailType(name=PACKAGES, event="service.activated", good_for=timedelta(days=7), boxes=("package_info",)),
    MailType(name="staff_job_failed", event="job.failed", good_for=timedelta(days=2), for_staff=True),
    MailType(name="staff_task", event="job.needs_staff", good_for=timedelta(days=2), for_staff=True),
)  # fmt: skip
_BY_NAME = {one.name: one for one in TYPES}
UNKNOWN_GOOD_FOR = timedelta(days=3)


def good_for(name: str) -> timedelta:
    """How long a mail of this type may be sent; three days for types that are no longer written."""
    return _BY_NAME[name].good_for if name in _BY_NAME else UNKNOWN_GOOD_FOR
