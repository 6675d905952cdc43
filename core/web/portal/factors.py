"""A client's second factors: apps, passkeys, recovery codes. For the client alone, just after proof."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors, own, passkeys
from core.identity.values import Identity, Party
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields, NotFound
from core.web import cookies, csrf, forms
from core.web import factors as pages
from core.web.current import brand, house, now, site_url
from core.web.portal import access
from core.web.render import render

DONE = frozenset({"app", "passkey", "removed"})


def party() -> Party | None:
    """Whom passkeys are for at this brand: the host that was asked for, which is one of the brand's own."""
    found = passkeys.party_of(site_url())
    return replace(found, name=brand().name) if found else None


def show() -> Response:
    return _draw(200)


def _draw(status: int, *, errors: dict[str, str] | None = None) -> Response:
    person = access.themselves()
    with house().db.read() as session:
        kept = factors.list_factors(session, person.user_id)
        left = factors.codes_left(session, person.user_id)
    done = request.args.get("done", "") if request.method == "GET" else ""
    return render(
        "portal/factors.html", status, section="security", me=access.person(), factors=kept, codes_left=left,
        party=party(), errors=errors or {}, done=done if done in DONE else "",
    )  # fmt: skip


def begin_app() -> Response:
    person = access.themselves()
    with house().db.transaction() as session:
        factors.begin_totp(session, house().keys, person.user_id, now())
    return redirect(url_for("portal.factor_app"), 303)


def show_app() -> Response:
    return _draw_app(200, forms.Form())


def _draw_app(status: int, form: forms.Form) -> Response:
    secret = pages.prepared(access.themselves())
    if not secret:
        return redirect(url_for("portal.factors"), 303)
    return render(
        "portal/factor-app.html", status, section="security", me=access.person(), form=form,
        secret=pages.spaced(secret),
    )  # fmt: skip


def picture() -> Response:
    """Raises NotFound."""
    return pages.picture(access.themselves(), brand().name)


def confirm_app() -> Response:
    typed = forms.values()
    try:
        token, codes = own.confirm_app(
            house(), access.themselves(), code=typed.get("code", ""), label=typed.get("label", "")
        )
    except InvalidFields as problem:
        return _draw_app(422, forms.posted(problem.messages, secrets=frozenset({"code"})))
    return _added(token, codes, "app")


def passkey_challenge() -> Response:
    """Raises NotFound where there can be no passkey."""
    return pages.registration_for(party(), access.themselves())


def add_passkey() -> Response:
    asked = party()
    if asked is None:
        raise NotFound
    try:
        token, codes = own.add_passkey(
            house(), access.themselves(), asked, credential=request.form.get("credential", ""),
            label=request.form.get("label", ""),
        )  # fmt: skip
    except InvalidFields as problem:
        return _draw(422, errors=problem.messages)
    return _added(token, codes, "passkey")


def _added(token: str, codes: tuple[str, ...], what: str) -> Response:
    """The first factor brings recovery codes, shown this once."""
    csrf.rotate()
    done = _codes_page(codes) if codes else redirect(url_for("portal.factors", done=what), 303)
    return remember(done, token)


def _codes_page(codes: tuple[str, ...]) -> Response:
    return render("portal/recovery-codes.html", section="security", me=access.person(), codes=codes)


def remove(factor_id: UUID) -> Response:
    """A client may have none. Raises NotFound."""
    person: Identity = access.themselves()
    with house().db.transaction() as session:
        token = own.remove_factor(house(), session, person, factor_id, must_have=False)
    csrf.rotate()
    return remember(redirect(url_for("portal.factors", done="removed"), 303), token)


def new_codes() -> Response:
    """Raises Conflict without a factor."""
    person = access.themselves()
    with house().db.transaction() as session:
        codes = own.new_codes(house(), session, person)
    return _codes_page(codes)


def codes_file() -> Response:
    """Raises NotFound."""
    access.themselves()
    heading = _("Recovery codes for {brand}. Each works once.").format(brand=brand().name)
    return pages.codes_file(request.form.get("codes", ""), heading)


def remember(response: Response, token: str) -> Response:
    cookies.write(response, access.COOKIE, token)
    return response
