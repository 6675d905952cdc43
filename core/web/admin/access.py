"""Who may see which page of the admin. Every route declares it; what is not declared is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from core.identity import service as identity
from core.identity.permissions import PERMISSIONS
from core.identity.values import Identity
from core.web.current import brand, house, is_https

COOKIE = "innkeeper_admin"
AREA = "admin"
PUBLIC = "public"  # nobody has to be signed in: the sign-in page alone
SIGNED_IN = "signed in"  # any of the staff: the dashboard, signing out
DECLARED = "admin_needs"

View = TypeVar("View", bound=Callable[..., Any])


def needs(permission: str) -> Callable[[View], View]:
    """Declare what a route asks for: a name of PERMISSIONS, SIGNED_IN or PUBLIC.

    Raises ValueError for any other name, so that a misspelt one stops the start.
    """
    if permission not in PERMISSIONS and permission not in (PUBLIC, SIGNED_IN):
        raise ValueError(f"there is no permission called {permission!r}")

    def declare(view: View) -> View:
        view.__dict__[DECLARED] = permission
        return view

    return declare


def declared(endpoint: str) -> str | None:
    """What the route behind an endpoint asks for; None when it forgot to say."""
    view = current_app.view_functions.get(endpoint)
    return cast("str | None", getattr(view, DECLARED, None))


def guard() -> Response | None:
    """Before each request of the admin. Raises Forbidden."""
    brand()  # read before any page is drawn: its zone is the one staff read times in
    permission = declared(request.endpoint or "")
    person = who()
    if permission == PUBLIC:
        return None
    if person is None:
        return redirect(url_for("admin.login", next=_wanted()), 303)
    if permission is None or not may(permission):
        raise Forbidden
    return None


def who() -> Identity | None:
    """The person behind this request. Asked of the database once a request."""
    if "admin_identity" not in g:
        token = request.cookies.get(COOKIE, "")
        g.admin_identity = identity.session_of(house(), token, AREA) if token else None
    return cast("Identity | None", g.admin_identity)


def person() -> Identity:
    """The person behind this request, where the guard has let one in."""
    found = who()
    if found is None:
        raise Forbidden
    return found


def actor() -> str:
    """How the audit log names them."""
    return person().actor


def may(permission: str) -> bool:
    found = who()
    return found is not None and (permission == SIGNED_IN or found.may(permission))


def remember(response: Response, token: str) -> Response:
    """Set the session's cookie. It ends with the browser; the session itself ends sooner or later too."""
    response.set_cookie(COOKIE, token, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def token() -> str:
    return request.cookies.get(COOKIE, "")


def _wanted() -> str | None:
    """Where to go after signing in: the page that was asked for. A form is not sent twice."""
    if request.method != "GET" or request.path == url_for("admin.dashboard"):
        return None
    return request.full_path.rstrip("?")
