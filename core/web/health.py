"""For load balancers and people who watch: is this process alive, and can it serve?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, make_response
from werkzeug.wrappers import Response

from core.kernel import migrate
from core.web.current import WebHouse, house, now
from core.work import presence

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: this process answers. Touches nothing else."""
    return _text("ok", 200)


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready: one line per part. 503 while any of them is not."""
    found = {name: _holds(check) for name, check in CHECKS.items()}
    lines = "\n".join(f"{name}: {'ok' if fine else 'not ready'}" for name, fine in found.items())
    return _text(lines, 200 if all(found.values()) else 503)


def _database(owner: WebHouse) -> bool:
    owner.db.ping()
    return True


def _migrations(owner: WebHouse) -> bool:
    return migrate.is_current(owner.db)


def _worker(owner: WebHouse) -> bool:
    """Orders would be taken and nobody would work on them."""
    with owner.db.read() as session:
        return bool(presence.somebody_works(session, now()))


CHECKS: Mapping[str, Callable[[WebHouse], bool]] = {
    "database": _database,
    "migrations": _migrations,
    "worker": _worker,
}


def _holds(check: Callable[[WebHouse], bool]) -> bool:
    try:
        return check(house())
    except Exception:  # noqa: BLE001  (whatever is in the way, it is not ready)
        return False


def _text(words: str, status: int) -> Response:
    response = make_response(words + "\n", status)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response
