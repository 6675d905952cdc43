"""How a client signs in: password, second factor, sessions. Not for staff inside their account."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors, own, resetting, sessions
from core.kernel.problems import InvalidFields
from core.web import cookies, csrf, forms
from core.web.current import house, now
from core.web.portal import access
from core.web.render import render


def show() -> Response:
    return _draw(200, forms.Form())


def _draw(status: int, form: forms.Form) -> Response:
    person = access.themselves()
    with house().db.read() as session:
        found = sessions.list_sessions(
            session, person.user_id, now(), this=person.session_id, area=access.AREA
        )
        kept = factors.list_factors(session, person.user_id)
    return render(
        "portal/security.html", status, section="security", me=access.person(), form=form, sessions=found,
        factors=kept, done=request.args.get("done", ""), username=person.username,
    )  # fmt: skip


def change_password() -> Response:
    """Every other session ends; this one gets a new token."""
    try:
        token = resetting.change(
            house(), access.themselves(), current=request.form.get("current_password", ""),
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
    person = access.themselves()
    with house().db.transaction() as session:
        own.end_session(house(), session, person, session_id)
    return redirect(url_for("portal.security", done="session"), 303)


def end_others() -> Response:
    person = access.themselves()
    with house().db.transaction() as session:
        own.end_others(house(), session, person)
    return redirect(url_for("portal.security", done="sessions"), 303)
