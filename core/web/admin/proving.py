"""Before money and secrets: show once more who is there. It holds for a quarter of an hour.

A page that was asked for comes by itself afterwards. A form is kept, signed, in the page that asks, and
stands ready to be sent by the person, for nothing is done that nobody pressed a button for. What is secret
in it, and files, are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, redirect, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from core.identity import factors
from core.identity import service as identity
from core.identity.values import Answer, ProofRefused
from core.kernel import audit
from core.web import csrf
from core.web.admin import access, colliding, page
from core.web.admin.access import ProofNeeded, needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, visitor_ip
from core.web.forms import SECRET_NAMES
from core.web.security import is_safe_path

KEPT_SECONDS = 60 * 60
DEEDS = {
    "admin.staff_invite": "Send the link again",
    "admin.staff_disable": "Disable this account",
    "admin.staff_enable": "Enable this account",
    "admin.staff_reset_factor": "Reset the second factor",
    "admin.staff_end_sessions": "End all sessions",
    "admin.staff_end_session": "End this session",
    "admin.contact_reset_factor": "Reset the second factor",
    "admin.factor_app_begin": "Set up an app",
    "admin.factor_remove": "Remove this factor",
    "admin.codes_new": "Make ten new recovery codes",
    "admin.client_export": "Hand out all data of this client",
    "admin.client_sign_in_as": "Sign in as this client",
}
"""What a button without fields was pressed for, by endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that waits: what it is for, what the person gave in it (label, text; "" for what they emptied),
    where it goes, its fields in order, and the page it stood in."""

    deed: str
    told: tuple[tuple[str, str], ...]
    path: str
    fields: tuple[tuple[str, str], ...]
    stood_in: str


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
    path, stood_in = request.full_path.rstrip("?"), urlsplit(request.referrer or "").path
    return _serializer().dumps([str(access.person().session_id), request.endpoint, path, fields, stood_in])


def _is_secret(name: str) -> bool:
    return name in SECRET_NAMES or any(word in name.lower() for word in audit.SECRET_WORDS)


def _read(kept: str) -> Kept | None:
    try:
        session_id, endpoint, path, fields, stood_in = _serializer().loads(kept, max_age=KEPT_SECONDS)
    except (BadData, ValueError, TypeError):
        return None
    if session_id != str(access.person().session_id) or inside(path) != path:
        return None
    pairs = tuple((str(name), str(value)) for name, value in fields)
    return Kept(
        deed=DEEDS.get(endpoint, ""), told=_told(pairs), path=path, fields=pairs, stood_in=inside(stood_in)
    )


def _told(fields: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Where the form says what was drawn in it, only what differs from that."""
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value)
    was = colliding.read_drawn("".join(given.pop(colliding.DRAWN, [])))
    given.pop(colliding.VERSION, None)
    texts = dict.fromkeys(was, "") | {name: colliding.JOIN.join(values) for name, values in given.items()}
    return tuple(
        (name.replace("_", " ").capitalize(), text)
        for name, text in texts.items()
        if text != was.get(name, "")
    )


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt="innkeeper-kept-form")
