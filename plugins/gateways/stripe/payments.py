"""Moving money: charges, refunds, and finding out what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from core.plugin_api.context import Clock
from core.plugin_api.errors import Misconfigured
from core.plugin_api.values import (
    ChargeRequest,
    LookupRequest,
    PaymentOutcome,
    RefundRequest,
    Status,
    StoredMethod,
)
from plugins.gateways.stripe.amounts import NotPayable, from_stripe, to_stripe
from plugins.gateways.stripe.cards import split_token
from plugins.gateways.stripe.client import Refusal, StripeClient
from plugins.gateways.stripe.encoding import Form, FormValue
from plugins.gateways.stripe.mapping import declined, intent_outcome, refund_outcome, refused
from plugins.gateways.stripe.values import Intent, Json, Refund, inner, maybe

SEARCH_PAGES = 20  # of 100 entries: how far a look-up goes back through the account's books
CLOCKS_DIFFER = timedelta(hours=1)  # a search by date begins this long before our own clock's time
AUTHENTICATION_WINDOW = timedelta(hours=1)  # for 3-D Secure; after that the buyer has left


class Payments:
    """The payments of one Stripe account. Keeps nothing: Stripe's books are the truth."""

    def __init__(self, api: StripeClient, publishable_key: str, clock: Clock) -> None:
        self._api = api
        self._publishable_key = publishable_key
        self._clock = clock

    # --- charge -------------------------------------------------------------------------------

    def charge(self, request: ChargeRequest) -> PaymentOutcome:
        """One PaymentIntent, confirmed as it is made, under our key."""
        if not isinstance(request.source, StoredMethod):
            return refused("Stripe is set up for cards only", "source_not_supported")
        try:
            form = charge_form(request, request.source)
        except NotPayable as error:
            return refused(str(error), "amount_not_payable")
        try:
            answer = self._api.post("payment_intents", form, key=request.idempotency_key)
        except Refusal as refusal:
            return declined(refusal.error, _reference(refusal))
        intent = Intent.read(answer.data)
        # A repeated answer tells how it stood then; ask how it stands now.
        return self._settle(self._fetch(intent.id) if answer.replayed else intent)

    def _settle(self, intent: Intent) -> PaymentOutcome:
        """A decline must be final: what could still be confirmed in a browser is closed first."""
        if intent.status == "requires_payment_method" or self._nobody_answers(intent):
            intent = self._close(intent)
        return intent_outcome(intent, self._publishable_key)

    def _nobody_answers(self, intent: Intent) -> bool:
        if intent.status != "requires_action":
            return False
        asked = datetime.fromtimestamp(intent.created, UTC)
        return not intent.present or self._clock.now() - asked > AUTHENTICATION_WINDOW

    def _close(self, intent: Intent) -> Intent:
        with suppress(Refusal):  # it has moved on meanwhile: what it says now is what counts
            self._api.post(f"payment_intents/{intent.id}/cancel", {"cancellation_reason": "abandoned"})
        return self._fetch(intent.id)

    def _fetch(self, reference: str) -> Intent:
        return Intent.read(self._api.get(f"payment_intents/{reference}"))

    # --- look-up ------------------------------------------------------------------------------

    def lookup(self, request: LookupRequest) -> PaymentOutcome:
        """By Stripe's id, or by our key in the metadata of everything since ``sent_at``.

        Stripe's own search index lags a minute behind; its lists do not. NOT_SENT only after the whole
        of the time in question was read.
        """
        if request.reference is not None:
            return self.by_reference(request.reference)
        try:
            found = self._by_key(request.idempotency_key, request.sent_at)
        except LookupError as error:
            note = f"Not among the newest payments at Stripe ({error}): search there for the key"
            return PaymentOutcome(status=Status.UNKNOWN, staff_note=note)
        return found or PaymentOutcome(status=Status.NOT_SENT)

    def by_reference(self, reference: str) -> PaymentOutcome:
        """The present state of one payment or refund."""
        try:
            if reference.startswith("re_"):
                return refund_outcome(Refund.read(self._api.get(f"refunds/{reference}")))
            return self._settle(self._fetch(reference))
        except Refusal as refusal:
            note = f"Stripe does not know {reference} ({refusal}): is this the key of another account?"
            return PaymentOutcome(status=Status.UNKNOWN, reference=reference, staff_note=note)

    def by_event(self, reference: str) -> tuple[str, PaymentOutcome] | None:
        """Our key and the present state of what an event is about; None when it is not ours.

        Raises Misconfigured when the account of our key does not hold it.
        """
        try:
            if reference.startswith("re_"):
                refund = Refund.read(self._api.get(f"refunds/{reference}"))
                return (refund.key, refund_outcome(refund)) if refund.key else None
            intent = self._fetch(reference)
            return (intent.key, self._settle(intent)) if intent.key else None
        except Refusal as refusal:
            raise Misconfigured(f"an event is about {reference}, which this key can not see") from refusal

    def _by_key(self, key: str, since: datetime | None) -> PaymentOutcome | None:
        query: Form = {"created": {"gte": int((since - CLOCKS_DIFFER).timestamp())}} if since else {}
        for data in self._all("payment_intents", query):
            if _key_of(data) == key:
                return self._settle(Intent.read(data))
        for data in self._all("refunds", query):
            if _key_of(data) == key:
                return refund_outcome(Refund.read(data))
        return None

    def _all(self, path: str, query: Form) -> Iterator[Json]:
        for page in self._api.pages(path, query, limit=SEARCH_PAGES):
            yield from page

    # --- refund -------------------------------------------------------------------------------

    def refund(self, request: RefundRequest) -> PaymentOutcome:
        """Give back at most what is left of the payment. The same key finds the same refund."""
        try:
            intent = self._fetch(request.reference)
            before = [Refund.read(data) for data in self._all("refunds", {"payment_intent": intent.id})]
        except Refusal as refusal:
            return declined({**refusal.error, "type": "invalid_request_error"}, None)
        for refund in before:
            if refund.key == request.idempotency_key:
                return refund_outcome(refund)
        return self._over(request, intent, before) or self._give_back(request)

    def _over(self, request: RefundRequest, intent: Intent, before: list[Refund]) -> PaymentOutcome | None:
        given = sum(refund.amount for refund in before if refund.status not in ("failed", "canceled"))
        left = from_stripe(intent.received - given, intent.currency)
        if request.amount.currency != left.currency or request.amount > left:
            return refused(f"{request.amount} asked back, but {left} is left of {intent.id}", "over_refund")
        return None

    def _give_back(self, request: RefundRequest) -> PaymentOutcome:
        try:
            form: dict[str, FormValue] = {
                "payment_intent": request.reference,
                "amount": to_stripe(request.amount),
                "metadata": {"key": request.idempotency_key},
            }
            answer = self._api.post("refunds", form, key=request.idempotency_key)
        except NotPayable as error:
            return refused(str(error), "amount_not_payable")
        except Refusal as refusal:
            return declined({**refusal.error, "type": "invalid_request_error"}, None)
        return refund_outcome(Refund.read(answer.data))


def charge_form(request: ChargeRequest, method: StoredMethod) -> Mapping[str, FormValue]:
    """The parameters of a PaymentIntent. Raises NotPayable.

    Nothing in here may differ when one charge is repeated: Stripe refuses a key with other parameters.
    ``allowed_payment_method_types`` stands alone: it excludes ``automatic_payment_methods`` (Stripe's
    changelog of 2026-07-29), and with cards only no ``return_url`` is needed.
    """
    customer, payment_method = split_token(method.token)
    present = request.customer_present
    return {
        "amount": to_stripe(request.amount),
        "currency": request.amount.currency.lower(),
        "customer": customer,
        "payment_method": payment_method,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "off_session": None if present else True,
        "use_stripe_sdk": True if present else None,
        "description": f"Invoice {request.invoice_number}",
        "metadata": {
            "key": request.idempotency_key,
            "invoice": request.invoice_number,
            "present": "yes" if present else "no",
        },
    }


def _key_of(data: Json) -> str:
    return maybe(inner(data, "metadata"), "key")


def _reference(refusal: Refusal) -> str | None:
    return maybe(inner(refusal.error, "payment_intent"), "id") or None
