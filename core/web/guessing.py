"""Addresses that hold a secret can not be guessed through: who misses too often is sent away for a while.

The secrets have 256 bits, so this saves work rather than secrets. It counts misses by network, and looks
before anything is looked up, so that a hit costs one read and a miss one write.
"""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from core.identity.throttling import bucket_name, is_full, network_of, throttle
from core.web.current import house, now, visitor_ip

SECRETS = frozenset({"token"})  # arguments of routes
MISSES, WINDOW_SECONDS = 60, 15 * 60


def register(flask_app: Flask) -> None:
    flask_app.before_request(refuse)
    flask_app.after_request(count)


def holds_secret() -> bool:
    """Whether the address that was asked for has a secret in it."""
    return request.url_rule is not None and bool(SECRETS & request.url_rule.arguments)


def refuse() -> None:
    """Before each request. Raises TooManyRequests."""
    if not holds_secret():
        return
    with house().db.read() as session:
        full = is_full(session, _bucket(), MISSES, WINDOW_SECONDS, now())
    if full:
        g.guess_refused = True
        raise TooManyRequests


def count(response: Response) -> Response:
    """After each request: a secret that was not there counts."""
    if response.status_code == PageNotFound.code and holds_secret():
        with house().db.transaction() as session:
            throttle(session, _bucket(), MISSES, WINDOW_SECONDS, now())
    return response


def _bucket() -> str:
    return bucket_name("address-guess", network_of(visitor_ip()))
