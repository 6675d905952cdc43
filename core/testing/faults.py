"""Break the network of any plugin without knowing the plugin: core owns the session, so it can."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

import requests

from core.kernel.money import Money, decimal_text
from core.plugin_api.errors import NoAnswer
from core.testing.transport import reply

HTML = b"<!doctype html><title>Welcome</title><h1>It works!</h1>"
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Fault(StrEnum):
    """What can happen to one request. The names say whether the provider got it."""

    UNREACHABLE = "unreachable"  # it never left
    QUESTION_LOST = "question lost"  # it left and never arrived
    ANSWER_LOST = "answer lost"  # the provider acted, nothing came back
    BAD_GATEWAY = "bad gateway instead"  # something in between answered 502
    ANSWER_IS_502 = "acted, answer is 502"
    HTML_INSTEAD = "html instead"  # 200 and a page, from something in between
    ANSWER_IS_HTML = "acted, answer is html"
    OTHER_JSON = "other json instead"  # 200 and JSON of another shape
    EMPTY_INSTEAD = "empty instead"  # 200 and nothing
    REDIRECT_INSTEAD = "redirect instead"  # to a page where one signs in


INSTEAD: dict[Fault, tuple[int, bytes, str]] = {
    Fault.BAD_GATEWAY: (502, HTML, "text/html"),
    Fault.HTML_INSTEAD: (200, HTML, "text/html"),
    Fault.OTHER_JSON: (200, b'{"status": "ok", "id": 7, "data": null}', "application/json"),
    Fault.EMPTY_INSTEAD: (200, b"", "application/json"),
    Fault.REDIRECT_INSTEAD: (302, b"", "text/html"),
}
AFTERWARDS: dict[Fault, tuple[int, bytes, str]] = {
    Fault.ANSWER_IS_502: (502, HTML, "text/html"),
    Fault.ANSWER_IS_HTML: (200, HTML, "text/html"),
}


class Break:
    """Plays ``fault`` on request number ``at`` (from one) and lets every other one through."""

    def __init__(self, fault: Fault, at: int) -> None:
        self.fault = fault
        self.at = at
        self.seen = 0
        self.acted_before = False  # something that is no mere question had gone through earlier

    @property
    def happened(self) -> bool:
        return self.seen >= self.at

    def before(self, request: requests.PreparedRequest) -> requests.Response | None:
        self.seen += 1
        if self.seen < self.at and request.method not in READS:
            self.acted_before = True
        if self.seen != self.at:
            return None
        if self.fault is Fault.UNREACHABLE:
            raise requests.ConnectionError("connection refused")
        if self.fault is Fault.QUESTION_LOST:
            raise NoAnswer("the request was lost")
        return reply(request, *INSTEAD[self.fault]) if self.fault in INSTEAD else None

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        if self.seen != self.at or self.fault in INSTEAD:
            return response
        if self.fault is Fault.ANSWER_LOST:
            raise requests.ReadTimeout("no answer in time")
        return reply(request, *AFTERWARDS[self.fault])


class Watch:
    """Breaks nothing; keeps what went over the wire."""

    def __init__(self) -> None:
        self.requests: list[requests.PreparedRequest] = []

    def before(self, request: requests.PreparedRequest) -> requests.Response | None:
        self.requests.append(request)
        return None

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        return response


class Alter(Watch):
    """Changes what every answer says, as ``change`` tells. ``count``: answers that were changed."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self.change = change
        self.count = 0

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        told = response.text
        changed = self.change(told)
        self.count += changed != told
        altered = reply(request, response.status_code, changed.encode())
        altered.headers = response.headers
        altered.headers["Content-Length"] = str(len(altered.content))
        return altered


def another_amount(amount: Money) -> Alter:
    """The provider says that it moved one minor unit less."""
    less = Money(amount.minor - 1, amount.currency)

    def change(told: str) -> str:
        told = re.sub(rf"(?<![\w.]){amount.minor}(?![\w.])", str(less.minor), told)
        return re.sub(rf"(?<![\w.]){re.escape(decimal_text(amount))}(?![\w.])", decimal_text(less), told)

    return Alter(change)


def another_currency(amount: Money) -> Alter:
    """The provider says that it moved the same number in another currency."""
    other = "EUR" if amount.currency != "EUR" else "USD"

    def change(told: str) -> str:
        told = told.replace(f'"{amount.currency}"', f'"{other}"')
        return told.replace(f'"{amount.currency.lower()}"', f'"{other.lower()}"')

    return Alter(change)
