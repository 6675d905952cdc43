"""A pretend Stripe in memory: the part of its API that this plugin uses, for the conformance kit.

It keeps books and holds to Stripe's documented behaviour where money depends on it: one answer per
idempotency key, no refund beyond what was received, no charge of a detached card. The tests of this plugin
run against localstripe, which others wrote; this one is for machines without it.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

Object = dict[str, Any]
Answer = tuple[int, Object]
DECLINES = {  # card number -> (code, decline code), as in Stripe's list of test cards
    "4000000000000341": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000000069": ("expired_card", "expired_card"),
}


class PretendStripe:
    """A WSGI application. ``objects`` are its books: id -> object as the API shows it, oldest first."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.objects: dict[str, Object] = {}
        self._numbers: dict[str, str] = {}  # payment method -> the card behind it
        self._answers: dict[tuple[str, str], tuple[Any, Answer]] = {}
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(length).decode() + "&" + environ.get("QUERY_STRING", "")
        with self._lock:
            (status, answer), replayed = self._once(environ, dict(parse_qsl(sent, keep_blank_values=True)))
        headers = [("Content-Type", "application/json")]
        headers += [("Idempotent-Replayed", "true")] if replayed else []
        start_response(f"{status} {'OK' if status == 200 else 'Refused'}", headers)
        return [json.dumps(answer).encode()]

    # --- what the buyer and the kit do --------------------------------------------------------

    def save_card(self, number: str) -> str:
        """A card saved in the browser; the client secret that the form then carries."""
        setup = self._new("setup_intent", "seti", status="succeeded", payment_method=None)
        card = {"brand": "visa", "last4": number[-4:], "exp_year": 2034, "exp_month": 12}
        method = self._new("payment_method", "pm", card=card, customer=None, billing_details={})
        setup["payment_method"] = method["id"]
        self._numbers[method["id"]] = number
        return str(setup["client_secret"])

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind, newest first."""
        return [one for one in reversed(self.objects.values()) if one["object"] == kind]

    # --- requests -----------------------------------------------------------------------------

    def _once(self, environ: Mapping[str, Any], form: dict[str, str]) -> tuple[Answer, bool]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/v1/").split("/")
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.key}":
            return _error(401, "invalid_request_error", "Invalid API Key provided"), False
        key = environ.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return self._answer(method, path, form), False
        if before := self._answers.get((path[0], key)):
            same = before[0] == form
            return (before[1] if same else _error(400, "idempotency_error", "Other parameters")), same
        answer = self._answer(method, path, form)
        self._answers[path[0], key] = (form, json.loads(json.dumps(answer)))
        return answer, False

    def _answer(self, method: str, path: list[str], form: dict[str, str]) -> Answer:
        if len(path) == 1:
            make: dict[str, Callable[[dict[str, str]], Answer]] = {
                "setup_intents": self._setup, "customers": self._customer,
                "payment_intents": self._charge, "refunds": self._refund,
            }  # fmt: skip
            return make[path[0]](form) if method == "POST" else (200, self._list(path[0], form))
        found = self.objects.get(path[1])
        if found is None:
            return _error(404, "invalid_request_error", f"No such object: {path[1]}", code="resource_missing")
        if path[2:] == ["detach"]:
            found["customer"] = None
        if path[2:] == ["cancel"]:
            return _cancel(found, form)
        if "expand[0]" in form:
            return 200, {**found, "payment_method": self.objects.get(str(found["payment_method"]))}
        return 200, found

    def _list(self, kind: str, form: dict[str, str]) -> Object:
        since = int(form.get("created[gte]", 0))
        found = [
            one for one in self.of(kind.removesuffix("s"))
            if one["created"] >= since
            and form.get("payment_intent", one.get("payment_intent")) == one.get("payment_intent")
        ]  # fmt: skip
        places = {one["id"]: place for place, one in enumerate(found, start=1)}
        start, limit = places.get(form.get("starting_after", ""), 0), int(form.get("limit", 10))
        return {
            "object": "list",
            "data": found[start : start + limit],
            "has_more": len(found) > start + limit,
        }

    def _setup(self, form: dict[str, str]) -> Answer:
        return 200, self._new("setup_intent", "seti", status="requires_payment_method", payment_method=None)

    def _customer(self, form: dict[str, str]) -> Answer:
        method = self.objects[form["payment_method"]]
        if method["customer"] is not None:
            return _error(400, "invalid_request_error", "This card is attached already")
        customer = self._new("customer", "cus", name=form.get("name"))
        method["customer"] = customer["id"]
        return 200, customer

    def _charge(self, form: dict[str, str]) -> Answer:
        method = self.objects.get(form["payment_method"])
        if method is None or method["customer"] != form["customer"]:
            return _error(400, "invalid_request_error", "This card does not belong to this customer")
        amount, decline = int(form["amount"]), DECLINES.get(self._numbers[method["id"]])
        intent = self._new(
            "payment_intent", "pi", amount=amount, amount_received=0 if decline else amount,
            currency=form["currency"], metadata=_metadata(form), cancellation_reason=None,
            status="requires_payment_method" if decline else "succeeded", last_payment_error=None,
        )  # fmt: skip
        if decline is None:
            return 200, intent
        error = {"type": "card_error", "code": decline[0], "decline_code": decline[1], "message": "Declined."}
        intent["last_payment_error"] = error
        return 402, {"error": {**error, "payment_intent": dict(intent)}}

    def _refund(self, form: dict[str, str]) -> Answer:
        intent = self.objects[form["payment_intent"]]
        given = sum(one["amount"] for one in self.of("refund") if one["payment_intent"] == intent["id"])
        if given + int(form["amount"]) > intent["amount_received"]:
            return _error(
                400, "invalid_request_error", "More than was charged", code="charge_already_refunded"
            )
        return 200, self._new(
            "refund", "re", amount=int(form["amount"]), currency=intent["currency"], status="succeeded",
            payment_intent=intent["id"], metadata=_metadata(form), failure_reason=None,
        )  # fmt: skip

    def _new(self, kind: str, prefix: str, **values: Any) -> Object:
        name = f"{prefix}_Pretend{next(self._count)}"
        made = {"id": name, "object": kind, "created": int(time.time()), "client_secret": f"{name}_secret_x1"}
        self.objects[name] = made | values
        return self.objects[name]


def _cancel(intent: Object, form: dict[str, str]) -> Answer:
    if intent["status"] in ("succeeded", "canceled"):
        return _error(400, "invalid_request_error", "Too late", code="payment_intent_unexpected_state")
    intent |= {"status": "canceled", "cancellation_reason": form.get("cancellation_reason")}
    return 200, intent


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _error(status: int, kind: str, message: str, code: str | None = None) -> Answer:
    return status, {"error": {"type": kind, "message": message, "code": code}}
