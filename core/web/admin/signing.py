"""The door of the admin: user name and password, then the second factor; or a passkey, which is both."""

from __future__ import annotations

from urllib.parse import unquote

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors, resetting
from core.identity import service as identity
from core.identity.values import Answer, FactorRefused, SignInRefused, Waiting
from core.kernel.problems import InvalidFields, NotFound
from core.web import csrf, devices, forms
from core.web import factors as pages
from core.web.admin import access
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, visitor_ip
from core.web.render import render_admin
from core.web.security import is_safe_path

LONGEST_AGENT = 300
LONGEST_PATH = 2000


@blueprint.get("/login")
@needs(access.PUBLIC)
def login() -> Response:
    """The sign-in page; who is signed in already goes on."""
    if access.who() is not None:
        return redirect(_wanted(request.args.get("next", "")), 303)
    return _page(200, wanted=request.args.get("next", ""), said=request.args.get("said", ""))


@blueprint.post("/login")
@needs(access.PUBLIC)
def sign_in() -> Response:
    username, wanted = request.form.get("username", "").strip(), request.form.get("next", "")
    device = devices.mark()
    try:
        token = identity.sign_in(
            house(), area=access.AREA, username=username, password=request.form.get("password", ""),
            ip=visitor_ip(), agent=agent(), device=device,
        )  # fmt: skip
    except SignInRefused as problem:
        return _page(422, username=username, wanted=wanted, refused=str(problem))
    if identity.waiting(house(), token, access.AREA) is not None:
        return _let_in(token, device, url_for("admin.login_factor", next=_wanted(wanted)))
    return _let_in(token, device, _wanted(wanted))


def _let_in(token: str, device: str, path: str) -> Response:
    """On with a new cookie; a session this browser had before ends."""
    if access.token():
        identity.sign_out(house(), access.token())
    csrf.rotate()
    return access.remember(devices.keep(redirect(path, 303), device), token)


@blueprint.get("/login/factor", endpoint="login_factor")
@needs(access.PUBLIC)
def factor() -> Response:
    """The second step, for who has shown a password within ten minutes."""
    held = _waiting()
    if held is None:
        return redirect(url_for("admin.login"), 303)
    return _factor_page(200, held, wanted=request.args.get("next", ""))


@blueprint.post("/login/factor", endpoint="show_factor")
@needs(access.PUBLIC)
def show_factor() -> Response:
    held, wanted, device = _waiting(), request.form.get("next", ""), devices.mark()
    if held is None:
        return redirect(url_for("admin.login"), 303)
    answer = Answer(code=request.form.get("code", ""), credential=request.form.get("credential", ""))
    try:
        token = identity.show_factor(
            house(), access.token(), access.AREA, answer, access.party(), device=device
        )
    except FactorRefused as problem:
        return _factor_page(422, held, wanted=wanted, refused=str(problem))
    except SignInRefused:
        return redirect(url_for("admin.login"), 303)
    csrf.rotate()
    return access.remember(devices.keep(redirect(_wanted(wanted), 303), device), token)


@blueprint.post("/login/passkey", endpoint="login_passkey")
@needs(access.PUBLIC)
def sign_in_with_passkey() -> Response:
    """Without a password: the passkey checked its owner itself."""
    party, wanted, device = access.party(), request.form.get("next", ""), devices.mark()
    if party is None:
        raise NotFound
    try:
        token = identity.sign_in_with_passkey(
            house(), area=access.AREA, credential=request.form.get("credential", ""), party=party,
            ip=visitor_ip(), agent=agent(), device=device,
        )  # fmt: skip
    except SignInRefused:
        return _page(
            422, wanted=wanted, refused="This passkey was not taken. Try again, or use your password."
        )
    return _let_in(token, device, _wanted(wanted))


@blueprint.post("/login/challenge", endpoint="login_challenge")
@needs(access.PUBLIC)
def challenge() -> Response:
    """What a browser asks a passkey: of the person who waits, or of whoever it is."""
    held = _waiting()
    return pages.challenge_for(access.party(), held.user_id if held else None)


@blueprint.post("/passkey-challenge", endpoint="passkey_challenge")
@needs(access.SETTING_UP)
def own_challenge() -> Response:
    """The same for somebody who is signed in and proves it anew."""
    return pages.challenge_for(access.party(), access.person().user_id)


@blueprint.post("/sign-out")
@needs(access.SETTING_UP)
def sign_out() -> Response:
    identity.sign_out(house(), access.token())
    csrf.rotate()
    return access.forget(redirect(url_for("admin.login"), 303))


@blueprint.get("/reset", endpoint="reset")
@needs(access.PUBLIC)
def forgotten() -> Response:
    return render_admin("admin/reset.html", asked=False, username="")


@blueprint.post("/reset", endpoint="ask_reset")
@needs(access.PUBLIC)
def ask_reset() -> Response:
    """The same answer whoever it is."""
    username = request.form.get("username", "")
    resetting.ask(house(), area=access.AREA, username=username, ip=visitor_ip())
    return render_admin("admin/reset.html", asked=True, username="")


@blueprint.get("/reset/<token>", endpoint="choose_password")
@needs(access.PUBLIC)
def link(token: str) -> Response:
    """Looking uses nothing up: programs that read mails follow links. Raises NotFound."""
    if not resetting.check_link(house(), token, ip=visitor_ip()):
        raise resetting.dead_link()
    return render_admin("admin/choose-password.html", token=token, form=forms.Form())


@blueprint.post("/reset/<token>", endpoint="set_password")
@needs(access.PUBLIC)
def choose(token: str) -> Response:
    try:
        resetting.choose(
            house(), token, password=request.form.get("password", ""),
            confirm=request.form.get("confirm_password", ""), ip=visitor_ip(),
        )  # fmt: skip
    except InvalidFields as problem:
        again = forms.posted(problem.messages)
        return render_admin("admin/choose-password.html", 422, token=token, form=again)
    csrf.rotate()
    return access.forget(redirect(url_for("admin.login", said="chosen"), 303))


def agent() -> str:
    return request.headers.get("User-Agent", "")[:LONGEST_AGENT]


def _waiting() -> Waiting | None:
    return identity.waiting(house(), access.token(), access.AREA)


def _page(
    status: int, *, username: str = "", wanted: str = "", refused: str = "", said: str = ""
) -> Response:  # fmt: skip
    return render_admin(
        "admin/login.html", status, username=username, wanted=wanted, refused=refused, party=access.party(),
        chosen=said == "chosen",
    )  # fmt: skip


def _factor_page(status: int, held: Waiting, *, wanted: str, refused: str = "") -> Response:
    with house().db.read() as session:
        kinds = {one.kind for one in factors.list_factors(session, held.user_id)}
    return render_admin(
        "admin/login-factor.html", status, username=held.username, wanted=wanted, refused=refused,
        party=access.party(), has_passkey=factors.PASSKEY in kinds and access.party() is not None,
    )  # fmt: skip


def _wanted(path: str) -> str:
    """Back to a page of the admin and nowhere else."""
    read = unquote(path)
    is_inside = path == "/admin" or path.startswith("/admin/")
    is_ours = is_inside and is_safe_path(path) and is_safe_path(read) and "\\" not in read
    is_door = path.startswith((url_for("admin.login"), url_for("admin.reset")))
    return path if is_ours and not is_door and len(path) < LONGEST_PATH else url_for("admin.dashboard")
