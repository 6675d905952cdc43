"""How a client signs in: their password, and where they are signed in. Not for staff inside their account."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import own, resetting, sessions
from core.identity.values import Identity
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields, Refused
from core.web import cookies, csrf, forms
from core.web.current import house, now
from core.web.portal import access
from core.web.render import render


def show() -> Response:
    return _draw(200, forms.Form())


def _draw(status: int, form: forms.Form) -> Response:
    person = _themselves()
    with house().db.read() as session:
        found = sessions.list_sessions(
            session, person.user_id, now(), this=person.session_id, area=access.AREA
        )
    return render(
        "portal/security.html", status, section="security", me=access.person(), form=form, sessions=found,
        done=request.args.get("done", ""), username=person.username,
    )  # fmt: skip


def change_password() -> Response:
    """Every other session ends; this one gets a new token."""
    try:
        token = resetting.change(
            house(), _themselves(), current=request.form.get("current_password", ""),
            password=request.form.get("password", ""), confirm=request.form.get("confirm_password", ""),
        )  # fmt: skip
    except InvalidFields as problem:
        return _draw(422, forms.Form(errors=problem.messages))
    csrf.rotate()
    response = redirect(url_for("portal.security", done="password"), 303)
    cookies.write(response, access.COOKIE, token)
    return response


def end_session(session_id: UUID) -> Response:
    """Raises NotFound: over, or somebody else's."""
    person = _themselves()
    with house().db.transaction() as session:
        own.end_session(house(), session, person, session_id)
    return redirect(url_for("portal.security", done="session"), 303)


def end_others() -> Response:
    person = _themselves()
    with house().db.transaction() as session:
        own.end_others(house(), session, person)
    return redirect(url_for("portal.security", done="sessions"), 303)


def _themselves() -> Identity:
    """The client, and nobody for them. Raises Refused."""
    person = access.person().identity
    if person.acting_staff_id is not None:
        raise Refused(_("Only the client can see and change how they sign in."))
    return person
