"""A number for every request, in the log and on the error page; and one line of log without secrets."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import structlog
from flask import Flask, g, request
from werkzeug.wrappers import Response

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_WORD = re.compile(r"[A-Za-z.-]{0,24}")
log = structlog.get_logger("innkeeper.access")


def register(flask_app: Flask, *, believe_given: bool) -> None:
    """``believe_given``: take the id of the reverse proxy in front, when one is configured."""

    def begin() -> None:
        given = request.headers.get(HEADER, "") if believe_given else ""
        g.request_id = given if _GIVEN.fullmatch(given) else uuid4().hex[:16]
        g.started = time.perf_counter()

    flask_app.before_request(begin)
    flask_app.after_request(end)


def end(response: Response) -> Response:
    response.headers[HEADER] = g.get("request_id", "")
    if request.endpoint not in ("files.static", "files.theme", "files.plugin", "health.healthz"):
        log.info(
            "request",
            id=g.get("request_id", ""),
            method=request.method,
            path=safe_path(),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000),
        )
    return response


def safe_path() -> str:
    """The address as it is routed, ``/orders/<token>``: tokens and query strings are secrets.

    Of an unknown address only the first part is kept, and only when it is a plain word.
    """
    if request.url_rule is not None:
        return request.url_rule.rule
    first = request.path.split("/", 2)[1] if request.path.startswith("/") else ""
    word = first if _WORD.fullmatch(first) else "?"
    return f"/{word}" + ("/..." if request.path.count("/") > 1 else "")
