"""From the sandbox wallet's words to ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import DeclineCode, Money, PaymentOutcome, RedirectInstruction, Status


def payment_outcome(record: Answer) -> PaymentOutcome:
    """How a payment stands. Approved is not paid: only captured is. Raises NoAnswer for nonsense."""
    status, reference = record.text("status"), record.text("id")
    if status in ("created", "approved"):
        return PaymentOutcome(status=Status.PENDING, reference=reference, amount=record.money())
    if status == "captured":
        amount = record.money("captured")
        return PaymentOutcome(status=Status.SUCCEEDED, reference=reference, amount=amount)
    if status == "cancelled":
        return PaymentOutcome(
            status=Status.DECLINED,
            code=DeclineCode.CANCELLED_BY_BUYER,
            provider_code=status,
            reference=reference,
        )
    raise NoAnswer(f"the sandbox calls a payment {status!r}")


def instruction(record: Answer, *, origin: str, asked: Money, key: str) -> RedirectInstruction:
    """Where to send the buyer. Raises NoAnswer for another payment, amount or site than asked for."""
    url = record.text("approve_url")
    if record.money() != asked or record.text("key") != key:
        raise NoAnswer("the sandbox answered about another payment")
    if urlsplit(url)[:2] != urlsplit(origin)[:2]:
        raise NoAnswer("the sandbox wants to send the buyer to another site")
    return RedirectInstruction(url=url, reference=record.text("id"))


def declined(provider_code: str) -> PaymentOutcome:
    return PaymentOutcome(
        status=Status.DECLINED,
        code=DeclineCode.PROCESSING_ERROR,
        provider_code=provider_code,
        staff_note=f"the sandbox said {provider_code}",
    )


def refund_outcome(record: Answer, asked: Money) -> PaymentOutcome:
    amount = record.money()
    status = Status.SUCCEEDED if amount == asked else Status.UNKNOWN
    note = "" if amount == asked else f"asked to give back {asked}, the sandbox answered {amount}"
    return PaymentOutcome(status=status, reference=record.text("id"), amount=amount, staff_note=note)
