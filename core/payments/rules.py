"""The state machine of an attempt, and how long to wait before looking again. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.money import Money
from core.plugin_api.values import DeclineCode, PaymentOutcome, Status


class State(StrEnum):
    CREATED = "created"
    SENT = "sent"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    REFUNDED = "refunded"


MOVING = frozenset({State.CREATED, State.SENT, State.PENDING, State.UNKNOWN})
_SAID = frozenset({State.SUCCEEDED, State.PENDING, State.DECLINED, State.RETURNED})
# What may follow what. Anything else is told twice, told late or told wrong, and changes nothing. Facts
# of one payment arrive in any order and end the same: a return that overtakes its settlement is final.
FOLLOWS: dict[State, frozenset[State]] = {
    State.CREATED: _SAID | {State.SENT, State.NOT_SENT},
    State.SENT: _SAID | {State.NOT_SENT, State.UNKNOWN, State.CREATED},
    State.PENDING: _SAID,
    State.UNKNOWN: _SAID | {State.NOT_SENT, State.UNKNOWN, State.CREATED},
    State.SUCCEEDED: frozenset({State.RETURNED}),
    State.DECLINED: frozenset({State.SUCCEEDED, State.RETURNED}),  # a late word that it did happen
    State.NOT_SENT: frozenset({State.SUCCEEDED, State.RETURNED}),
    State.RETURNED: frozenset(),
    State.REFUNDED: frozenset({State.RETURNED}),
}
TAKEN = frozenset({State.SUCCEEDED, State.REFUNDED})  # the money was booked

# The first looks come soon because a buyer waits; then 5 minutes, 1 hour, daily (notes of the trade).
LOOK_AGAIN = tuple(timedelta(seconds=s) for s in (2, 10, 60, 300, 3600, 86400))
_AGES = tuple(accumulate(LOOK_AGAIN))  # how old what was sent is when each of these looks comes
SEND_AGAIN = tuple(timedelta(seconds=s) for s in (3, 10))
SEND_WITHIN = timedelta(minutes=15)  # of the last sending; later its buyer has turned elsewhere
APPROVAL_LOOK = timedelta(minutes=5)  # while the buyer is at the provider's page: they come back first
APPROVAL_EXPIRES = timedelta(hours=3)


def next_look(since: datetime, now: datetime) -> datetime:
    """When to ask the provider again about what was sent at ``since``.

    By its age and not by how often it was asked: a buyer who comes back to the page again and again has a
    worker look each time, and must not make the machine's own looks rarer by that.
    """
    return now + LOOK_AGAIN[min(bisect_right(_AGES, now - since), len(LOOK_AGAIN) - 1)]


def next_send(sends: int, since: datetime, now: datetime) -> datetime | None:
    """When to send again what surely never arrived; None when it is time to give up.

    By how often it was sent, the last time at ``since``, and not by how often somebody asked what became of
    it: a buyer who looks at the page again and again must not have us give up sooner.
    """
    if sends > len(SEND_AGAIN) or now - since > SEND_WITHIN:
        return None
    return now + SEND_AGAIN[max(sends - 1, 0)]


def state_after(outcome: PaymentOutcome) -> State:
    """The state that an outcome asks for; ``may_move`` decides whether it is taken."""
    if outcome.code is DeclineCode.RETURNED:
        return State.RETURNED
    return State(outcome.status.value)


def may_move(current: State, wanted: State) -> bool:
    return wanted in FOLLOWS[current]


def speaks_of_money(outcome: PaymentOutcome) -> bool:
    """Whether it says that money moves, moved or came back: then its amount and reference must fit."""
    return outcome.status in (Status.SUCCEEDED, Status.PENDING) or outcome.code is DeclineCode.RETURNED


def wrong_money(asked: Money, outcome: PaymentOutcome) -> str | None:
    """How what the provider moved differs from what we asked for. No amount told counts as asked."""
    if outcome.amount is None or outcome.amount == asked:
        return None
    return "wrong_amount" if outcome.amount.currency == asked.currency else "wrong_currency"


DECLINE_WORDS = {
    DeclineCode.CARD_DECLINED: mark("The bank declined this card."),
    DeclineCode.INSUFFICIENT_FUNDS: mark("The bank says there is not enough money on this card or account."),
    DeclineCode.EXPIRED_CARD: mark("This card has expired."),
    DeclineCode.INCORRECT_CVC: mark("The security code does not match this card."),
    DeclineCode.INCORRECT_NUMBER: mark("The card number is not right."),
    DeclineCode.INCORRECT_ADDRESS: mark("The bank could not match the address to this card."),
    DeclineCode.PICK_UP_CARD: mark("The bank declined this card."),  # never say more: it may be stolen
    DeclineCode.CALL_ISSUER: mark("The bank wants to hear from you before it accepts this payment."),
    DeclineCode.AUTHENTICATION_FAILED: mark("The bank could not confirm that it is you."),
    DeclineCode.AUTHENTICATION_REQUIRED: mark("The bank wants you to confirm this payment."),
    DeclineCode.ACCOUNT_CLOSED: mark("The bank says this account is closed."),
    DeclineCode.NO_ACCOUNT: mark("The bank does not know this account."),
    DeclineCode.AUTHORIZATION_REVOKED: mark("The permission to debit this account was taken back."),
    DeclineCode.CANCELLED_BY_BUYER: mark("The payment was cancelled on the approval page."),
    DeclineCode.EXPIRED: mark("The payment was not approved in time."),
    DeclineCode.RETURNED: mark("The bank sent the payment back."),
    DeclineCode.PROCESSING_ERROR: mark("The payment could not be processed."),
}


def decline_words(code: str | None) -> str:
    """Why it was declined, in plain words for the buyer."""
    try:
        return _(DECLINE_WORDS[DeclineCode(code or "")])
    except ValueError:
        return _("The payment was declined.")
