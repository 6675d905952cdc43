"""Files for the browser: core's at ``/static``, a theme's at ``/theme/<id>``, a plugin's at
``/plugin-assets/<id>``. An address with its content's digest may be kept for a year."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, g, request, send_from_directory, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from core.web.current import house
from core.web.themes import plugin_folder, theme_folder

FOLDER = Path(__file__).resolve().parent / "static"
YEAR = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"  # named by files that can not know digests: fonts.css, modules
ASK = "public, no-cache"

blueprint = Blueprint("files", __name__)
_digests: dict[tuple[Path, int, int], str] = {}


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    return _send(FOLDER, name)


@blueprint.get("/theme/<theme_id>/<path:name>")
def theme(theme_id: str, name: str) -> Response:
    return _send(theme_folder(house(), theme_id, "static"), name)


@blueprint.get("/plugin-assets/<plugin_id>/<path:name>")
def plugin(plugin_id: str, name: str) -> Response:
    return _send(plugin_folder(house(), plugin_id, "static"), name)


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    return _send(FOLDER, "images/door.svg")


def static_url(name: str) -> str:
    """``/static/css/base.css?v=<digest>``. Looked at once a request: a page has tens of the same icons."""
    known: dict[str, str] = g.setdefault("static_urls", {})
    if name not in known:
        known[name] = url_for("files.static", name=name, v=digest(FOLDER / name))
    return known[name]


def theme_url(theme_id: str, name: str) -> str:
    folder = theme_folder(house(), theme_id, "static")
    return url_for("files.theme", theme_id=theme_id, name=name, v=digest(folder / name) if folder else None)


def digest(path: Path) -> str | None:
    """Twelve hexadecimal digits of the content; None for a file that is not there."""
    try:
        state = path.stat()
    except OSError:
        return None
    key = (path, state.st_mtime_ns, state.st_size)
    if key not in _digests:
        _digests[key] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return _digests[key]


def register(flask_app: Flask) -> None:
    flask_app.register_blueprint(blueprint)
    flask_app.jinja_env.globals["static"] = static_url
    flask_app.jinja_env.globals["theme_static"] = theme_url


def _send(folder: Path | None, name: str) -> Response:
    """send_from_directory refuses every path that leaves the folder; a dot file is nobody's business."""
    if folder is None or any(part.startswith(".") for part in name.split("/")):
        raise NotFound
    response = send_from_directory(folder, name, conditional=True, etag=True, max_age=None)
    response.headers["Cache-Control"] = _freshness(name)
    return response


def _freshness(name: str) -> str:
    if "v" in request.args:
        return YEAR
    return DAY if name.startswith("vendor/") else ASK
