"""Staff inside a client's account: marked on every page, unable to pay, to order or to change how one
signs in (A49), and the way back out."""

from __future__ import annotations

from flask import Flask, redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import service as identity
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.problems import Refused
from core.web import cookies, csrf
from core.web.current import house, now
from core.web.portal import access

# What staff may send from inside: the way out, how it looks, and what only looks a thing up.
HARMLESS = frozenset({"portal.leave", "portal.sign_out", "portal.sign_in", "look.choose"})
AREAS = ("portal", "shop")


def register(flask_app: Flask) -> None:
    flask_app.before_request(refuse)
    flask_app.jinja_env.globals["acting_as"] = acting_as


def acting_as() -> str:
    """Whose account somebody of the staff is in; "" for everybody else, and outside shop and portal."""
    found = access.visitor() if request.blueprint in AREAS else None
    return found.name if found is not None and found.identity.acting_staff_id is not None else ""


def refuse() -> None:
    """Nothing is sent in a client's name: no order, no payment, no password. Raises Refused."""
    is_sent = request.method not in ("GET", "HEAD", "OPTIONS")
    if is_sent and request.blueprint in AREAS and request.endpoint not in HARMLESS and acting_as():
        raise Refused(
            _("You are signed in as a client: look, but order, pay and change nothing in their name.")
        )


def leave() -> Response:
    """End it, and back to the page of the client. Whoever is not inside goes to the overview."""
    person = access.person()
    if person.identity.acting_staff_id is None:
        return redirect(url_for("portal.home"), 303)
    identity.sign_out(house(), access.token())
    client_id = person.client_ids[0] if person.client_ids else None
    with house().db.transaction() as session:
        audit.record(
            session, actor=person.identity.actor, acting_for=person.identity.acting_for,
            action="client.leave", target=f"client:{client_id}", now=now(),
        )  # fmt: skip
    csrf.rotate()
    back = url_for("admin.client", client_id=client_id) if client_id else url_for("admin.clients")
    response = redirect(back, 303)
    cookies.drop(response, access.COOKIE)
    return response
