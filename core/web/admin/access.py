"""Who may see which page of the admin. Every route declares it; what is not declared is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from core.identity import passkeys
from core.identity import service as identity
from core.identity.permissions import PERMISSIONS
from core.identity.values import Identity, Party
from core.web.admin.counts import read_counts
from core.web.current import brand, house, is_https, now, read_brand

COOKIE = "innkeeper_admin"
AREA = "admin"
PUBLIC = "public"  # nobody has to be signed in: the sign-in page alone
SIGNED_IN = "signed in"  # any of the staff: the dashboard
SETTING_UP = "setting up"  # any of the staff, even before they have the second factor they must have
DECLARED = "admin_needs"
PROVEN = "admin_proven"

View = TypeVar("View", bound=Callable[..., Any])


class ProofNeeded(Exception):
    """A form for money or secrets, from somebody who must show first that it is still them."""


def needs(permission: str, *, proven: bool = False) -> Callable[[View], View]:
    """Declare what a route asks for: a name of PERMISSIONS, SIGNED_IN, SETTING_UP or PUBLIC.

    ``proven``: money and secrets. The person must have shown password and second factor within a quarter of
    an hour; else a page asks for them and goes on from there, a form with what was typed in it.
    Raises ValueError for any other name, so that a misspelt one stops the start.
    """
    if permission not in PERMISSIONS and permission not in (PUBLIC, SIGNED_IN, SETTING_UP):
        raise ValueError(f"there is no permission called {permission!r}")

    def declare(view: View) -> View:
        view.__dict__[DECLARED] = permission
        view.__dict__[PROVEN] = proven
        return view

    return declare


def declared(endpoint: str) -> str | None:
    """What the route behind an endpoint asks for; None when it forgot to say."""
    view = current_app.view_functions.get(endpoint)
    return cast("str | None", getattr(view, DECLARED, None))


def asks_for_proof(endpoint: str) -> bool:
    """Whether the route behind an endpoint is for people who have just shown who they are."""
    view = current_app.view_functions.get(endpoint)
    return bool(getattr(view, PROVEN, False))


def guard() -> Response | None:
    """Before each request of the admin. Raises Forbidden, ProofNeeded."""
    brand()  # read before any page is drawn: its zone is the one staff read times in
    permission = declared(request.endpoint or "")
    visitor = who()
    if permission == PUBLIC:
        return None
    if visitor is None:
        return redirect(url_for("admin.login", next=_wanted()), 303)
    if permission is None or not may(permission):
        raise Forbidden
    if must_set_up(visitor) and permission != SETTING_UP:
        return redirect(url_for("admin.factors"), 303)
    if asks_for_proof(request.endpoint or ""):
        ask_for_proof()
    return None


def is_proven() -> bool:
    """Whether this person has shown within a quarter of an hour who they are."""
    return person().is_proven(now())


def ask_for_proof() -> None:
    """What a route with ``proven`` asks first. Raises ProofNeeded."""
    if not is_proven():
        raise ProofNeeded


def must_set_up(person: Identity) -> bool:
    """Outside the demo staff have a second factor; who has none yet reaches the page that sets one up."""
    return not person.has_factor and not house().settings.is_demo


def who() -> Identity | None:
    """The person behind this request. Asked of the database once a request."""
    if "admin_identity" not in g:
        token = request.cookies.get(COOKIE, "")
        g.admin_identity = _holder(token) if token else None
    return cast("Identity | None", g.admin_identity)


def _holder(token: str) -> Identity | None:
    """Read in one snapshot with what else every page needs: the brand, and the counts of the menu."""
    with house().db.read() as session:
        read_brand(session)
        held = identity.held(session, token, AREA, now())
        if held is not None and request.method == "GET":
            read_counts(session)
    return identity.keep_alive(house(), held) if held is not None else None


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
    return found is not None and (permission in (SIGNED_IN, SETTING_UP) or found.may(permission))


def remember(response: Response, token: str) -> Response:
    """Set the session's cookie. It ends with the browser; the session itself ends sooner or later too."""
    response.set_cookie(COOKIE, token, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def party() -> Party | None:
    """Whom passkeys of the admin are for: the configured address."""
    return passkeys.party_of(house().settings.public_url)


def token() -> str:
    return request.cookies.get(COOKIE, "")


def _wanted() -> str | None:
    """Where to go after signing in: the page that was asked for. A form is not sent twice."""
    if request.method != "GET" or request.path == url_for("admin.dashboard"):
        return None
    return request.full_path.rstrip("?")
