"""From the sandbox bank's words to ours."""

from __future__ import annotations

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import DeclineCode, Money, PaymentEvent, PaymentOutcome, Status

DECLINES = {
    "account_closed": DeclineCode.ACCOUNT_CLOSED,
    "no_account": DeclineCode.NO_ACCOUNT,
    "declined": DeclineCode.PROCESSING_ERROR,
}


def transfer_outcome(record: Answer) -> PaymentOutcome:
    """How a debit stands. Raises NoAnswer when the record makes no sense."""
    return _outcome(record.text("status"), record.text("id"), record.money(), record.optional_text("code"))


def settlement_event(record: Answer) -> PaymentEvent:
    """One line of the bank's report."""
    return PaymentEvent(
        event_id=record.text("event_id"),
        outcome=_outcome(
            record.text("status"), record.text("transfer_id"), record.money(), record.optional_text("code")
        ),
        occurred_at=record.instant("occurred_at"),
        idempotency_key=record.text("key"),
    )


def _outcome(status: str, reference: str, amount: Money, code: str | None) -> PaymentOutcome:
    if status == "pending":
        return PaymentOutcome(status=Status.PENDING, reference=reference, amount=amount)
    if status == "settled":
        return PaymentOutcome(status=Status.SUCCEEDED, reference=reference, amount=amount)
    if status == "returned":
        return PaymentOutcome(
            status=Status.DECLINED,
            code=DeclineCode.RETURNED,
            provider_code=code,
            reference=reference,
            amount=amount,
            staff_note=f"the bank returned this debit ({code})",
        )
    if status == "declined":
        return declined(code or "declined", reference)
    raise NoAnswer(f"the sandbox calls a transfer {status!r}")


def declined(provider_code: str, reference: str | None = None) -> PaymentOutcome:
    return PaymentOutcome(
        status=Status.DECLINED,
        code=DECLINES.get(provider_code, DeclineCode.PROCESSING_ERROR),
        provider_code=provider_code,
        reference=reference,
        staff_note=f"the bank said {provider_code}",
    )


def checked(outcome: PaymentOutcome, asked: Money) -> PaymentOutcome:
    """The answer to a debit just ordered: another amount than asked is no answer one may book."""
    if outcome.amount is None or outcome.amount == asked:
        return outcome
    return PaymentOutcome(
        status=Status.UNKNOWN,
        reference=outcome.reference,
        amount=outcome.amount,
        staff_note=f"asked for {asked}, the bank answered {outcome.amount}",
    )


def refund_outcome(record: Answer, asked: Money) -> PaymentOutcome:
    outcome = PaymentOutcome(status=Status.SUCCEEDED, reference=record.text("id"), amount=record.money())
    return checked(outcome, asked)
