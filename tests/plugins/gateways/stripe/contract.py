"""Judges each request against the parameter types of Stripe's own SDK. Nothing of them is ours.

The SDK writes an enumeration as ``Literal[...] | str``; here a text must be one of the literals, so that a
misspelt value is caught too.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlsplit

import requests
import stripe
from stripe import params
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

OPERATIONS = {
    "POST payment_intents": params.PaymentIntentCreateParams,
    "GET payment_intents": params.PaymentIntentListParams,
    "GET payment_intents/ID": params.PaymentIntentRetrieveParams,
    "POST payment_intents/ID/cancel": params.PaymentIntentCancelParams,
    "POST setup_intents": params.SetupIntentCreateParams,
    "GET setup_intents/ID": params.SetupIntentRetrieveParams,
    "POST customers": params.CustomerCreateParams,
    "POST payment_methods/ID/detach": params.PaymentMethodDetachParams,
    "POST refunds": params.RefundCreateParams,
    "GET refunds": params.RefundListParams,
    "GET refunds/ID": params.RefundRetrieveParams,
}
INHERITED = {"StripeContext": Any, "Mapping": Mapping}  # names in annotations of the SDK's base class
OPTIONS = frozenset(RequestOptions.__annotations__)  # of the SDK itself, never on the wire


class Contract:
    """Core's seam for faults, used to look at what leaves. Breaks nothing."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def before(self, request: requests.PreparedRequest) -> None:
        operation = operation_of(request)
        self.seen.append(operation)
        faults = list(judge(decode(parameters(request)), OPERATIONS[operation], ""))
        assert faults == [], f"{operation}: {faults}"
        assert request.headers["Stripe-Version"] == stripe.api_version
        assert re.match(r"Bearer [sr]k_test_", request.headers["Authorization"])

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        return response


def operation_of(request: requests.PreparedRequest) -> str:
    path = urlsplit(request.url or "").path.removeprefix("/v1/")
    return f"{request.method} {re.sub(r'/[a-z]+_[A-Za-z0-9]+', '/ID', path)}"


def parameters(request: requests.PreparedRequest) -> list[tuple[str, str]]:
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else body
    return parse_qsl(urlsplit(request.url or "").query + "&" + text, keep_blank_values=True)


def decode(pairs: list[tuple[str, str]]) -> Any:
    """``a[b][0]=x`` -> ``{"a": {"b": ["x"]}}``."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        place = tree
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return with_lists(tree)


def with_lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdigit() for key in tree):
        return [with_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: with_lists(value) for key, value in tree.items()}


def judge(value: Any, kind: Any, place: str) -> Iterator[str]:
    """Every way in which ``value`` breaks the type, each in one line."""
    if is_typeddict(kind):
        yield from judge_object(value, kind, place)
    elif get_origin(kind) is list:
        if not isinstance(value, list):
            yield f"{place}: no list"
            return
        for index, item in enumerate(value):
            yield from judge(item, get_args(kind)[0], f"{place}[{index}]")
    elif not fits(value, kind, place):
        yield f"{place}: {value!r} is none of {kind}"


def judge_object(value: Any, kind: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{place}: no object"
        return
    hints = get_type_hints(kind, localns=INHERITED)
    allowed = set(hints) - OPTIONS
    yield from (f"{place}.{name}: unknown" for name in sorted(set(value) - allowed))
    yield from (f"{place}.{name}: missing" for name in sorted(kind.__required_keys__ - set(value)))
    for name in sorted(allowed & set(value)):
        yield from judge(value[name], hints[name], f"{place}.{name}")


def fits(value: Any, kind: Any, place: str) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(fits_one(value, one, place) for one in strict(get_args(kind)))
    return fits_one(value, kind, place)


def strict(choices: tuple[Any, ...]) -> list[Any]:
    """Without the bare ``str`` that the SDK adds to an enumeration."""
    enumeration = any(get_origin(one) is Literal and get_args(one) != ("",) for one in choices)
    return [one for one in choices if not (enumeration and one is str)]


def fits_one(value: Any, kind: Any, place: str) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool:
        return value in ("true", "false")
    if kind is int:
        return isinstance(value, str) and re.fullmatch(r"-?\d+", value) is not None
    if kind is str:
        return isinstance(value, str)
    if get_origin(kind) is not None and get_origin(kind) is not list:  # metadata: a mapping of texts
        return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())
    return not list(judge(value, kind, place)) if kind is not Any else True
