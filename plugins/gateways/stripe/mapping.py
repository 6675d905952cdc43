"""From Stripe's words to Innkeeper's. Pure."""

from __future__ import annotations

from core.plugin_api.values import Action, DeclineCode, PaymentOutcome, Status
from plugins.gateways.stripe.amounts import from_stripe
from plugins.gateways.stripe.values import Intent, Json, Refund, maybe

# Source: docs.stripe.com/declines/codes and docs.stripe.com/error-codes. What is not here is a plain
# CARD_DECLINED, and so are fraudulent, merchant_blacklist, lost_card and stolen_card: Stripe asks to
# say no more to the customer. Staff see the true word in provider_code.
DECLINES = {
    **dict.fromkeys(
        ("insufficient_funds", "withdrawal_count_limit_exceeded", "card_velocity_exceeded"),
        DeclineCode.INSUFFICIENT_FUNDS,
    ),
    **dict.fromkeys(
        ("expired_card", "invalid_expiry_month", "invalid_expiry_year"), DeclineCode.EXPIRED_CARD
    ),
    **dict.fromkeys(("incorrect_cvc", "invalid_cvc"), DeclineCode.INCORRECT_CVC),
    **dict.fromkeys(("incorrect_number", "invalid_number"), DeclineCode.INCORRECT_NUMBER),
    **dict.fromkeys(("incorrect_zip", "incorrect_address"), DeclineCode.INCORRECT_ADDRESS),
    **dict.fromkeys(
        (
            "call_issuer", "do_not_honor", "invalid_account", "new_account_information_available",
            "no_action_taken", "not_permitted", "revocation_of_authorization",
            "revocation_of_all_authorizations", "security_violation", "service_not_allowed",
            "stop_payment_order", "transaction_not_allowed",
        ),
        DeclineCode.CALL_ISSUER,
    ),
    **dict.fromkeys(("pickup_card", "restricted_card"), DeclineCode.PICK_UP_CARD),
    "authentication_required": DeclineCode.AUTHENTICATION_REQUIRED,
    "authentication_not_handled": DeclineCode.AUTHENTICATION_FAILED,
    "payment_intent_authentication_failure": DeclineCode.AUTHENTICATION_FAILED,
    **dict.fromkeys(
        ("processing_error", "issuer_not_available", "try_again_later", "reenter_transaction"),
        DeclineCode.PROCESSING_ERROR,
    ),
}  # fmt: skip


def decline_code(error: Json) -> DeclineCode:
    """The exact reason first, then the broader code. A refusal that is no card error is our own fault."""
    for word in (maybe(error, "decline_code"), maybe(error, "code")):
        if word in DECLINES:
            return DECLINES[word]
    ours = maybe(error, "type") not in ("card_error", "")
    return DeclineCode.PROCESSING_ERROR if ours else DeclineCode.CARD_DECLINED


def declined(error: Json, reference: str | None) -> PaymentOutcome:
    """An outcome for an error object, of a refused request or of a payment intent."""
    return PaymentOutcome(
        status=Status.DECLINED,
        reference=reference,
        code=decline_code(error),
        provider_code=maybe(error, "decline_code") or maybe(error, "code") or maybe(error, "type") or None,
        staff_note=maybe(error, "message"),
    )


def refused(note: str, provider_code: str, reference: str | None = None) -> PaymentOutcome:
    """We said no ourselves, before or instead of asking Stripe."""
    return PaymentOutcome(
        status=Status.DECLINED,
        reference=reference,
        code=DeclineCode.PROCESSING_ERROR,
        provider_code=provider_code,
        staff_note=note,
    )


def intent_outcome(intent: Intent, publishable_key: str) -> PaymentOutcome:
    """What a payment intent says. Source: docs.stripe.com/payments/paymentintents/lifecycle."""
    if intent.status == "succeeded":
        received = from_stripe(intent.received, intent.currency)
        return PaymentOutcome(status=Status.SUCCEEDED, reference=intent.id, amount=received)
    if intent.status in ("processing", "requires_action"):
        return _pending(intent, publishable_key)
    if intent.status == "requires_payment_method":
        return declined(intent.error, intent.id)
    if intent.status == "canceled":
        return _cancelled(intent)
    # requires_confirmation and requires_capture never come of what we ask for.
    note = f"Stripe says {intent.status}: look at {intent.id} in its dashboard"
    return PaymentOutcome(status=Status.UNKNOWN, reference=intent.id, staff_note=note)


def _pending(intent: Intent, publishable_key: str) -> PaymentOutcome:
    data = {"client_secret": intent.client_secret, "publishable_key": publishable_key}
    asks = intent.status == "requires_action"
    return PaymentOutcome(
        status=Status.PENDING,
        reference=intent.id,
        amount=from_stripe(intent.amount, intent.currency),
        action=Action(kind="authenticate", data=data) if asks else None,
    )


def _cancelled(intent: Intent) -> PaymentOutcome:
    if intent.error:
        return declined(intent.error, intent.id)
    late = intent.cancellation in ("abandoned", "automatic", "expired")
    if late and not intent.present:
        code = DeclineCode.AUTHENTICATION_REQUIRED
    else:
        code = DeclineCode.EXPIRED if late else DeclineCode.CANCELLED_BY_BUYER
    note = f"cancelled at Stripe ({intent.cancellation or 'no reason given'})"
    return PaymentOutcome(
        status=Status.DECLINED, reference=intent.id, code=code, provider_code="canceled", staff_note=note
    )


def refund_outcome(refund: Refund) -> PaymentOutcome:
    """What a refund says. Source: docs.stripe.com/refunds, "Failed refunds"."""
    amount = from_stripe(refund.amount, refund.currency)
    if refund.status == "succeeded":
        return PaymentOutcome(status=Status.SUCCEEDED, reference=refund.id, amount=amount)
    if refund.status in ("pending", "requires_action"):
        return PaymentOutcome(status=Status.PENDING, reference=refund.id, amount=amount)
    return refused(
        f"Stripe could not give the money back: {refund.failure or refund.status}",
        refund.failure or refund.status,
        refund.id,
    )
