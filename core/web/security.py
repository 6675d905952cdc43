"""Headers that tell the browser what a page of ours may do. Nothing inline, nothing foreign by default."""

from __future__ import annotations

import re

from flask import Flask, g, request
from werkzeug.wrappers import Response

from core.web.current import is_https

ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:*]+", re.IGNORECASE)
HSTS = "max-age=31536000; includeSubDomains"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), usb=(), browsing-topics=(), payment=(self)"


def allow_origins(*origins: str) -> None:
    """Let this one page load scripts from, talk to and frame ``origins``: a gateway's, and no more.

    Raises ValueError for anything that is not a bare origin, which could smuggle in a directive.
    """
    _collect("csp_origins", origins)


def allow_form_targets(*origins: str) -> None:
    """Let forms of this page end up at ``origins`` (browsers follow the redirect behind the form)."""
    _collect("csp_form_targets", origins)


def policy() -> str:
    """The Content-Security-Policy of this answer (CSP level 3)."""
    extra = " ".join(sorted(g.get("csp_origins", ())))
    targets = " ".join(sorted(g.get("csp_form_targets", ())))
    own = f"'self' {extra}".rstrip()
    form_action = f"'self' {targets}".rstrip()
    frames = extra or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {own}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src {own}",
            f"frame-src {frames}",
            f"form-action {form_action}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def protect(response: Response) -> Response:
    """After each request. A stricter policy that a page has set itself stays (a mail in its frame)."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("X-Frame-Options", "DENY")
    headers["Referrer-Policy"] = "same-origin"  # order addresses are secrets: they never leave the site
    headers["Permissions-Policy"] = PERMISSIONS
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if is_https():
        headers["Strict-Transport-Security"] = HSTS
        headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"  # a page is private unless it says otherwise
        headers["X-Robots-Tag"] = "noindex"
    return response


def cacheable(response: Response) -> Response:
    """For pages without anything personal: may be kept, must be asked about again."""
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def register(flask_app: Flask) -> None:
    flask_app.after_request(protect)


def _collect(name: str, origins: tuple[str, ...]) -> None:
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin, as in https://pay.example")
    kept: set[str] = g.setdefault(name, set())
    kept.update(origins)


def is_safe_path(path: str) -> bool:
    """Whether a redirect may go there: a path of this site and nothing that a browser reads as a host."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def here() -> str:
    """The present page's path, to come back to after a form without a page of its own."""
    return request.path if request.method == "GET" else "/"
