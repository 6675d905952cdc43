"""The world as a WSGI application: Flask inside, the fault layer around it."""

from __future__ import annotations

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from core.testing.sandbox import bank, charges, control, pages, panel, registrar, wallet, webhooks
from core.testing.sandbox.api import refused
from core.testing.sandbox.faults import FaultLayer, place
from core.testing.sandbox.fields import Refusal
from core.testing.sandbox.world import World

LARGEST_BODY = 64 * 1024  # bytes

BLUEPRINTS = (
    charges.server, charges.browser, wallet.server, bank.server, bank.control, panel.server,
    registrar.server, webhooks.control, control.control, control.account, pages.pages,
)  # fmt: skip

PAGES = ("pages.index", "pages.approval_page", "pages.approve_or_cancel", "pages.move_clock")


def create_app(world: World) -> Flask:
    """The pretend world over ``world``'s books. Serve it with ``serve.main``, or drive ``test_client()``."""
    app = Flask("core.testing.sandbox", static_folder="static", template_folder="templates")
    app.extensions["sandbox"] = world
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(Refusal, on_refusal)
    app.register_error_handler(HTTPException, on_http_error)
    app.after_request(harden)
    app.wsgi_app = FaultLayer(app.wsgi_app, world)  # type: ignore[method-assign]
    return app


def on_refusal(refusal: Refusal) -> Response:
    return error_page(refusal) if request.endpoint in PAGES else refused(refusal)


def on_http_error(error: HTTPException) -> Response:
    """Flask's own errors in the same shape as ours. Says nothing of what is inside."""
    status = error.code or 500
    code = (error.name or "error").lower().replace(" ", "_")
    refusal = Refusal(status, code, (error.description or "").split("\n")[0] if status < 500 else "It broke.")
    wants_page = request.endpoint in PAGES or (
        place(request.path) is None and request.accept_mimetypes.accept_html
        and "text/html" in request.headers.get("Accept", "")
    )  # fmt: skip
    response = error_page(refusal) if wants_page else refused(refusal)
    allow = dict(error.get_headers()).get("Allow")
    if allow:
        response.headers["Allow"] = allow
    return response


def error_page(refusal: Refusal) -> Response:
    return Response(
        render_template("error.html", status=refusal.status, message=refusal.message), refusal.status
    )


def harden(response: Response) -> Response:
    """Nothing is cached, framed, sniffed or run here but our own files."""
    targets = " ".join(["'self'", *g.get("form_targets", ())])
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
