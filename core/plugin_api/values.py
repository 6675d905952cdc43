"""Values that cross the plugin border: frozen, typed, no ORM, no Flask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from core.kernel.money import Money as Money

__all__ = [
    "Action", "BankAccount", "DeclineCode", "Instructions", "LookupRequest", "Money",
    "Notification", "PaymentEvent", "PaymentOutcome", "PaymentSource", "ChargeRequest",
    "RedirectInstruction", "RedirectRequest", "RefundRequest", "Status", "StoredMethod",
]  # fmt: skip


class Status(StrEnum):
    """What is known of one outside effect. The five are all there are (architecture, decision 4)."""

    SUCCEEDED = "succeeded"  # the provider says it happened
    PENDING = "pending"  # accepted; the answer comes later (eCheck, redirect, slow build)
    DECLINED = "declined"  # the provider says no, and nothing happened
    NOT_SENT = "not_sent"  # it never arrived: safe to try again
    UNKNOWN = "unknown"  # it left and nothing came back: look it up, never repeat it


class DeclineCode(StrEnum):
    """Why a payment was refused, the same words for every provider."""

    CARD_DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    INCORRECT_NUMBER = "incorrect_number"
    INCORRECT_ADDRESS = "incorrect_address"
    PICK_UP_CARD = "pick_up_card"
    CALL_ISSUER = "call_issuer"
    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATION_REQUIRED = "authentication_required"
    ACCOUNT_CLOSED = "account_closed"
    NO_ACCOUNT = "no_account"
    AUTHORIZATION_REVOKED = "authorization_revoked"
    CANCELLED_BY_BUYER = "cancelled_by_buyer"
    EXPIRED = "expired"  # the approval was never given in time
    RETURNED = "returned"  # a bank debit that had settled came back
    PROCESSING_ERROR = "processing_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the buyer's browser must do before a PENDING payment can go on (3-D Secure).

    ``data`` is handed to the gateway's browser module and is public: never put a secret key here.
    """

    kind: str  # "authenticate"
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOutcome:
    """What a gateway says of one attempt to move money."""

    status: Status
    reference: str | None = None  # the provider's id; needed for refund and look-up
    amount: Money | None = None  # what the provider says it moved; core compares it
    code: DeclineCode | None = None
    provider_code: str | None = None
    action: Action | None = None  # only with PENDING
    staff_note: str = ""  # never shown to a customer
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)  # scrubbed by core

    def __post_init__(self) -> None:
        if (self.code is not None) != (self.status is Status.DECLINED):
            raise ValueError("code is set exactly when the payment was declined")
        if self.status in (Status.SUCCEEDED, Status.PENDING) and not self.reference:
            raise ValueError(f"{self.status} needs the provider's reference")
        if self.action is not None and self.status is not Status.PENDING:
            raise ValueError("only a pending payment can ask for an action")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMethod:
    """A card or other method that the provider keeps; we hold its token only."""

    token: str = field(repr=False)
    brand: str  # "Visa"
    last4: str
    expires: tuple[int, int] | None = None  # (year, month)
    holder: str = ""
    issue_number: str = ""
    start_date: str = ""  # "MM/YYYY", for the cards that print one
    reusable: bool = True  # may be charged again without the customer


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """A bank account to debit. Core encrypts all of it at rest and shows the last four only."""

    routing_number: str = field(repr=False)
    account_number: str = field(repr=False)
    account_type: str  # "checking", "savings", "business"
    bank_name: str
    bank_state: str
    holder: str
    license_id: str = field(default="", repr=False)
    license_state: str = ""
    date_of_birth: date | None = field(default=None, repr=False)
    mandate_text: str = ""  # what the customer agreed to, word for word
    mandate_at: datetime | None = None
    mandate_ip: str = ""


PaymentSource = StoredMethod | BankAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """One charge. ``idempotency_key`` was committed by core before this call."""

    attempt_id: UUID
    idempotency_key: str
    amount: Money
    source: PaymentSource = field(repr=False)
    invoice_number: str
    customer_present: bool
    customer_email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Give back ``amount`` of the charge known to the provider as ``reference``."""

    refund_id: UUID
    idempotency_key: str
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRequest:
    """Find what became of an attempt: by the provider's reference, or by our key when none came."""

    idempotency_key: str
    reference: str | None
    amount: Money
    sent_at: datetime | None = None  # when the call was begun: narrows a search through the provider's books


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRequest:
    """Ask for a page of the provider where the buyer approves ``amount``."""

    attempt_id: UUID
    idempotency_key: str
    amount: Money
    invoice_number: str
    return_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectInstruction:
    """Where to send the buyer's browser. The return of the browser proves nothing: a look-up does."""

    url: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A webhook as it arrived: raw body and headers (names in lower case)."""

    body: bytes
    headers: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent:
    """One fact the provider tells: by webhook or settlement report."""

    event_id: str  # the provider's; core keeps UNIQUE(gateway, event_id)
    outcome: PaymentOutcome
    occurred_at: datetime
    idempotency_key: str | None = None  # ours, where the provider echoes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """How to pay by hand. Plain text; the theme escapes and lays it out."""

    title: str
    lines: tuple[str, ...]
