"""A brand's own colours and fonts: its design seeds, served as a stylesheet after the tokens.

Only seeds are taken, each with the form it must have, so that a brand's settings can never write other
rules into a page. The roles of ``tokens.css`` follow from them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, make_response, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from core.web.current import brand, brand_or_none
from core.web.files import ASK, YEAR

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FONT = re.compile(r"[A-Za-z0-9 ,\"'-]{1,200}")
_LENGTH = re.compile(r"(0|[0-9](\.[0-9]{1,4})?)(rem|px)?")
_NUMBER = re.compile(r"(0\.[5-9][0-9]?|1(\.[0-5][0-9]?)?)")
SEEDS: Mapping[str, re.Pattern[str]] = {
    "brand": _COLOUR,
    "brand-dark": _COLOUR,
    "on-brand": _COLOUR,
    "on-brand-dark": _COLOUR,
    "accent": _COLOUR,
    "font": _FONT,
    "font-display": _FONT,
    "font-mono": _FONT,
    "radius": _LENGTH,
    "density": _NUMBER,
}

blueprint = Blueprint("seeds", __name__)


@blueprint.get("/brand/<slug>/tokens.css")
def stylesheet(slug: str) -> Response:
    """The seeds of the brand that answers here. Raises NotFound for any other brand's name."""
    if brand().slug != slug:
        raise NotFound
    response = make_response(css(brand().tokens), 200)
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    response.headers["Cache-Control"] = YEAR if "v" in request.args else ASK
    return response


def css(tokens: Mapping[str, Any]) -> str:
    """One rule with what holds of ``tokens`` (name without prefix -> value); the rest is left out."""
    lines = (
        f"  --ik-seed-{name}: {tokens[name]};"
        for name, form in SEEDS.items()
        if isinstance(tokens.get(name), str) and form.fullmatch(tokens[name])
    )
    return ":root {\n" + "\n".join(lines) + "\n}\n"


def stylesheet_url() -> str:
    """Where the present brand's seeds are; "" when it has none."""
    known = brand_or_none()
    if known is None or not known.tokens:
        return ""
    digest = hashlib.sha256(css(known.tokens).encode()).hexdigest()[:12]
    return url_for("seeds.stylesheet", slug=known.slug, v=digest)


def register(flask_app: Flask) -> None:
    flask_app.register_blueprint(blueprint)
