"""Pages for what went wrong: in plain words, in the brand's look, never a trace."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

import structlog
from flask import Flask, g, make_response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.problems import Conflict, InvalidFields, NotFound, Problem, Refused
from core.plugin_host.errors import PluginMissing
from core.plugin_host.redaction import Redactor
from core.web.csrf import CsrfFailed
from core.web.current import brand, request_id
from core.web.guards import CardNumberRefused, UnknownHost
from core.web.render import NoTheme, render, render_core
from core.web.shown import said

log = structlog.get_logger("innkeeper.web")
MOST_TO_DRAIN = 32 * 1024 * 1024
ADMIN = "/admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """What an error page says. ``detail`` comes from the problem itself where it is meant for people."""

    status: int
    title: str
    text: str
    detail: str = ""
    icon: str = "alert-circle"


_PAGES = {
    400: (
        mark("That did not arrive in one piece"),
        mark("Go back, open the page again and send it once more."),
    ),
    403: (
        mark("You can not do that here"),
        mark("Your account is not allowed to do this, or not at this time."),
    ),
    404: (mark("There is no such page"), mark("The address is misspelt, or what was here has gone.")),
    405: (mark("That is not possible here"), mark("Go back and use the buttons on the page.")),
    409: (
        mark("Something has changed meanwhile"),
        mark("Have a look at how things stand now, then go on from there."),
    ),
    413: (
        mark("That is too much at once"),
        mark("A form here takes up to one megabyte. Nothing of it was saved."),
    ),
    422: (mark("Something in the form needs a change"), mark("Go back and look at what you typed.")),
    429: (mark("Too many tries"), mark("Wait a few minutes, then try again.")),
    500: (
        mark("Something broke on our side"),
        mark("It is not your fault, and we have noted it. Nothing is charged twice."),
    ),
    503: (mark("Closed for a moment"), mark("We are not ready to serve this page. Try again in a minute.")),
}
_PROBLEMS: tuple[tuple[type[Problem], int], ...] = (
    (NotFound, 404), (Conflict, 409), (Refused, 403), (InvalidFields, 422), (Problem, 400),
)  # fmt: skip


def register(flask_app: Flask) -> None:
    flask_app.register_error_handler(HTTPException, on_http)
    flask_app.register_error_handler(Problem, on_problem)
    flask_app.register_error_handler(PluginMissing, on_missing_plugin)
    flask_app.register_error_handler(NoTheme, on_no_theme)
    flask_app.register_error_handler(Exception, on_anything)


def on_http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error.get_response())
    if isinstance(error, RequestEntityTooLarge):
        _drain()
    response = show(_for_http(error))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def on_problem(problem: Problem) -> Response:
    status = next(status for kind, status in _PROBLEMS if isinstance(problem, kind))
    return show(page(status, detail=str(problem)))


def on_missing_plugin(error: PluginMissing) -> Response:
    """Somebody removed or disabled a plugin that this page still stands on."""
    log.warning("plugin is missing", id=request_id(), kind=error.kind, plugin=error.spec_id)
    words = _("A part that this page needs is switched off at the moment ({kind} {spec_id}).").format(
        kind=error.kind, spec_id=error.spec_id
    )
    return show(page(409, detail=words))


def on_no_theme(_error: NoTheme) -> Response:
    return show(page(503, detail=_("No theme is enabled, so this shop can not be drawn.")))


def on_anything(error: Exception) -> Response:
    """Unforeseen: the log gets the trace, the visitor a number to quote."""
    log.error("unforeseen error", id=request_id(), trace=_trace(error))
    return show(page(500))


def page(status: int, detail: str = "") -> ErrorPage:
    title, text = _PAGES.get(status, _PAGES[400 if status < 500 else 500])
    return ErrorPage(status=status, title=said(title), text=said(text), detail=detail)


def show(error: ErrorPage) -> Response:
    """The page in the look of its area; plain when even that can not be drawn (no database, no theme)."""
    try:
        if request.path.startswith(ADMIN):
            return render_core("error.html", error.status, error=error, request_id=request_id(), admin=True)
        if error.status == 503 or g.get("error_shown"):
            return _plain(error)
        g.error_shown = True
        brand()
        return render("shop/error.html", error.status, error=error, request_id=request_id())
    except Exception as second:  # noqa: BLE001  (what breaks the page of an error must not hide it)
        log.warning("the error page itself could not be drawn", id=request_id(), trace=_trace(second))
        return _plain(error)


def _trace(error: BaseException) -> str:
    """Where it happened, without the values that stood there, and with what looks like a secret masked."""
    return Redactor().text("".join(traceback.format_exception(error)))


def _plain(error: ErrorPage) -> Response:
    return render_core("error.html", error.status, error=error, request_id=request_id(), admin=False)


def _for_http(error: HTTPException) -> ErrorPage:
    status = error.code or 500
    if isinstance(error, CardNumberRefused):
        return ErrorPage(
            status=status,
            title=_("Card numbers never go here"),
            text=_(
                "One of the fields held what looks like a card number, so we threw the form away unread. "
                "Go back, take it out, and type it only into the field with the lock under Payment method."
            ),
            detail=_("It ended like this: {masked}").format(masked=error.masked),
            icon="shield-lock",
        )
    if isinstance(error, CsrfFailed):
        return ErrorPage(
            status=status,
            title=_("This form is too old"),
            text=_(
                "Forms hold for a day, and only in the browser that opened them. Nothing was done. "
                "Go back, reload the page and send it once more. Cookies must be allowed for it."
            ),
            icon="clock",
        )
    if isinstance(error, UnknownHost):
        return ErrorPage(status=status, title=_("Nothing is served here"), text=error.description)
    return page(status)


def _drain() -> None:
    """Read what is still coming and drop it: a browser whose upload is cut off shows no page at all."""
    stream = request.environ.get("wsgi.input")
    left = min(request.content_length or 0, MOST_TO_DRAIN)
    while stream is not None and left > 0:
        chunk = stream.read(min(left, 64 * 1024))
        if not chunk:
            return
        left -= len(chunk)
