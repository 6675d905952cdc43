"""Which fact writes which mail, and which box of a contact's mail choice it obeys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MailType:
    """``choice`` is a key of clients' MAIL_TYPES. ``template`` is a pair of files, .html and .txt.
    ``always`` mails are the contract itself and go out whatever is ticked."""

    event: str
    name: str
    choice: str
    template: str
    always: bool = False


TYPES = (
    MailType(event="order.placed", name="order_received", choice="order", template="order_received", always=True),
    MailType(event="payment.succeeded", name="payment", choice="payment", template="payment"),
    MailType(event="payment.pending", name="echeck_pending", choice="echeck", template="echeck_pending"),
    MailType(event="payment.declined", name="payment_declined", choice="payment_error", template="payment_declined"),
    MailType(event="payment.returned", name="payment_returned", choice="payment_error", template="payment_returned"),
    MailType(event="service.activated", name="package_info", choice="service", template="package_info", always=True),
)  # fmt: skip
BY_EVENT = {one.event: one for one in TYPES}
