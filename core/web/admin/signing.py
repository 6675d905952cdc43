"""Signing in and out of the admin."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import service as identity
from core.identity.values import SignInRefused
from core.web import csrf
from core.web.admin import access
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, visitor_ip
from core.web.render import render_admin
from core.web.security import is_safe_path

LONGEST_AGENT = 300


@blueprint.get("/login")
@needs(access.PUBLIC)
def login() -> Response:
    """The sign-in page; who is signed in already goes on."""
    if access.who() is not None:
        return redirect(_wanted(request.args.get("next", "")), 303)
    return _page(200, wanted=request.args.get("next", ""))


@blueprint.post("/login")
@needs(access.PUBLIC)
def sign_in() -> Response:
    username, wanted = request.form.get("username", "").strip(), request.form.get("next", "")
    try:
        token = identity.sign_in(
            house(),
            area=access.AREA,
            username=username,
            password=request.form.get("password", ""),
            ip=visitor_ip(),
            agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        )
    except SignInRefused as problem:
        return _page(422, username=username, wanted=wanted, refused=str(problem))
    if access.token():
        identity.sign_out(house(), access.token())
    csrf.rotate()
    return access.remember(redirect(_wanted(wanted), 303), token)


@blueprint.post("/sign-out")
@needs(access.SIGNED_IN)
def sign_out() -> Response:
    identity.sign_out(house(), access.token())
    csrf.rotate()
    return access.forget(redirect(url_for("admin.login"), 303))


def _page(status: int, *, username: str = "", wanted: str = "", refused: str = "") -> Response:
    return render_admin("admin/login.html", status, username=username, wanted=wanted, refused=refused)


def _wanted(path: str) -> str:
    """Back to a page of the admin and nowhere else."""
    inside = is_safe_path(path) and (path == "/admin" or path.startswith("/admin/"))
    return path if inside and not path.startswith(url_for("admin.login")) else url_for("admin.dashboard")
