"""Forms come from our own pages: a signed double submit, and the browser's own word for it.

A visitor's cookie holds a random seed that no script can read; each form holds that seed signed and
dated. A foreign site can neither read the seed nor sign it. Beside it stand the headers that browsers
set and pages can not: ``Sec-Fetch-Site`` and ``Origin`` (OWASP, CSRF prevention: both together).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from core.web import cookies

COOKIE = "ik_csrf"
FIELD = "csrf_token"
MAX_AGE_SECONDS = 24 * 60 * 60
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

View = TypeVar("View", bound=Callable[..., object])


class CsrfFailed(BadRequest):
    """The form is not from a page of ours, or older than a day."""

    description = "This form is too old or did not come from this site. Open the page again and send it once."


def exempt(view: View) -> View:
    """For addresses that other programs post to; they prove themselves by a signature."""
    view.__dict__["csrf_exempt"] = True
    return view


def token() -> str:
    """The value of a form's hidden field. Makes the visitor's seed when there is none yet."""
    return _serializer().dumps(_seed())


def rotate() -> None:
    """A new seed with this answer: forms drawn before it no longer hold. Call it at sign-in."""
    g.csrf_seed = secrets.token_urlsafe(24)
    g.csrf_seed_is_new = True


def check() -> None:
    """Before each request. Raises CsrfFailed."""
    if request.method not in UNSAFE or _is_exempt():
        return
    if not _is_same_origin() or not _is_ours(request.form.get(FIELD, "")):
        raise CsrfFailed


def remember(response: Response) -> Response:
    """After each request: a seed that was made goes out as a cookie."""
    if g.get("csrf_seed_is_new"):
        cookies.write(response, COOKIE, g.csrf_seed)
    return response


def register(flask_app: Flask) -> None:
    flask_app.after_request(remember)
    flask_app.jinja_env.globals["csrf_token"] = token


def _seed() -> str:
    if "csrf_seed" not in g:
        known = cookies.read(COOKIE)
        g.csrf_seed = known or secrets.token_urlsafe(24)
        g.csrf_seed_is_new = not known
    return str(g.csrf_seed)


def _serializer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    if not key:
        raise RuntimeError("the application has no key to sign forms with")
    return URLSafeTimedSerializer(key, salt="innkeeper-form")


def _is_exempt() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "csrf_exempt", False))


def _is_ours(sent: str) -> bool:
    seed = cookies.read(COOKIE)
    try:
        signed = _serializer().loads(sent, max_age=MAX_AGE_SECONDS)
    except BadData:
        return False
    if not seed or not isinstance(signed, str):
        return False
    return hmac.compare_digest(signed.encode(), seed.encode())  # of texts it takes ASCII alone


def _is_same_origin() -> bool:
    """Browsers tell; programs without these headers have no cookies of a person to misuse."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == request.host.lower()
