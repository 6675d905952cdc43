"""Cookies, all of one kind: HttpOnly, SameSite=Lax, Secure and ``__Host-`` where there is TLS."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from core.web.current import is_https

CART = "ik_cart"
DAY = 24 * 60 * 60


def _name(name: str) -> str:
    """``__Host-`` makes a browser refuse the cookie from a subdomain or without TLS (RFC 6265bis, 4.1.3)."""
    return f"__Host-{name}" if is_https() else name


def read(name: str) -> str:
    """The cookie's value, "" when there is none."""
    return request.cookies.get(_name(name), "")


def write(response: Response, name: str, value: str, *, days: int | None = None) -> None:
    """Set it on ``response``; ``days`` None ends it with the browser's session."""
    response.set_cookie(
        _name(name),
        value,
        max_age=None if days is None else days * DAY,
        secure=is_https(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop(response: Response, name: str) -> None:
    response.delete_cookie(_name(name), secure=is_https(), httponly=True, samesite="Lax", path="/")
