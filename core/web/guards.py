"""What every request passes before a page sees it: host, size, origin, no card number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnprocessableEntity

from core.brands import service as brands
from core.kernel.cards import mask
from core.plugin_api.forms import FieldKind
from core.web import cards, csrf
from core.web.current import host_name, house

MAX_BODY_BYTES = 1024 * 1024
MAX_FIELDS = 1000
LARGER = "largest_body"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Addresses that machines ask by number: they say nothing of a brand.
_ANY_HOST = frozenset({"health.healthz", "health.readyz"})

View = TypeVar("View", bound=Callable[..., Any])


class UnknownHost(BadRequest):
    description = "Nothing is served under this address."


class CardNumberRefused(UnprocessableEntity):
    """``masked`` is all that is kept of it."""

    def __init__(self, masked: str) -> None:
        super().__init__("Card numbers never go here.")
        self.masked = masked


def register(flask_app: Flask) -> None:
    flask_app.config |= {
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY_BYTES,
        "MAX_FORM_PARTS": MAX_FIELDS,
    }
    for step in (check_host, check_size, csrf.check, refuse_card_numbers):
        flask_app.before_request(step)


def check_host() -> None:
    """Raises UnknownHost: links in mails and redirects are built from the host that was asked for."""
    if request.endpoint in _ANY_HOST:
        return
    name = host_name(request.host)
    if name not in _configured_hosts() and not _is_a_brands(name):
        raise UnknownHost


def takes_files(most: int) -> Callable[[View], View]:
    """Declare on a route that its form may carry a file: the whole body has ``most`` bytes at the most."""

    def declare(view: View) -> View:
        view.__dict__[LARGER] = most
        return view

    return declare


def check_size() -> None:
    """Raises RequestEntityTooLarge before a byte of the body is read."""
    view = current_app.view_functions.get(request.endpoint or "")
    most = int(getattr(view, LARGER, MAX_BODY_BYTES))
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    request.max_content_length = most


def refuse_card_numbers() -> None:
    """Raises CardNumberRefused."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in csrf.UNSAFE or getattr(view, "csrf_exempt", False):
        return
    found = cards.find_in_form(request.form, ignored=frozenset({csrf.FIELD}), accounts=_account_fields())
    if found:
        masked = mask(found)
        g.card_refused = True
        raise CardNumberRefused(masked)


def _account_fields() -> frozenset[str]:
    fields = (field for entry in house().plugins.gateways.values() for field in entry.spec.fields)
    return cards.account_fields((field.name, field.kind is FieldKind.SECRET) for field in fields)


def _configured_hosts() -> frozenset[str]:
    settings = house().settings
    own = settings.public_url.partition("://")[2].partition("/")[0]
    named = {host_name(host) for host in (own, *settings.hosts)}
    return frozenset(named | LOOPBACK) if settings.is_demo else frozenset(named)


def _is_a_brands(name: str) -> bool:
    with house().db.read() as session:
        return brands.answers_at(session, name)
