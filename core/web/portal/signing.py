"""Signing in to the portal and out of it."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import service as identity
from core.identity.values import SignInRefused
from core.orders import cart as carts
from core.web import cookies, csrf
from core.web.current import house, visitor_ip
from core.web.portal import access
from core.web.render import render

LONGEST_AGENT = 300


def sign_in() -> Response:
    """The door; whoever is signed in already goes on. ``next`` leads to a path of this site or nowhere."""
    if request.method == "POST":
        return _try()
    if access.visitor() is not None:
        return redirect(_onward(request.args.get("next", "")), 303)
    return _page(200, wanted=request.args.get("next", ""))


def sign_out() -> Response:
    """End the session here and now. A cart stays, without what it knew of the person."""
    identity.sign_out(house(), access.token())
    response = redirect(access.path_after(request.form.get("next", ""), url_for("portal.sign_in")), 303)
    carts.let_go(house(), cookies.read(cookies.CART))
    if carts.count_lines(house(), cookies.read(cookies.CART)) == 0:
        cookies.drop(response, cookies.CART)  # a placed cart leads to its order: not for who comes next
    csrf.rotate()
    cookies.drop(response, access.COOKIE)
    return response


def _try() -> Response:
    username, wanted = request.form.get("username", "").strip(), request.form.get("next", "")
    try:
        token = identity.sign_in(
            house(), area=access.AREA, username=username, password=request.form.get("password", ""),
            ip=visitor_ip(), agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        )  # fmt: skip
    except SignInRefused as problem:
        return _page(422, username=username, wanted=wanted, refused=str(problem))
    identity.sign_out(house(), access.token())
    csrf.rotate()
    response = redirect(_onward(wanted), 303)
    cookies.write(response, access.COOKIE, token)
    return response


def _onward(wanted: str) -> str:
    return access.path_after(wanted, url_for("portal.home"))


def _page(status: int, *, username: str = "", wanted: str = "", refused: str = "") -> Response:
    onward = access.path_after(wanted, "")
    return render(
        "portal/sign-in.html", status, username=username, wanted=onward, refused=refused,
        ordering=onward.startswith(url_for("shop.checkout")),
    )  # fmt: skip
