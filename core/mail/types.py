"""Which fact writes which mail, which box of a contact's mail choice it obeys, how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.kernel.i18n import mark
from core.plugin_api.values import DeclineCode

PACKAGES = "package_info"
TECHNICAL = (DeclineCode.PROCESSING_ERROR.value,)  # declines that are nobody's no


@dataclass(frozen=True, slots=True, kw_only=True)
class MailType:
    """``name`` is also that of its templates, .html and .txt; ``label`` is what staff read.

    ``boxes`` are the keys of clients' MAIL_TYPES that let it through: one; or for money one for each kind
    of gateway (BOX_OF_KIND). ``for_staff``: it goes to the brand's support address. Neither: it was asked
    for, or guards an account, and always goes out. ``good_for``: how long after the fact it may still be
    sent. ``after``: how long to wait with writing it, for facts that often settle themselves.
    """

    name: str
    event: str
    label: str
    good_for: timedelta
    boxes: tuple[str, ...] = ()
    for_staff: bool = False
    after: timedelta = timedelta(0)

    def box(self, kind: str = "", code: str = "") -> str:
        """The box to look at, for a payment through a gateway of this kind, declined for this reason."""
        if code in TECHNICAL and "declined_payment" in self.boxes:
            return "payment_error"
        if len(self.boxes) > 1:
            return BOX_OF_KIND.get(kind, BOX_OF_KIND["manual"])
        return self.boxes[0] if self.boxes else ""


BOX_OF_KIND: Mapping[str, str] = {
    "card": "card_payment",
    "echeck": "echeck_payment",
    "manual": "bank_draft_payment",  # a transfer, a cheque: money that comes without our asking for it
    "redirect": "third_party_payment",
}
PAYMENTS = tuple(BOX_OF_KIND.values())


def _type(name: str, event: str, label: str, days: float, *boxes: str, after: float = 0) -> MailType:
    return MailType(
        name=name, event=event, label=label, good_for=timedelta(days=days), boxes=boxes,
        after=timedelta(minutes=after),
    )  # fmt: skip


def _staff(name: str, event: str, label: str) -> MailType:
    return MailType(name=name, event=event, label=label, good_for=timedelta(days=2), for_staff=True)


TYPES = (
    _type("order_received", "order.placed", mark("Order received"), 3, "order_received"),
    _type("invoice", "invoice.issued", mark("Invoice"), 7, "invoice"),
    _type("payment", "payment.succeeded", mark("Payment received"), 5, *PAYMENTS),
    _type("echeck_pending", "payment.pending", mark("Payment on its way"), 2, *PAYMENTS),
    _type("payment_declined", "payment.declined", mark("Payment declined"), 2, "declined_payment"),
    _type("payment_returned", "payment.returned", mark("Payment returned"), 5, "payment_error"),
    _type("payment_not_sent", "payment.not_sent", mark("Payment not made"), 2, "payment_error"),
    _type("payment_unknown", "payment.unknown", mark("Payment in doubt"), 2, "payment_error", after=15),
    _type("card_expiration", "billing_account.expiring", mark("Card expires"), 7, "card_expiration"),
    _type(PACKAGES, "service.activated", mark("Package info"), 7, PACKAGES),
    _type("suspension", "service.suspended", mark("Service suspended"), 3, "suspension"),
    _type("enabled", "service.resumed", mark("Service runs again"), 3, "enabled"),
    _type("new_device", "user.new_device", mark("New device"), 2, "new_device"),
    _type("password_changed", "user.password_changed", mark("Password changed"), 2),
    _type("factor_changed", "user.factor_changed", mark("Second factor changed"), 2),
    _type("password_reset", "user.password_reset_asked", mark("Reset your password"), 1 / 96),
    _type("invite", "user.invited", mark("Invitation"), 7),
    _staff("staff_job_failed", "job.failed", mark("Job failed")),
    _staff("staff_task", "job.needs_staff", mark("Task for staff")),
)
_BY_NAME = {one.name: one for one in TYPES}
UNKNOWN_GOOD_FOR = timedelta(days=3)


def find(name: str) -> MailType:
    """Raises KeyError for a type that is not (or no longer) written."""
    return _BY_NAME[name]


def good_for(name: str) -> timedelta:
    """How long a mail of this type may be sent; three days for types that are no longer written."""
    return _BY_NAME[name].good_for if name in _BY_NAME else UNKNOWN_GOOD_FOR


def label_of(name: str) -> str:
    """What staff call it, in English; the name in words for types that are no longer written."""
    return _BY_NAME[name].label if name in _BY_NAME else name.replace("_", " ").capitalize()
