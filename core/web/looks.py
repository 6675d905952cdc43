"""Light, dark, or as the system says: one cookie, no script."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from core.web.cookies import DAY
from core.web.current import LOOK_COOKIE, LOOKS, is_https
from core.web.security import is_safe_path

blueprint = Blueprint("look", __name__)


@blueprint.post("/look")
def choose() -> Response:
    """Remember the choice for a year and go back to the page it was made on."""
    chosen = request.form.get("look", "")
    if chosen not in LOOKS:
        raise BadRequest
    back = request.form.get("back", "/")
    response = redirect(back if is_safe_path(back) else "/", 303)
    response.set_cookie(
        LOOK_COOKIE, chosen, max_age=365 * DAY, samesite="Lax", httponly=True, secure=is_https()
    )
    return response
