"""Before a client changes second factors: show once more who is there. It holds for a quarter of an hour."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.identity import factors as kept
from core.identity import service as identity
from core.identity.values import Answer, ProofRefused
from core.web import factors as pages
from core.web.current import house, visitor_ip
from core.web.portal import access, factors
from core.web.render import render


def prove() -> Response:
    if request.method == "GET":
        return _page(200, wanted=request.args.get("next", ""))
    answer = Answer(code=request.form.get("code", ""), credential=request.form.get("credential", ""))
    try:
        token = identity.prove(
            house(), access.themselves(), password=request.form.get("password", ""), answer=answer,
            party=factors.party(), ip=visitor_ip(),
        )  # fmt: skip
    except ProofRefused as problem:
        return _page(422, wanted=request.form.get("next", ""), refused=str(problem))
    onward = access.path_after(request.form.get("next", ""), url_for("portal.factors"))
    return factors.remember(redirect(onward, 303), token)


def _page(status: int, *, wanted: str, refused: str = "") -> Response:
    person = access.themselves()
    with house().db.read() as session:
        own = kept.list_factors(session, person.user_id)
    party = factors.party()
    return render(
        "portal/prove.html", status, section="security", me=access.person(), username=person.username,
        wanted=access.path_after(wanted, ""), refused=refused, wants_code=bool(own), party=party,
        has_passkey=party is not None and any(one.kind == kept.PASSKEY for one in own),
    )  # fmt: skip


def challenge() -> Response:
    """What the browser asks a passkey of this person. Raises TooManyRequests, NotFound."""
    return pages.challenge_for(factors.party(), access.themselves().user_id)
