"""One sentence carried over a redirect: what was just done. Signed, in a cookie that lives one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, g, redirect, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from core.web.current import is_https

COOKIE = "innkeeper_admin_notice"
LONGEST = 600
ICONS = {"success": "circle-check", "warning": "alert-triangle", "info": "info-circle"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``tone`` is success (done), info (under way) or warning (done, but look)."""

    tone: str
    text: str

    @property
    def icon(self) -> str:
        return ICONS.get(self.tone, "info-circle")


def go(url: str, text: str, tone: str = "success") -> Response:
    """After a form: on to a page that says once what was done."""
    response = redirect(url, 303)
    value = _serializer().dumps([tone, text[:LONGEST]])
    response.set_cookie(COOKIE, value, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def take() -> Notice | None:
    """The notice for this page, which is forgotten with this answer."""
    value = request.cookies.get(COOKIE)
    if not value:
        return None
    g.admin_notice_shown = True
    try:
        tone, text = _serializer().loads(value)
    except (BadData, ValueError, TypeError):
        return None
    return Notice(tone=str(tone), text=str(text))


def forget_shown(response: Response) -> Response:
    """After each request of the admin."""
    if g.get("admin_notice_shown"):
        response.delete_cookie(COOKIE, path="/admin", httponly=True, samesite="Lax", secure=is_https())
    return response


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(cast(str, current_app.secret_key), salt="innkeeper-admin-notice")
