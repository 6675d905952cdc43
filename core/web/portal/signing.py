"""Signing in to the portal and out of it."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors as kept
from core.identity import resetting
from core.identity import service as identity
from core.identity.values import Answer, FactorRefused, SignInRefused, Waiting
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields, NotFound
from core.orders import cart as carts
from core.web import cookies, csrf, devices, forms
from core.web import factors as pages
from core.web.current import house, visitor_ip
from core.web.portal import access, factors
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
    device = devices.mark()
    try:
        token = identity.sign_in(
            house(), area=access.AREA, username=username, password=request.form.get("password", ""),
            ip=visitor_ip(), agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT], device=device,
        )  # fmt: skip
    except SignInRefused as problem:
        return _page(422, username=username, wanted=wanted, refused=str(problem))
    identity.sign_out(house(), access.token())
    if identity.waiting(house(), token, access.AREA) is not None:
        return _on(url_for("portal.factor", next=access.path_after(wanted, "") or None), token, device)
    return _on(_onward(wanted), token, device)


def _on(path: str, token: str, device: str) -> Response:
    csrf.rotate()
    response = devices.keep(redirect(path, 303), device)
    cookies.write(response, access.COOKIE, token)
    return response


def sign_in_with_passkey() -> Response:
    """Without a password: the passkey checked its owner itself. Raises NotFound."""
    party, wanted, device = factors.party(), request.form.get("next", ""), devices.mark()
    if party is None:
        raise NotFound
    try:
        token = identity.sign_in_with_passkey(
            house(), area=access.AREA, credential=request.form.get("credential", ""), party=party,
            ip=visitor_ip(), agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT], device=device,
        )  # fmt: skip
    except SignInRefused:
        refused = _("This passkey was not taken. Try again, or use your password.")
        return _page(422, wanted=wanted, refused=refused)
    identity.sign_out(house(), access.token())
    return _on(_onward(wanted), token, device)


def challenge() -> Response:
    """What the browser asks a passkey: of the person who waits, or of whoever it is. Raises
    TooManyRequests, NotFound."""
    held = identity.waiting(house(), access.token(), access.AREA)
    return pages.challenge_for(factors.party(), held.user_id if held else None)


def factor() -> Response:
    """The second step, for who has one: a code of the app, one for recovery, or a passkey."""
    held = identity.waiting(house(), access.token(), access.AREA)
    if held is None:
        return redirect(url_for("portal.sign_in"), 303)
    if request.method == "GET":
        return _factor_page(200, held, wanted=request.args.get("next", ""))
    wanted, device = request.form.get("next", ""), devices.mark()
    answer = Answer(code=request.form.get("code", ""), credential=request.form.get("credential", ""))
    try:
        token = identity.show_factor(
            house(), access.token(), access.AREA, answer, factors.party(), device=device
        )
    except FactorRefused as problem:
        return _factor_page(422, held, wanted=wanted, refused=str(problem))
    except SignInRefused:
        return redirect(url_for("portal.sign_in"), 303)
    return _on(_onward(wanted), token, device)


def _factor_page(status: int, held: Waiting, *, wanted: str, refused: str = "") -> Response:
    party, onward = factors.party(), access.path_after(wanted, "")
    with house().db.read() as session:
        kinds = {one.kind for one in kept.list_factors(session, held.user_id)}
    return render(
        "portal/factor.html", status, wanted=onward, refused=refused, party=party,
        has_passkey=party is not None and kept.PASSKEY in kinds,
    )  # fmt: skip


def forgotten() -> Response:
    """Asks for a link by mail. The same answer whoever it is."""
    if request.method == "GET":
        return render("portal/reset.html", asked=False)
    username = request.form.get("username", "")
    resetting.ask(house(), area=access.AREA, username=username, ip=visitor_ip())
    return render("portal/reset.html", asked=True)


def choose_password(token: str) -> Response:
    """A link of a mail. Looking uses nothing up: programs that read mails follow links. Raises NotFound."""
    if request.method == "GET":
        if not resetting.check_link(house(), token, ip=visitor_ip()):
            raise resetting.dead_link()
        return render("portal/choose-password.html", token=token, form=forms.Form())
    try:
        resetting.choose(
            house(), token, password=request.form.get("password", ""),
            confirm=request.form.get("confirm_password", ""), ip=visitor_ip(),
        )  # fmt: skip
    except InvalidFields as problem:
        again = forms.posted(problem.messages)
        return render("portal/choose-password.html", 422, token=token, form=again)
    csrf.rotate()
    response = redirect(url_for("portal.sign_in", said="chosen"), 303)
    cookies.drop(response, access.COOKIE)
    return response


def _onward(wanted: str) -> str:
    return access.path_after(wanted, url_for("portal.home"))


def _page(status: int, *, username: str = "", wanted: str = "", refused: str = "") -> Response:
    onward = access.path_after(wanted, "")
    return render(
        "portal/sign-in.html", status, username=username, wanted=onward, refused=refused,
        ordering=onward.startswith(url_for("shop.checkout")), chosen=request.args.get("said") == "chosen",
        party=factors.party(),
    )  # fmt: skip
