"""From the sandbox's words to ours."""

from __future__ import annotations

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import Action, DeclineCode, Money, PaymentOutcome, Status

DECLINES = {
    "card_declined": DeclineCode.CARD_DECLINED,
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "expired_card": DeclineCode.EXPIRED_CARD,
    "incorrect_cvc": DeclineCode.INCORRECT_CVC,
    "incorrect_number": DeclineCode.INCORRECT_NUMBER,
    "processing_error": DeclineCode.PROCESSING_ERROR,
    "authentication_failed": DeclineCode.AUTHENTICATION_FAILED,
    "authentication_required": DeclineCode.AUTHENTICATION_REQUIRED,
    "no_such_token": DeclineCode.CARD_DECLINED,  # the buyer had the card removed
    "declined": DeclineCode.CARD_DECLINED,
}


def charge_outcome(record: Answer) -> PaymentOutcome:
    """What became of one charge. Raises NoAnswer when the record makes no sense."""
    status, reference, amount = record.text("status"), record.text("id"), record.money()
    if status == "succeeded":
        return PaymentOutcome(status=Status.SUCCEEDED, reference=reference, amount=amount)
    if status == "requires_action":
        return PaymentOutcome(
            status=Status.PENDING, reference=reference, amount=amount, action=_action(record, reference)
        )
    if status == "declined":
        return declined(record.text("decline_code"), reference)
    raise NoAnswer(f"the sandbox calls a charge {status!r}")


def checked(outcome: PaymentOutcome, asked: Money) -> PaymentOutcome:
    """The answer to a charge just made: another amount than asked is no answer one may book."""
    if outcome.amount is None or outcome.amount == asked:
        return outcome
    return PaymentOutcome(
        status=Status.UNKNOWN,
        reference=outcome.reference,
        amount=outcome.amount,
        staff_note=f"asked for {asked}, the sandbox answered {outcome.amount}",
    )


def declined(provider_code: str, reference: str | None = None) -> PaymentOutcome:
    return PaymentOutcome(
        status=Status.DECLINED,
        code=DECLINES.get(provider_code, DeclineCode.PROCESSING_ERROR),
        provider_code=provider_code,
        reference=reference,
        staff_note=f"the sandbox said {provider_code}",
    )


def refund_outcome(record: Answer, asked: Money) -> PaymentOutcome:
    outcome = PaymentOutcome(status=Status.SUCCEEDED, reference=record.text("id"), amount=record.money())
    return checked(outcome, asked)


def _action(record: Answer, reference: str) -> Action:
    challenge = record.object("action").text("challenge")
    return Action(kind="authenticate", data={"charge": reference, "challenge": challenge})
