"""One's own page: name and language, password, second factors, recovery codes, sessions."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors, own, resetting, sessions, staffing
from core.kernel.i18n import languages
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.web import csrf, forms
from core.web import factors as pages
from core.web.admin import access, editing, notices, page
from core.web.admin.access import SETTING_UP, SIGNED_IN, needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, now

LABELS = {"name": "Name", "language": "Language"}
ISSUER = "Innkeeper"  # as an app that makes codes names the account


@blueprint.get("/me", endpoint="me")
@needs(SIGNED_IN)
def show_me() -> Response:
    return _draw(Again(status=200, form=forms.Form()))


def _draw(again: Again) -> Response:
    person = access.person()
    with house().db.read() as session:
        view = staffing.staff(session, person.user_id)
        own_sessions = sessions.list_sessions(session, person.user_id, now(), this=person.session_id)
        kept = factors.list_factors(session, person.user_id)
    if not again.form.values:
        values = {"name": view.name, "language": view.locale, "version": str(view.version)}
        again = Again(status=again.status, form=forms.Form(values=values, errors=again.form.errors))
    return page.draw(
        "me.html", again.status, view=view, form=again.form, trouble=again.trouble, languages=languages(),
        differences=again.differences, sessions=own_sessions, factors=kept,
        end_url=lambda session_id: url_for("admin.me_session_end", session_id=session_id),
    )  # fmt: skip


@blueprint.post("/me", endpoint="me_save")
@needs(SIGNED_IN)
def save_me() -> Response:
    def do() -> Response:
        typed = forms.values()
        with house().db.transaction() as session:
            own.change_profile(
                house(), session, access.person(), name=typed.get("name", ""),
                locale=typed.get("language", ""), version=editing.version(typed),
            )  # fmt: skip
        return notices.go(url_for("admin.me"), "Your details are saved.")

    return editing.attempted(
        do, _draw, labels=LABELS, shown={"language": _language},
        trail=Trail(target=f"user:{access.person().user_id}"),
    )  # fmt: skip


def _language(code: str) -> str:
    return dict(languages()).get(code, code)


@blueprint.post("/me/password", endpoint="me_password")
@needs(SIGNED_IN)
def change_password() -> Response:
    """Asks for the present password itself."""
    try:
        token = resetting.change(
            house(), access.person(), current=request.form.get("current_password", ""),
            password=request.form.get("password", ""), confirm=request.form.get("confirm_password", ""),
        )  # fmt: skip
    except InvalidFields as problem:
        return _draw(Again(status=422, form=forms.Form(errors=problem.messages)))
    csrf.rotate()
    done = notices.go(
        url_for("admin.me"), "Your password is changed, and you are signed out everywhere else."
    )
    return access.remember(done, token)


@blueprint.post("/me/sessions/<uuid:session_id>/end", endpoint="me_session_end")
@needs(SIGNED_IN)
def end_session(session_id: UUID) -> Response:
    """Raises NotFound: over, or somebody else's."""
    with house().db.transaction() as session:
        own.end_session(house(), session, access.person(), session_id)
    return notices.go(url_for("admin.me"), "That session has ended.")


@blueprint.post("/me/sessions/end-others", endpoint="me_sessions_end")
@needs(SIGNED_IN)
def end_others() -> Response:
    with house().db.transaction() as session:
        count = own.end_others(house(), session, access.person())
    return notices.go(url_for("admin.me"), f"Signed out everywhere else ({count}).")


@blueprint.get("/me/factors", endpoint="factors")
@needs(SETTING_UP, proven=True)
def show_factors() -> Response:
    return _draw_factors()


def _draw_factors(status: int = 200, *, trouble: str = "", errors: dict[str, str] | None = None) -> Response:
    person = access.person()
    with house().db.read() as session:
        kept = factors.list_factors(session, person.user_id)
        left = factors.codes_left(session, person.user_id)
    return page.draw(
        "factors.html", status, factors=kept, codes_left=left, party=access.party(), trouble=trouble,
        must=access.must_set_up(person), form=forms.Form(errors=errors or {}),
        remove_url=lambda factor_id: url_for("admin.factor_remove", factor_id=factor_id),
    )  # fmt: skip


@blueprint.post("/me/factors/app", endpoint="factor_app_begin")
@needs(SETTING_UP, proven=True)
def begin_app() -> Response:
    with house().db.transaction() as session:
        factors.begin_totp(session, house().keys, access.person().user_id, now())
    return redirect(url_for("admin.factor_app"), 303)


@blueprint.get("/me/factors/app", endpoint="factor_app")
@needs(SETTING_UP, proven=True)
def show_app() -> Response:
    return _draw_app(200, forms.Form())


def _draw_app(status: int, form: forms.Form) -> Response:
    secret = pages.prepared(access.person())
    if not secret:
        return redirect(url_for("admin.factors"), 303)
    return page.draw("factor-app.html", status, secret=pages.spaced(secret), form=form)


@blueprint.get("/me/factors/app.svg", endpoint="factor_app_picture")
@needs(SETTING_UP, proven=True)
def picture() -> Response:
    """Raises NotFound."""
    return pages.picture(access.person(), ISSUER)


@blueprint.post("/me/factors/app/confirm", endpoint="factor_app_confirm")
@needs(SETTING_UP, proven=True)
def confirm_app() -> Response:
    typed = forms.values()
    try:
        token, codes = own.confirm_app(
            house(), access.person(), code=typed.get("code", ""), label=typed.get("label", "")
        )
    except InvalidFields as problem:
        return _draw_app(422, forms.posted(problem.messages, secrets=frozenset({"code"})))
    return _added(token, codes, "The app is set up.")


@blueprint.post("/me/factors/passkey/challenge", endpoint="factor_passkey_challenge")
@needs(SETTING_UP, proven=True)
def passkey_challenge() -> Response:
    """Raises NotFound where none can be."""
    return pages.registration_for(access.party(), access.person())


@blueprint.post("/me/factors/passkey", endpoint="factor_passkey")
@needs(SETTING_UP, proven=True)
def add_passkey() -> Response:
    party = access.party()
    if party is None:
        raise NotFound
    try:
        token, codes = own.add_passkey(
            house(), access.person(), party, credential=request.form.get("credential", ""),
            label=request.form.get("label", ""),
        )  # fmt: skip
    except InvalidFields as problem:
        return _draw_factors(422, errors=problem.messages)
    return _added(token, codes, "The passkey is set up.")


def _added(token: str, codes: tuple[str, ...], text: str) -> Response:
    """The first factor brings recovery codes, shown this once."""
    csrf.rotate()
    if not codes:
        return access.remember(notices.go(url_for("admin.factors"), text), token)
    return access.remember(page.draw("recovery-codes.html", codes=codes, said=text), token)


@blueprint.post("/me/factors/<uuid:factor_id>/remove", endpoint="factor_remove")
@needs(SETTING_UP, proven=True)
def remove_factor(factor_id: UUID) -> Response:
    """Raises NotFound."""
    try:
        with house().db.transaction() as session:
            must_have = not house().settings.is_demo
            token = own.remove_factor(house(), session, access.person(), factor_id, must_have=must_have)
    except Conflict as problem:
        return _draw_factors(409, trouble=str(problem))
    csrf.rotate()
    return access.remember(notices.go(url_for("admin.factors"), "Removed."), token)


@blueprint.post("/me/codes", endpoint="codes_new")
@needs(SETTING_UP, proven=True)
def new_codes() -> Response:
    """Shown this once. Raises Conflict without a factor."""
    with house().db.transaction() as session:
        codes = own.new_codes(house(), session, access.person())
    return page.draw(
        "recovery-codes.html", codes=codes, said="The codes you had before do not work any more."
    )


@blueprint.post("/me/codes/file", endpoint="codes_file")
@needs(SETTING_UP, proven=True)
def codes_file() -> Response:
    """Raises NotFound."""
    heading = f"Recovery codes for {ISSUER}. Each works once."
    return pages.codes_file(request.form.get("codes", ""), heading)
