"""Before money and secrets: show once more who is there. It holds for a quarter of an hour.

A page that was asked for comes by itself afterwards. A form is kept, signed, in the page that asks, and
stands ready to be sent by the person, for nothing is done that nobody pressed a button for. What is secret
in it, and files, are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, redirect, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from core.identity import factors
from core.identity import service as identity
from core.identity.values import Answer, ProofRefused
from core.kernel import audit
from core.web import csrf
from core.web.admin import access, page
from core.web.admin.access import ProofNeeded, needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, visitor_ip
from core.web.forms import SECRET_NAMES
from core.web.security import is_safe_path

KEPT_SECONDS = 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that waits: where it goes, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


@blueprint.errorhandler(ProofNeeded)
def ask(_error: ProofNeeded) -> Response:
    """A page comes back by itself after proof; a form is kept in the page that asks."""
    if request.method == "GET":
        return redirect(url_for("admin.prove", next=request.full_path.rstrip("?")), 303)
    return _page(403, kept=_keep())


@blueprint.get("/prove")
@needs(access.SETTING_UP)
def prove() -> Response:
    wanted = request.args.get("next", "")
    return _page(200, wanted=wanted)


@blueprint.post("/prove", endpoint="prove_now")
@needs(access.SETTING_UP)
def prove_now() -> Response:
    kept, wanted = request.form.get("kept", ""), request.form.get("next", "")
    answer = Answer(code=request.form.get("code", ""), credential=request.form.get("credential", ""))
    try:
        token = identity.prove(
            house(), access.person(), password=request.form.get("password", ""), answer=answer,
            party=access.party(), ip=visitor_ip(),
        )  # fmt: skip
    except ProofRefused as problem:
        return _page(422, kept=kept, wanted=wanted, refused=str(problem))
    waiting = _read(kept)
    if kept and waiting is None:
        return access.remember(redirect(url_for("admin.dashboard"), 303), token)
    if waiting is not None:
        return access.remember(_ready(waiting), token)
    return access.remember(redirect(inside(wanted), 303), token)


def inside(path: str) -> str:
    """A page of the admin and nothing else."""
    is_inside = is_safe_path(path) and path.startswith("/admin/")
    return path if is_inside and not path.startswith(url_for("admin.prove")) else url_for("admin.dashboard")


def _page(status: int, *, kept: str = "", wanted: str = "", refused: str = "") -> Response:
    with house().db.read() as session:
        own = factors.list_factors(session, access.person().user_id)
    kinds = {one.kind for one in own}
    return page.draw(
        "prove.html", status, kept=kept, wanted=wanted, refused=refused, wants_code=bool(own),
        has_passkey=factors.PASSKEY in kinds and access.party() is not None,
        party=access.party(),
    )  # fmt: skip


def _ready(kept: Kept) -> Response:
    return page.draw("proven.html", kept=kept)


def _keep() -> str:
    """The form of this request, signed for this session."""
    fields = [
        [name, value]
        for name, values in request.form.lists()
        for value in values
        if name != csrf.FIELD and not _is_secret(name)
    ]
    return _serializer().dumps([str(access.person().session_id), request.full_path.rstrip("?"), fields])


def _is_secret(name: str) -> bool:
    return name in SECRET_NAMES or any(word in name.lower() for word in audit.SECRET_WORDS)


def _read(kept: str) -> Kept | None:
    try:
        session_id, path, fields = _serializer().loads(kept, max_age=KEPT_SECONDS)
    except (BadData, ValueError, TypeError):
        return None
    if session_id != str(access.person().session_id) or inside(path) != path:
        return None
    return Kept(path=path, fields=tuple((str(name), str(value)) for name, value in fields))


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt="innkeeper-kept-form")
